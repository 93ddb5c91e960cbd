"""Greedy generation: token by token the best class, each run whole, with the run's edits in force at every step."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import EnvironmentProblem
from ..scoring.answers import NEAR_TIE


@dataclass(frozen=True)
class Generated:
    """What runs have generated: ids [item, token], -1 after the last one, and items of which a token was near a tie."""

    tokens: Tensor
    near: Tensor


Next = Callable[[Tensor, Tensor], Tensor]
"""From items, told by their indices [item], and what they have said [item, token], to the next logits [item, class]."""


def generate(next_logits: Next, count: int, limit: int, ends: tuple[int, ...]) -> Generated:
    """Up to `limit` tokens for each of `count` items; an end token ends an item's text and is no part of it.

    Raises:
        EnvironmentProblem: a logit is not finite.
    """
    said = torch.full((count, limit), -1, dtype=torch.int64)
    near, going = torch.zeros(count, dtype=torch.bool), torch.arange(count)
    final = torch.tensor(ends, dtype=torch.int64)
    for step in range(limit):
        logits = next_logits(going, said[going, :step]).float().cpu()
        if not bool(torch.isfinite(logits).all()):
            raise EnvironmentProblem("CS508", "the network gives logits that are not finite", "check its weights")
        top = logits.topk(min(2, logits.shape[1]), dim=1).values
        near[going] |= top[:, 0] - top[:, -1] < NEAR_TIE
        token = logits.argmax(1)
        ended = torch.isin(token, final)
        said[going[~ended], step] = token[~ended]
        going = going[~ended]
        if not len(going):
            break
    return Generated(said, near)
