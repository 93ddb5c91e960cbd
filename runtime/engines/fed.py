"""Inputs as a network is fed them: their tokens, and where they are read, which is known before anything runs."""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ...compiler.groundings import Positions
from ..errors import EnvironmentProblem
from .feed import Feed, Where


@dataclass(frozen=True)
class Fed:
    """Rows [item, column] as `feed` reads them; answers are read at so many `further` positions, as `Feed.reads`."""

    feed: Feed
    rows: Tensor
    further: int | None = None

    @cached_property
    def tokens(self) -> Tensor:
        """Token ids, shape [item, token]."""
        return self.feed.tokens(self.rows)

    @cached_property
    def reads(self) -> Tensor:
        """The positions at which the answers are read, shape [item, answer]."""
        return self.feed.reads(self.rows, self.further)

    @cached_property
    def last(self) -> Tensor:
        """Each input's last position, shape [item, 1]: what stands after it is no part of it."""
        return (self.tokens >= 0).sum(1, keepdim=True) - 1

    def take(self, items: Tensor) -> "Fed":
        """Some of them, by their indices [item]."""
        return replace(self, rows=self.rows[items])

    def spread(self, where: Where) -> Tensor:
        """Positions as [item, place]."""
        if isinstance(where, Tensor):
            return where
        return torch.tensor([where], dtype=torch.int64, device=self.rows.device).expand(len(self.rows), -1)

    def since(self, first: int) -> Tensor:
        """The positions of each input from one on, shape [item, place]; of shorter ones the last is there again."""
        return torch.arange(first, self.tokens.shape[1], device=self.rows.device).minimum(self.last)

    def find(self, positions: Positions) -> Tensor:
        """Those of some positions that every input has, shape [item, place]."""
        found = [torch.empty(len(self.rows), 0, dtype=torch.int64, device=self.rows.device)]
        for position in positions:
            try:
                found.append(self.spread(self.feed.find((position,), self.rows)).minimum(self.last))
            except EnvironmentProblem:  # of who reads there, and not of who is fed this
                continue
        return torch.cat(found, 1)
