"""Answers: from logits to what the network says, held against the causal model's labels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..compiler.experiments import Encoding
from ..compiler.sampling.items import Items
from .errors import EnvironmentProblem

NEAR_TIE = 1e-4


@dataclass(frozen=True)
class Agreement:
    """Whether network and model agree, item by item; each shape [item].

    `over_all` compares the argmax over all classes, `among` over the declared answers only; `near` marks items whose
    two best logits are closer than 1e-4 at some answer.
    """

    over_all: Tensor
    among: Tensor
    near: Tensor


def encode(items: Items, encoding: Encoding) -> npt.NDArray[np.int64]:
    """Token ids, shape [item, role, position], of input codes: a value's index in its domain is its token id."""
    tokens: npt.NDArray[np.int64] = np.ascontiguousarray(items.inputs[:, :, list(encoding.columns)])
    return tokens


def answer_codes(labels: Tensor, encoding: Encoding) -> list[Tensor]:
    """The code of each answer, shape [item] each, of the output's codes: the first answer is the fastest digit."""
    codes = []
    for answer in encoding.answers:
        codes.append(labels % len(answer.classes))
        labels = labels // len(answer.classes)
    return codes


def compare(logits: Tensor, labels: Tensor, encoding: Encoding) -> Agreement:
    """Agreement of logits [item, position, class] with the output's codes [item]; all answers must be right together.

    The answer is the argmax; equal top logits agree with nothing.

    Raises:
        EnvironmentProblem: a logit is not finite.
    """
    if not bool(torch.isfinite(logits).all()):
        raise EnvironmentProblem("CS508", "the network gives logits that are not finite", "check its weights")
    over_all, among = (torch.ones(len(logits), dtype=torch.bool) for _ in range(2))
    near = torch.zeros(len(logits), dtype=torch.bool)
    for answer, codes in zip(encoding.answers, answer_codes(labels, encoding), strict=True):
        here, classes = logits[:, answer.position], torch.tensor(answer.classes)
        over_all &= _right(here, classes[codes])
        among &= _right(here[:, classes], codes)
        if here.shape[1] > 1:
            top = here.topk(2, dim=1).values
            near |= top[:, 0] - top[:, 1] < NEAR_TIE
    return Agreement(over_all, among, near)


def answer_loss(logits: Tensor, labels: Tensor, encoding: Encoding) -> Tensor:
    """The mean cross-entropy to the labels over the declared answers, summed over several answers; a scalar."""
    losses = [
        torch.nn.functional.cross_entropy(logits[:, answer.position][:, torch.tensor(answer.classes)], codes)
        for answer, codes in zip(encoding.answers, answer_codes(labels, encoding), strict=True)
    ]
    return torch.stack(losses).sum()


def _right(logits: Tensor, wanted: Tensor) -> Tensor:
    """Whether the argmax of logits [item, class] is the wanted index and no other class is as good; shape [item]."""
    if logits.shape[1] == 1:
        return wanted == 0
    top = logits.topk(2, dim=1).values
    right: Tensor = (logits.argmax(1) == wanted) & (top[:, 0] > top[:, 1])
    return right
