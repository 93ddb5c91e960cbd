"""Greedy generation: token by token the best class, with the run's edits in force at every step."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from ..finite import require_finite
from ..near_ties import is_near_tie
from ..networks.prefix import Prefix
from ..networks.protocol import Network, SiteEdit


@dataclass(frozen=True)
class Generated:
    """What runs have generated: ids [item, token], -1 after the last one, and items of which a token was near a tie."""

    tokens: Tensor
    near: Tensor

    def joined(self) -> Tensor:
        """All of it in one tensor, [item, token and at last 1 for near], so that parts can be put one after another."""
        return torch.cat([self.tokens, self.near[:, None].long()], 1)

    @staticmethod
    def apart(joined: Tensor) -> "Generated":
        """The inverse of `joined`."""
        return Generated(joined[:, :-1], joined[:, -1].bool())


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
        require_finite(logits)
        near[going] |= is_near_tie(logits)
        token = logits.argmax(1)
        ended = torch.isin(token, final)
        said[going[~ended], step] = token[~ended]
        going = going[~ended]
        if not len(going):
            break
    return Generated(said, near)


class KeptRuns:
    """Runs that keep keys and values of what they were fed: each further token is run alone.

    Edits lie within the prompt, so that its keys and values hold them and later positions have none. Prompts of one
    length run together, and none is padded: `tokens` [item, token] with -1 on the right of shorter ones.
    """

    def __init__(self, network: Network, tokens: Tensor, edits: Callable[[Tensor], Sequence[SiteEdit]]) -> None:
        self.network, self.tokens, self.edits = network, tokens, edits
        self.lengths = (tokens >= 0).sum(1)
        self._groups: list[tuple[Tensor, int, Prefix | None]] = []

    def next_logits(self, items: Tensor, said: Tensor) -> Tensor:
        """See `Next`: asked for no items but those that it was asked for before, with a token more."""
        if not said.shape[1]:
            lengths = self.lengths[items.to(self.lengths.device)].cpu()
            self._groups = [(items[lengths == length], length, None) for length in sorted({*lengths.tolist()})]
        going, found = list[tuple[Tensor, int, Prefix | None]](), list[Tensor]()
        for group, length, prefix in self._groups:
            left = torch.isin(group, items)
            some = group[left]
            if not len(some):
                continue
            spoken = said[torch.searchsorted(items, some)].to(self.tokens)  # items are in order
            fed = torch.cat([self.tokens[some.to(self.tokens.device), :length], spoken], 1)
            if prefix is None:
                edits = self.edits(some)
                with self.network.edited(edits) if edits else nullcontext():
                    logits, kept = self.network.go_on(fed, None)
            else:
                logits, kept = self.network.go_on(fed, prefix if bool(left.all()) else prefix.take(left))
            going.append((some, length, kept))
            found.append(logits)
        self._groups = going
        order = torch.cat([some for some, _, _ in going]).argsort()
        return torch.cat(found)[order.to(found[0].device)]
