"""Captures of networks side by side: each one's own, which it shares with all who run it alone."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ...compiler.schedule import WHOLE, Schedule
from ..networks.protocol import Network
from .captures import Captures


class CapturesSideBySide(Captures):
    """What unedited runs give of inputs whose last token is the number of the network that they belong to."""

    def __init__(self, network: Network, device: torch.device, each: Sequence[Captures]) -> None:
        super().__init__(network, device)
        self.each = each

    def state(self, tokens: Tensor, stage: int, schedule: Schedule = WHOLE) -> Tensor:
        """See `Captures.state`."""
        return self._gather(tokens, lambda captures, some, _: captures.state(some, stage, schedule))

    def site(
        self, tokens: Tensor, component: str, layer: int | None, reads: Tensor, schedule: Schedule = WHOLE
    ) -> Tensor:
        """See `Captures.site`."""
        return self._gather(
            tokens, lambda captures, some, rows: captures.site(some, component, layer, reads[rows], schedule)
        )

    def state_reader(self, tokens: Tensor, stage: int, schedule: Schedule = WHOLE) -> Callable[[Tensor, int], Tensor]:
        """See `Captures.state_reader`."""
        states = self.state(tokens, stage, schedule)
        return lambda items, first: states.index_select(0, items)[:, first:]

    def _gather(self, tokens: Tensor, read: Callable[[Captures, Tensor, Tensor], Tensor]) -> Tensor:
        """What is read of each network's inputs, in the order of the inputs."""
        found: Tensor | None = None
        for number, captures in enumerate(self.each):
            rows = torch.nonzero(tokens[:, -1] == number)[:, 0]
            if len(rows):
                part = read(captures, tokens[rows, :-1], rows)
                found = part.new_empty(len(tokens), *part.shape[1:]) if found is None else found
                found[rows] = part
        assert found is not None, "there are inputs"
        return found
