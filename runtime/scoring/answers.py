"""Answers: from logits to what the network says, held against the causal model's labels."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...compiler.experiments import AnswerAt, Encoding
from ..finite import require_finite
from ..near_ties import NEAR_TIE, is_near_tie
from .answer_sequences import sequence_losses, sequences_right

FEW = 10
"""Classes that fit side by side into a vector of the processor, about."""


@dataclass(frozen=True)
class Agreement:
    """Whether network and model agree, item by item; each shape [item].

    `over_all` compares the argmax over all classes, `among` over the declared answers only; `near` marks items whose
    two best logits are closer than 1e-4 at some answer.
    """

    over_all: Tensor
    among: Tensor
    near: Tensor


def answer_codes(labels: Tensor, encoding: Encoding) -> list[Tensor]:
    """The code of each answer, shape [item] each, of the output's codes: the first answer is the fastest digit."""
    codes = []
    for answer in encoding.answers[:-1]:
        codes.append(labels % len(answer.classes))
        labels = labels // len(answer.classes)
    return [*codes, labels]


def compare(logits: Tensor, labels: Tensor, encoding: Encoding) -> Agreement:
    """Agreement of logits [item, answer, class] with the output's codes [item]; all answers must be right together.

    The answer is the argmax, over all classes unless the task reads it among the declared ones; equal top logits agree
    with nothing.

    Raises:
        EnvironmentProblem: a logit is not finite.
    """
    require_finite(logits)
    over_all, among = (torch.ones(len(logits), dtype=torch.bool, device=logits.device) for _ in range(2))
    near = torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
    labels = labels.to(logits.device)
    for index, (answer, codes) in enumerate(zip(encoding.answers, answer_codes(labels, encoding), strict=True)):
        if answer.sequences:
            among, _ = sequences_right(logits, codes, answer, among=True)
            over_all, lead = sequences_right(logits, codes, answer, answer.among)
            near = lead < NEAR_TIE
            continue
        here = logits[:, index]
        best = _declared(here, answer)
        right = _is_best(best, _wanted(answer, codes))
        among &= right
        read = best if answer.among else here
        over_all &= right if answer.among else _is_best(here, _wanted(answer, codes, here.shape[1]))
        near |= is_near_tie(read)
    return Agreement(over_all.cpu(), among.cpu(), near.cpu())


def right_among(logits: Tensor, labels: Tensor, encoding: Encoding) -> Tensor:
    """`Agreement.among` alone, on the logits' device.

    Raises:
        EnvironmentProblem: a logit is not finite.
    """
    require_finite(logits)
    right = torch.ones(len(logits), dtype=torch.bool, device=logits.device)
    codes_of = answer_codes(labels.to(logits.device), encoding)
    for index, (answer, codes) in enumerate(zip(encoding.answers, codes_of, strict=True)):
        if answer.sequences:
            right = sequences_right(logits, codes, answer, among=True)[0]
        else:
            right &= _is_best(_declared(logits[:, index], answer), _wanted(answer, codes))
    return right


def declared_best(logits: Tensor, answer: AnswerAt) -> Tensor:
    """The code of the best declared answer, shape [item], of logits [item, class]; the first of equals."""
    best = _declared(logits, answer).argmax(1)
    return torch.tensor(answer.codes, device=logits.device)[best]


def said_class(logits: Tensor, answer: AnswerAt) -> Tensor:
    """What is answered, as a class: the best one of logits [item, class], of all or as the task declares; shape [item].

    A declared value is its own class, in whichever spelling it is said.
    """
    own = torch.tensor(answer.classes, device=logits.device)
    if answer.among:
        return own[declared_best(logits, answer)]
    stands = torch.arange(logits.shape[1], device=logits.device)
    stands[list(answer.declared)] = own[list(answer.codes)]
    return stands[logits.argmax(1)]


def near_ties(logits: Tensor, answer: AnswerAt) -> Tensor:
    """Whether the two best declared classes of logits [item, class] are closer than 1e-4; shape [item]."""
    return is_near_tie(logits[:, list(answer.declared)])


def answer_loss(logits: Tensor, labels: Tensor, encoding: Encoding) -> Tensor:
    """The mean of `answer_losses`, a scalar."""
    return answer_losses(logits, labels, encoding).mean()


def answer_losses(logits: Tensor, labels: Tensor, encoding: Encoding) -> Tensor:
    """The cross-entropy to the labels over the declared answers, summed over several answers; shape [item].

    Of a value with several classes their probabilities are added.
    """
    labels = labels.to(logits.device)
    losses = []
    for index, (answer, codes) in enumerate(zip(encoding.answers, answer_codes(labels, encoding), strict=True)):
        if answer.sequences:
            losses.append(sequence_losses(logits, codes, answer))
            continue
        best = _declared(_of_answer(logits, index), answer).float()
        if any(answer.also):
            log = best.log_softmax(1).masked_fill(~_wanted(answer, codes), -torch.inf)
            losses.append(-log.logsumexp(1))
        else:
            losses.append(torch.nn.functional.nll_loss(_log_shares(best), codes, reduction="none"))
    return losses[0] if len(losses) == 1 else torch.stack(losses).sum(0)


def _of_answer(logits: Tensor, index: int) -> Tensor:
    """Of logits [item, answer, class] those of one answer; of the only one without a gradient of zeros for others."""
    return logits.squeeze(1) if logits.shape[1] == 1 else logits[:, index]


def _log_shares(logits: Tensor) -> Tensor:
    """The log-softmax of logits [item, class]; of few classes along the items, which is the same and much faster."""
    return logits.log_softmax(1) if logits.shape[1] > FEW else logits.T.contiguous().log_softmax(0).T


def _declared(logits: Tensor, answer: AnswerAt) -> Tensor:
    """Of logits [item, class] those of the declared classes."""
    declared = answer.declared
    return logits if declared == tuple(range(logits.shape[1])) else logits[:, list(declared)]


def _wanted(answer: AnswerAt, codes: Tensor, classes: int | None = None) -> Tensor:
    """Whether each declared class (of so many `classes`: each class) stands for an item's code, shape [item, class]."""
    stands = torch.tensor(answer.codes, device=codes.device)[None] == codes[:, None]
    if classes is None:
        return stands
    wide = torch.zeros(len(codes), classes, dtype=torch.bool, device=codes.device)
    wide[:, list(answer.declared)] = stands
    return wide


def _is_best(logits: Tensor, wanted: Tensor) -> Tensor:
    """Whether the argmax of logits [item, class] is a wanted class and no other class is as good; shape [item]."""
    right: Tensor = wanted.gather(1, logits.argmax(1, keepdim=True))[:, 0]
    if logits.shape[1] > 1:
        top = logits.topk(2, dim=1).values
        right = right & (top[:, 0] > top[:, 1])
    return right
