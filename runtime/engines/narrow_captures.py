"""Narrow captures: of each distinct input one unedited run gives all that a plan reads of it, and no more is kept.

An input that is first read and then a base of edited runs is run once more, unless the plan says `alike`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ...compiler.schedule import CleanReads, Schedule
from ..networks.gather import gather
from ..networks.protocol import Network, read_within
from .fed import Fed
from .feed import Where
from .kept import COPIED, Claim, missing
from .kept_places import KeptPlaces
from .numbered_inputs import NumberedInputs, Numbers
from .prefixes import AllPrefixes, NoRoom, Prefixes

if TYPE_CHECKING:
    from ..networks.prefix import Prefix

Site = tuple[str, int | None]
Key = int | Site
"""The state of a stage, the same as `since` or `ANSWERS` name it, or the activation of a site within a stage."""
Places = dict[Key, Tensor]
"""Positions at each, shape [item, place]."""
Start = tuple[int, Prefixes | None]
"""A stage whose states are held at all positions, or at all that follow those of which keys and values are."""


@dataclass(frozen=True)
class Bases:
    """What edited runs begin with, of some inputs told by their indices [item]: a state (None: their tokens).

    They leave out so many first positions, of which they have keys and values.
    """

    begins: int
    state: Callable[[Tensor], Tensor] | None
    prefix: "Callable[[Tensor], Prefix] | None"


ANSWERS: Site = ("answers", None)
"""Under which name the last state is kept where answers are read."""
SINCE = "since"
"""With a stage: under which name its state is kept from some position on, for edited runs to begin with."""


class NarrowCaptures:
    """States, activations of sites, and keys and values, by input, at the positions that are read.

    What of one of them needs more than `most` bytes lies in files.
    """

    def __init__(
        self, network: Network, inputs: NumberedInputs, prefixes: AllPrefixes, claim: Claim, most: int, at_once: int
    ) -> None:
        self.network, self.inputs, self.prefixes = network, inputs, prefixes
        self.claim, self.most, self.at_once = claim, most, at_once
        self._kept: dict[Key, KeptPlaces] = {}

    @property
    def size(self) -> int:
        """The bytes that are held in memory, but for keys and values."""
        return sum(kept.size for kept in self._kept.values())

    def forget(self) -> None:
        """Hold nothing any more."""
        self._kept.clear()

    @torch.no_grad()
    def read(self, fed: Fed, sites: Sequence[Site], where: Sequence[Where], schedule: Schedule) -> list[Tensor]:
        """The activations of sites at some positions of each, shape [item, place, width]."""
        at, keys = [fed.spread(each) for each in where], [self._key(site) for site in sites]
        numbers = self.inputs.number(fed.tokens)
        wanted = _together(zip(keys, at, strict=True))
        self._fill(numbers, fed, wanted, schedule.reads, bases=False)
        return [self._take(key, numbers, places) for key, places in zip(keys, at, strict=True)]

    @torch.no_grad()
    def bases(self, fed: Fed, first: int, begins: int, schedule: Schedule) -> Bases:
        """What edited runs need that begin at the stage `first` and at no position before `begins`."""
        numbers, prefixes = self.inputs.number(fed.tokens), None
        if schedule.prefixes and self.network.has_prefixes and begins and first < self.network.last_stage:
            prefixes = self.prefixes.find(numbers, first, begins, schedule.sweeps)
            if schedule.sweeps and prefixes is not None and not prefixes.has(numbers).any():  # as long as any will be
                prefixes = self.prefixes.find(numbers, *self._all_keys(fed, first, begins, schedule.reads), True)
        length = begins if prefixes or first == self.network.last_stage else 0  # there no position reads another
        try:
            self._fill(numbers, fed, {(SINCE, first): fed.since(length)}, schedule.reads, bases=True, prefixes=prefixes)
            if prefixes is not None:  # of inputs of which states are held alone
                whole = prefixes.length
                prefixes.fill(numbers, fed.tokens, self.at_once, lambda some: self.network.prefix(some, whole))
        except NoRoom:
            assert prefixes is not None
            self.prefixes.give_up(prefixes)
            return self.bases(fed, first, begins, schedule)
        kept = self._kept[SINCE, first]
        rows, index = kept.find(numbers, fed.since(length))
        if prefixes is None:
            return Bases(length, _reader(kept, rows, index), None)
        at = prefixes.find(numbers, fed.rows.device)
        return Bases(length, _reader(kept, rows, index), lambda items: prefixes.take(at[items], first, length))

    def _all_keys(self, fed: Fed, first: int, begins: int, reads: CleanReads | None) -> tuple[int, int]:
        """The first stage and the length of the keys and values that the plan asks of bases."""
        for beginning in () if reads is None else reads.begins:
            first = min(first, beginning.stage)
            for start in beginning.starts:
                begins = max(begins, int(torch.cat([fed.find(start), fed.reads], 1).min()))
        return first, begins

    @torch.no_grad()
    def answers(self, fed: Fed) -> Tensor:
        """The last state where answers are read, shape [item, answer, width]."""
        numbers, kept = self.inputs.number(fed.tokens), self._holding(ANSWERS)
        for part, at in missing(kept.has(numbers, fed.reads), numbers, self.at_once):
            some = fed.take(torch.from_numpy(at).to(fed.rows.device))
            places = kept.join(part, some.reads)
            for start, rows in self._starts(part, some):
                group = some.take(torch.from_numpy(rows).to(fed.rows.device))
                self._go_on(part[rows], group, start, places[rows])
        return self._take(ANSWERS, numbers, fed.reads)

    def _go_on(self, numbers: Numbers, fed: Fed, start: Start | None, places: Tensor) -> None:
        """Hold the last state of inputs at some places [item, place], going on from `start`."""
        last = self.network.last_stage
        if start is None:
            self._run(numbers, fed, {ANSWERS: places}, None)
            return
        stage, prefixes = start
        length = prefixes.length if prefixes else 0
        state = self._take((SINCE, stage), numbers, fed.since(length))
        prefix = None
        if prefixes is not None:
            prefix = prefixes.take(prefixes.find(numbers, fed.rows.device), stage, length)
        self._kept[ANSWERS].add(numbers, self.network.advance(state, fed.tokens, stage, last, prefix, places), places)

    def _starts(self, numbers: Numbers, fed: Fed) -> Iterator[tuple[Start | None, Numbers]]:
        """Inputs by where their runs go on from (None: the tokens): the rows where they stand."""
        left = np.ones(len(numbers), dtype=np.bool_)
        stages = [key[1] for key in self._kept if isinstance(key, tuple) and key[0] == SINCE and key[1] is not None]
        for stage in sorted((stage for stage in stages if stage < self.network.last_stage), reverse=True):
            for prefixes in (*(each for each in self.prefixes if each.first <= stage), None):
                there = left & prefixes.has(numbers) if prefixes else left.copy()
                if there.any():  # so that no prefix is longer than these inputs, which may be shorter than others
                    there &= self._kept[SINCE, stage].has(numbers, fed.since(prefixes.length if prefixes else 0))
                if there.any():
                    yield (stage, prefixes), np.flatnonzero(there)
                left &= ~there
        if left.any():
            yield None, np.flatnonzero(left)

    def _fill(
        self,
        numbers: Numbers,
        fed: Fed,
        wanted: Places,
        reads: CleanReads | None,
        bases: bool,
        prefixes: Prefixes | None = None,
    ) -> None:
        """Hold what is wanted of inputs: of those that lack some of it with what else the plan reads of them."""
        held = np.logical_and.reduce([self._holding(key).has(numbers, at) for key, at in wanted.items()])
        parts = missing(held, numbers, self.at_once)
        if not parts:
            return
        planned = _together((*wanted.items(), *self._planned(fed, reads or CleanReads(), bases)))
        for part, at in parts:
            rows = torch.from_numpy(at).to(fed.rows.device)
            places = {key: positions[rows] for key, positions in planned.items()}
            lacking = [key for key, positions in places.items() if not self._holding(key).has(part, positions).all()]
            places = {key: self._holding(key).join(part, places[key]) for key in lacking}
            self._run(part, fed.take(rows), places, prefixes)

    def _planned(self, fed: Fed, reads: CleanReads, bases: bool) -> Iterator[tuple[Key, Tensor]]:
        """What the plan reads of inputs, and what it begins with where they are `bases`."""
        for site in reads.sites:
            at = fed.find(site.positions)
            if at.shape[1] and site.component != "logits":
                yield self._key((site.component, site.layer)), at
        for beginning in reads.begins if bases or reads.alike else ():
            if beginning.stage < self.network.last_stage or bases:
                at = torch.cat([fed.find(beginning.positions), fed.reads], 1)
                yield (SINCE, beginning.stage), fed.since(int(at.min()) if self.network.has_prefixes else 0)

    def _run(self, numbers: Numbers, fed: Fed, places: Places, prefixes: Prefixes | None) -> None:
        """Run inputs once, and hold what is read of them; keys and values of those that have none yet, too."""
        network, last = self.network, self.network.last_stage
        states = {key: self._stage(key) for key in places}
        within = [key for key in places if states[key] is None and not isinstance(key, int)]
        inner = [key for key in within if network.layer_of(*key) < last]
        tokens = self._as_far(fed, places, prefixes, answers=len(within) > len(inner))
        found: dict[Key, Tensor] = {}

        def keep(key: Key, activation: Tensor) -> Tensor:
            found[key] = gather(activation, places[key])
            return activation

        def keeps(stop: int) -> bool:
            return prefixes is not None and prefixes.first == stop

        stops = {stage for stage in states.values() if stage is not None}
        stops |= {network.layer_of(*key) + 1 for key in inner} | ({last} if len(within) > len(inner) else set())
        stops |= set() if prefixes is None else {prefixes.first}
        state, at, end = network.start(tokens), 0, max(stops)
        with network.edited([(*key, None, partial(keep, key)) for key in inner]):
            for stop in sorted(stops):
                wanted = [key for key, stage in states.items() if stage == stop]
                if stop == end and wanted and len(within) == len(inner) and not keeps(stop):
                    every = torch.cat([places[key] for key in wanted], 1)
                    read = network.advance(state, tokens, at, stop, read=every)
                    counts = [places[key].shape[1] for key in wanted]
                    found.update(zip(wanted, torch.split(read, counts, 1), strict=True))
                    break
                state, at = network.advance(state, tokens, at, stop), stop
                for key in wanted:
                    keep(key, state)
                if keeps(stop) and prefixes is not None:
                    prefixes.add(numbers, network.prefix(fed.tokens, prefixes.length, state, stop))
        for key in within:
            if key not in found:  # after the last stage begins
                keep(key, read_within(network, state, tokens, last, key, fed.reads))
        for key, activations in found.items():
            self._holding(key).add(numbers, activations, places[key])

    def _as_far(self, fed: Fed, places: Places, prefixes: Prefixes | None, answers: bool) -> Tensor:
        """The tokens of inputs that are run: where none reads a later one, none after the last that is read.

        If `answers` are read, too, they are among what is.
        """
        if not self.network.has_prefixes:
            return fed.tokens
        ends = [int(at.max()) for at in (*places.values(), *([fed.reads] if answers else []))]
        return fed.tokens[:, : max(1 + max(ends), 0 if prefixes is None else prefixes.length)]

    def _take(self, key: Key, numbers: Numbers, at: Tensor) -> Tensor:
        kept = self._kept[key]
        return kept.take(*kept.find(numbers, at))

    def _holding(self, key: Key) -> KeptPlaces:
        return self._kept.setdefault(key, KeptPlaces(self.claim, self.most))

    def _stage(self, key: Key) -> int | None:
        """The stage whose state is kept; None of sites within one."""
        if isinstance(key, int):
            return key
        return self.network.last_stage if key == ANSWERS else key[1] if key[0] == SINCE else None

    def _key(self, site: Site) -> Key:
        stage = self.network.state_of(*site)
        return site if stage is None else stage


def _together(each: Iterable[tuple[Key, Tensor]]) -> Places:
    """Positions at each site, those of one site together."""
    found: dict[Key, list[Tensor]] = {}
    for key, at in each:
        found.setdefault(key, []).append(at)
    return {key: torch.cat(at, 1) for key, at in found.items()}


def _reader(kept: KeptPlaces, rows: Tensor, index: Tensor) -> Callable[[Tensor], Tensor]:
    """States that are held there, of some of these inputs; if they are few they are laid out in the inputs' order."""
    if kept.row_size * len(rows) <= COPIED:
        states = kept.take(rows, index)
        return lambda items: states.index_select(0, items)
    return lambda items: kept.take(rows.index_select(0, items), index.index_select(0, items))
