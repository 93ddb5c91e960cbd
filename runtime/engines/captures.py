"""Captures: what unedited runs of a frozen network give, computed once for each distinct input."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler.budgets import CAPTURE_ROOM
from ..networks.protocol import Network, read_within
from .kept import Kept, missing
from .numbered_inputs import NumberedInputs, Numbers
from .prefixes import Prefixes

if TYPE_CHECKING:
    from ..networks.prefix import Prefix

Site = tuple[str, int | None]


class Captures:
    """The states of stages, the activations of sites, and keys and values of first positions, by input.

    `room` are the bytes that they may take in memory, about; keys and values are given up where they need more.
    """

    def __init__(self, network: Network, device: torch.device, room: int = CAPTURE_ROOM) -> None:
        self.network, self.device, self.room = network, device, room
        self.inputs = NumberedInputs()
        self._kept: dict[int | Site, Kept] = {}
        self._prefixes: dict[int, Prefixes | None] = {}

    @torch.no_grad()
    def state(self, tokens: Tensor, stage: int) -> Tensor:
        """The state of a stage, shape [item, position, width]."""
        return self._read(tokens, stage, lambda some: self._run_to(some, stage))

    @torch.no_grad()
    def site(self, tokens: Tensor, component: str, layer: int | None, reads: Tensor) -> Tensor:
        """A site's activation, shape [item, position, width]. Logits, which may be many, are computed anew."""
        stage = self.network.state_of(component, layer)
        if stage is not None:
            return self.state(tokens, stage)
        first = self.network.layer_of(component, layer)

        def run(some: Tensor) -> Tensor:
            return read_within(self.network, self.state(some, first), some, first, (component, layer), reads)

        return run(tokens) if component == "logits" else self._read(tokens, (component, layer), run)

    def state_reader(self, tokens: Tensor, stage: int) -> Callable[[Tensor], Tensor]:
        """`state` of some of these inputs, told by their indices, shape [item]; they are captured and found once."""
        kept, numbers = self._hold(tokens, stage, lambda some: self._run_to(some, stage))
        at = kept.find(numbers, self.device)
        return lambda items: kept.take(at[items], tokens.shape[1], self.device)

    @torch.no_grad()
    def prefix_reader(self, tokens: Tensor, first: int, length: int) -> "Callable[[Tensor], Prefix] | None":
        """Keys and values of the positions below `length`, for layers from `first` on, of some of these inputs.

        None where there are no such positions, the network has no such thing, or they would not fit into memory.
        """
        if not self.network.has_prefixes or not 1 <= length < tokens.shape[1]:
            return None
        if length not in self._prefixes:
            self._prefixes[length] = Prefixes(self.network, length)
        prefixes, numbers = self._prefixes[length], self.inputs.number(tokens)
        if prefixes is None or not prefixes.fill(numbers, tokens, self.room - self.size):
            self._prefixes[length] = None
            return None
        at = prefixes.find(numbers, self.device)
        return lambda items: prefixes.take(at[items], first)

    def _run_to(self, tokens: Tensor, stage: int) -> Tensor:
        """The state of a stage, from that of the last stage before it which is known of all these inputs."""
        numbers = self.inputs.number(tokens)
        known = [s for s, kept in self._kept.items() if isinstance(s, int) and s < stage and kept.has(numbers).all()]
        if not known:
            return self.network.advance(self.network.start(tokens), tokens, 0, stage)
        return self.network.advance(self.state(tokens, max(known)), tokens, max(known), stage)

    def _read(self, tokens: Tensor, what: int | Site, run: Callable[[Tensor], Tensor]) -> Tensor:
        kept, numbers = self._hold(tokens, what, run)
        return kept.take(kept.find(numbers, self.device), tokens.shape[1], self.device)

    @torch.no_grad()
    def _hold(self, tokens: Tensor, what: int | Site, run: Callable[[Tensor], Tensor]) -> tuple[Kept, Numbers]:
        """What is kept of a stage or site, these inputs among it, and the inputs' numbers, shape [item]."""
        numbers = self.inputs.number(tokens)
        if what not in self._kept:
            self._kept[what] = Kept(self.room // 4)
        kept = self._kept[what]
        for part, at in missing(kept.has(numbers), numbers):
            some = tokens[torch.from_numpy(at).to(tokens.device)]
            kept.room = min(self.room // 4, self.room - (self.size - kept.size))
            kept.add(part, run(some), some.shape[1])
        return kept, numbers

    @property
    def size(self) -> int:
        """The bytes that are held in memory."""
        held = sum(kept.size for kept in self._kept.values())
        return held + sum(prefixes.size for prefixes in self._prefixes.values() if prefixes is not None)

    def forget(self) -> None:
        """Hold nothing any more: what is asked for again is computed again."""
        self._kept.clear()
        self._prefixes.clear()
