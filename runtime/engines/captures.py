"""Captures: what unedited runs of a frozen network give, computed once for each distinct input."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ...compiler.schedule import WHOLE, Schedule
from ..networks.protocol import Network, read_within
from .capture_room import CaptureRoom
from .kept import COPIED, Kept, missing
from .narrow_captures import NarrowCaptures
from .numbered_inputs import NumberedInputs, Numbers
from .prefixes import AllPrefixes, NoRoom
from .whole_runs import run_to

if TYPE_CHECKING:
    from ..networks.prefix import Prefix

Site = tuple[str, int | None]
ROWS = 512
"""Inputs that are run at once, at most."""


class Captures:
    """The states of stages, the activations of sites, and keys and values of first positions, by input.

    `room` is what they may take in memory, about, with those of other networks (None: the usual for them alone). What
    of a stage or site needs more than a quarter of it lies in files; keys and values that need more are not kept. How
    what is missing is computed is said by the schedule of the step that asks for it.
    """

    def __init__(self, network: Network, device: torch.device, room: CaptureRoom | None = None) -> None:
        self.network, self.device, self.room = network, device, room or CaptureRoom()
        self.inputs = NumberedInputs()
        self._kept: dict[int | Site, Kept] = {}
        self.prefixes = AllPrefixes(self._has_room)
        most = self.room.size // 4
        self.narrow = NarrowCaptures(network, self.inputs, self.prefixes, self._has_room, most, self.at_once)

    @torch.no_grad()
    def state(self, tokens: Tensor, stage: int, schedule: Schedule = WHOLE) -> Tensor:
        """The state of a stage, shape [item, position, width]."""
        return self._read(tokens, stage, lambda some: self._run_to(some, stage, schedule))

    @torch.no_grad()
    def site(
        self, tokens: Tensor, component: str, layer: int | None, reads: Tensor, schedule: Schedule = WHOLE
    ) -> Tensor:
        """A site's activation, shape [item, position, width]. Logits, which may be many, are computed anew.

        What any other site holds does not depend on the positions where logits are read, which are those of all items.
        """
        stage = self.network.state_of(component, layer)
        if stage is not None:
            return self.state(tokens, stage, schedule)
        first = self.network.layer_of(component, layer)

        def run(some: Tensor) -> Tensor:
            at = reads if component == "logits" else reads.new_zeros(len(some), 1)
            return read_within(self.network, self.state(some, first, schedule), some, first, (component, layer), at)

        return run(tokens) if component == "logits" else self._read(tokens, (component, layer), run)

    def state_reader(self, tokens: Tensor, stage: int, schedule: Schedule = WHOLE) -> Callable[[Tensor, int], Tensor]:
        """`state` of some of these inputs, told by their indices, shape [item], at the positions from one on.

        They are captured and found once.
        """
        kept, numbers = self._hold(tokens, stage, lambda some: self._run_to(some, stage, schedule))
        at = kept.find(numbers, self.device)
        if kept.row_size(tokens.shape[1]) * len(tokens) <= COPIED:
            states = kept.take(at, tokens.shape[1], self.device)
            return lambda items, first: states.index_select(0, items)[:, first:]
        return lambda items, first: kept.take(at.index_select(0, items), tokens.shape[1], self.device, first)

    @torch.no_grad()
    def prefix_reader(
        self, tokens: Tensor, first: int, length: int, schedule: Schedule = WHOLE
    ) -> "Callable[[Tensor], Prefix] | None":
        """Keys and values of the positions below `length`, for layers from `first` on, of some of these inputs.

        In a sweep those of more positions and layers, if they are kept of all these inputs, hold them. None where there
        are no such positions or layers, the network has no such thing, or they would not fit into memory.
        """
        if not self.network.has_prefixes or not 1 <= length < tokens.shape[1] or first >= self.network.last_stage:
            return None
        numbers = self.inputs.number(tokens)
        held = self.prefixes.find(numbers, first, length, schedule.sweeps)
        if held is None:
            return None

        def run(some: Tensor) -> "Prefix":
            state = self.state(some, first, schedule) if schedule.suffixes else None
            return self.network.prefix(some, length, state, first)

        try:
            held.fill(numbers, tokens, self.at_once, run)
        except NoRoom:
            self.prefixes.give_up(held)
            return None
        at = held.find(numbers, self.device)
        return lambda items: held.take(at[items], first, length)

    def _run_to(self, tokens: Tensor, stage: int, schedule: Schedule) -> Tensor:
        """The state of a stage; in a sweep each input goes on from the deepest of its states that is kept."""
        found: Tensor | None = None
        for first, rows in self._parts(self.inputs.number(tokens), stage, schedule.sweeps):
            at = torch.from_numpy(rows).to(tokens.device)
            some = tokens if len(rows) == len(tokens) else tokens[at]
            state = self.network.start(some) if first is None else self.state(some, first)
            state = run_to(self.network, state, some, first or 0, stage, schedule.exits)
            if len(rows) == len(tokens):
                return state
            found = state.new_zeros(len(tokens), *state.shape[1:]) if found is None else found
            found[at] = state
        assert found is not None, "there are inputs"
        return found

    def _parts(self, numbers: Numbers, stage: int, sweeps: bool) -> Iterator[tuple[int | None, Numbers]]:
        """Inputs by the stage that they go on from (None: their tokens): the rows where they stand."""
        left = np.ones(len(numbers), dtype=np.bool_)
        kept = sorted((known for known in self._kept if isinstance(known, int) and known < stage), reverse=True)
        for first in kept if sweeps else ():
            there = left & self._kept[first].has(numbers)
            if there.any():
                yield first, np.flatnonzero(there)
            left &= ~there
        if left.any():
            yield None, np.flatnonzero(left)

    def _read(self, tokens: Tensor, what: int | Site, run: Callable[[Tensor], Tensor]) -> Tensor:
        kept, numbers = self._hold(tokens, what, run)
        return kept.take(kept.find(numbers, self.device), tokens.shape[1], self.device)

    @torch.no_grad()
    def _hold(self, tokens: Tensor, what: int | Site, run: Callable[[Tensor], Tensor]) -> tuple[Kept, Numbers]:
        """What is kept of a stage or site, these inputs among it, and the inputs' numbers, shape [item]."""
        numbers = self.inputs.number(tokens)
        if what not in self._kept:
            self._kept[what] = Kept(self._has_room, self.room.size // 4)
        kept = self._kept[what]
        for part, at in missing(kept.has(numbers), numbers, self.at_once):
            some = tokens[torch.from_numpy(at).to(tokens.device)]
            kept.add(part, run(some), some.shape[1])
        return kept, numbers

    def _has_room(self, wanted: int) -> bool:
        return self.room.has_room(self, wanted)

    @property
    def at_once(self) -> int:
        """How many inputs are run at once."""
        return min(ROWS, self.network.items_at_once)

    @property
    def size(self) -> int:
        """The bytes that are held in memory."""
        held = sum(kept.size for kept in self._kept.values())
        return held + self.narrow.size + self.prefixes.size

    def forget(self) -> None:
        """Hold nothing any more: what is asked for again is computed again."""
        self._kept.clear()
        self.narrow.forget()
        self.prefixes.forget()
