"""The engine that interprets terms itself: assignments become edits at sites, and its runs make them.

A source run is read where the term says, and its features take the base's place in the variable's block.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler.budgets import SOURCE_ROOM
from ...compiler.experiments import Encoding
from ...compiler.groundings import Grounding, Part, Positions
from ...compiler.interpret_terms import Batch
from ...compiler.schedule import Schedule
from ...compiler.terms import OutputOf, Run
from ..halving import by_halves
from ..networks.protocol import Edit, SiteEdit
from .changes import assigned
from .fed import Fed
from .feed import (
    Feed,
    Where,
    block_features,
    first_of,
    join_units,
    take_positions,
)
from .frame_edits import FrameEdits, Given, PlacedEdit, later
from .generate import Generated, KeptRuns, generate
from .protocol import Prepared
from .runs import Runs
from .whole_runs import answer_whole

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap

ROWS = 2048
"""Inputs whose vectors are read at once."""


class TermEngine:
    """Interventions on any `Network`. `runs` decides what of a run is computed: all of it, or what the edits change."""

    def __init__(
        self,
        runs: Runs,
        encoding: Encoding,
        grounding: Grounding | None,
        variables: tuple[str, ...],
        maps: "tuple[FeatureMap, ...]",
        schedule: Schedule,
    ) -> None:
        self.schedule = schedule
        self.runs, self.feed, self.variables = runs, Feed(encoding), variables
        self.frames = () if grounding is None else grounding.frames
        places = {} if grounding is None else grounding.places
        by_name = {variables[variable]: place for variable, place in places.items()}
        self.frame_edits = FrameEdits(self.frames, by_name, maps)

    @property
    def name(self) -> str:
        """See `Engine.name`."""
        return self.runs.name

    @property
    def at_once(self) -> int:
        """See `Engine.at_once`."""
        return self.schedule.at_once

    @property
    def maps(self) -> "tuple[FeatureMap, ...]":
        """See `Engine.maps`."""
        return self.frame_edits.maps

    @contextmanager
    def using(self, maps: "tuple[FeatureMap, ...]") -> Iterator[None]:
        """See `Engine.using`."""
        own, self.frame_edits = self.frame_edits, replace(self.frame_edits, maps=maps)
        try:
            yield
        finally:
            self.frame_edits = own

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """See `Engine.logits`. Where no gradient is wanted, a batch that memory does not hold is run in halves."""
        if torch.is_grad_enabled():
            return self._edited_logits(query.run, batch)

        def read(alike: Batch) -> Tensor:
            return by_halves(lambda rows: self._edited_logits(query.run, alike.take(rows)), 0, len(alike))

        return self._by_counts(query.run, batch, read)

    def _by_counts(self, run: Run, batch: Batch, read: Callable[[Batch], Tensor]) -> Tensor:
        """What is read of items, in their order, those together whose frames hold as many tokens as each other's."""
        counts = self.feed.counts(self.frames, self._rows(batch, run))
        if counts is None or not len(batch):
            return read(batch)
        kinds, kind_of = torch.unique(counts, dim=0, return_inverse=True)
        groups = [torch.nonzero(kind_of == number).flatten() for number in range(len(kinds))]
        found = torch.cat([read(batch.take(rows.cpu().numpy())) for rows in groups])
        return found[torch.argsort(torch.cat(groups))]

    def prepare(self, query: OutputOf, batch: Batch, classes: tuple[int, ...]) -> Prepared:
        """See `Engine.prepare`: where runs are captured, sources are read once, and rows are looked up once."""
        run = query.run
        batch = self.feed.force(batch, run.input)
        sources = {(frame, source.input) for frame, source in self.frame_edits.sources(run)}
        nested = any(source.assignments for _, source in self.frame_edits.sources(run))
        kept = self._read_all(sources, batch) if self.schedule.captured and not nested else None
        if not run.assignments or kept is None:
            return lambda items: self.logits(query, batch.take(items.numpy()))[..., list(classes)]
        rows = self._rows(batch, run)
        given = replace(self._given(run, batch, rows), vectors=lambda frame, source: kept[frame, source.input])
        places = [self.frames[frame] for frame in given.where]
        sites = [part.activation for place in places for part in place.parts]
        earliest = min(self.feed.earliest(place, rows) for place in places)
        chosen = torch.tensor(classes, device=self.runs.device)
        answer = self.runs.edited_runner(Fed(self.feed, rows, batch.further), sites, earliest, chosen)

        def logits(items: Tensor) -> Tensor:
            items = items.to(self.runs.device)
            some = given.take(items)
            return answer(items, functools.partial(self._site_edits, self.frame_edits.edits(run, some)))

        return logits

    def generate(self, query: OutputOf, batch: Batch, limit: int, ends: tuple[int, ...]) -> Generated:
        """See `Engine.generate`. What is read in other runs is read once, and a batch that does not fit is halved."""

        def some(rows: slice) -> Tensor:
            return self._generate(query.run, batch.take(rows), limit, ends).joined()

        return Generated.apart(by_halves(some, 0, len(batch)))

    def _generate(self, run: Run, batch: Batch, limit: int, ends: tuple[int, ...]) -> Generated:
        """The same of a batch that fits: by kept keys and values where the schedule and the network have them."""
        read, rows = dict[tuple[int, Run], Tensor](), self._rows(batch, run)
        tokens, reads = self.feed.tokens(rows), self.feed.reads(rows, 0)

        def vectors(frame: int, source: Run) -> Tensor:
            if (frame, source) not in read:
                read[frame, source] = self.vectors(frame, source, batch)
            return read[frame, source]

        given = replace(self._given(run, batch, rows), vectors=vectors)

        def edits(items: Tensor) -> list[SiteEdit]:
            some = given.take(items.to(self.runs.device))
            return self._site_edits(self.frame_edits.edits(run, some), 0)

        def next_logits(items: Tensor, said: Tensor) -> Tensor:
            longer = replace(batch.take(items.numpy()), forced=said.numpy())
            fed = self._rows(self.feed.force(longer, run.input), run)
            at = self.feed.reads(fed, 0) + said.shape[1]
            return answer_whole(self.runs.network, self.feed.tokens(fed), at, edits(items))[:, 0]

        kept = KeptRuns(self.runs.network, tokens, edits)
        if self.schedule.prefixes and self.runs.network.has_prefixes and torch.equal(reads[:, 0], kept.lengths - 1):
            return generate(kept.next_logits, len(batch), limit, ends)
        return generate(next_logits, len(batch), limit, ends)

    def logits_after(self, query: OutputOf, batch: Batch, edit: Edit) -> Tensor:
        """See `Engine.logits_after`."""
        return self._edited_logits(query.run, batch, [(self.frames[0].parts[0], lambda _, state: edit(state))], 0)

    def activation(self, frame: int, rows: Tensor, part: int = 0) -> Tensor:
        """See `Engine.activation`."""
        return self.runs.site(Fed(self.feed, rows), *self.frames[frame].parts[part].activation)

    def activation_at(self, positions: Positions, frame: int, rows: Tensor, part: int = 0) -> Tensor:
        """See `Engine.activation_at`."""
        fed, site = Fed(self.feed, rows), self.frames[frame].parts[part].activation
        return self.runs.read(fed, [site], [self.feed.find(positions, rows)])[0]

    def states(self, frame: int, rows: Tensor) -> Tensor:
        """See `Engine.states`."""
        place = self.frames[frame]
        sites = [part.activation for part in place.parts]
        return join_units(place, self.runs.read(Fed(self.feed, rows), sites, self.feed.where(place, rows)))

    def intervened_at(self, positions: Positions, frame: int, run: Run, batch: Batch, part: int = 0) -> Tensor:
        """See `Engine.intervened_at`."""
        where = self.feed.find(positions, self._rows(batch, run))
        return self._read_intervened([(self.frames[frame].parts[part], where)], run, batch)[1][0]

    def answer_and_read(self, query: OutputOf, frames: Sequence[int], batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """See `Engine.answer_and_read`."""
        places, rows = [self.frames[frame] for frame in frames], self._rows(batch, query.run)
        parts = [each for place in places for each in zip(place.parts, self.feed.where(place, rows), strict=True)]
        logits, activations = self._read_intervened(parts, query.run, batch)
        remaining = iter(activations)
        return logits, [join_units(place, [next(remaining) for _ in place.parts]) for place in places]

    def _read_intervened(
        self, parts: Sequence[tuple[Part, Where]], run: Run, batch: Batch
    ) -> tuple[Tensor, list[Tensor]]:
        """The logits of one run with its assignments made, and what parts are in it at positions of each."""
        found: dict[int, Tensor] = {}

        def keep(index: int, left_out: int, activation: Tensor) -> Tensor:
            found[index] = take_positions(activation, later(parts[index][1], left_out))
            return activation

        further = [(part, functools.partial(keep, index)) for index, (part, _) in enumerate(parts)]
        logits = self._edited_logits(run, batch, further, min(first_of(where) for _, where in parts))
        return logits, [found[index] for index in range(len(parts))]

    def read(self, variable: str, rows: Tensor) -> Tensor:
        """See `Engine.read`."""
        frame, block = self.frame_edits.place(variable)
        return block_features(self.maps[frame], block, self.states(frame, rows))

    def read_in(self, variable: str, run: Run, batch: Batch) -> Tensor:
        """See `Engine.read_in`."""
        frame, block = self.frame_edits.place(variable)
        return block_features(self.maps[frame], block, self.vectors(frame, run, batch))

    def _edited_logits(
        self, run: Run, batch: Batch, further: Sequence[PlacedEdit] = (), since: int | None = None
    ) -> Tensor:
        """Logits of a run with its assignments made, and after them what is done `further`, at no position before."""
        batch = self.feed.force(batch, run.input)
        rows = self._rows(batch, run)
        fed, given = Fed(self.feed, rows, batch.further), self._given(run, batch, rows)
        edits = [*self.frame_edits.edits(run, given), *further]
        if not edits:
            return self.runs.logits(fed)
        earliest = [self.feed.earliest(self.frames[frame], rows) for frame in given.where]
        earliest += [] if since is None else [since]
        everything = torch.arange(len(rows), device=self.runs.device)
        runner = self.runs.edited_runner(fed, [part.activation for part, _ in edits], min(earliest))
        return runner(everything, functools.partial(self._site_edits, edits))

    def _site_edits(self, edits: Sequence[PlacedEdit], left_out: int) -> list[SiteEdit]:
        """Edits at their sites in a run that leaves out so many first positions."""
        return [(part.component, part.layer, None, functools.partial(edit, left_out)) for part, edit in edits]

    def _rows(self, batch: Batch, run: Run) -> Tensor:
        return torch.from_numpy(batch.inputs[:, run.input]).to(self.runs.device)

    def _given(self, run: Run, batch: Batch, rows: Tensor) -> Given:
        """What the edits of a run, its inputs in `rows`, read of a batch."""
        device, targets = self.runs.device, [target for target, _ in assigned(run)]
        columns = {target: batch.members[:, batch.variables.index(target)] for target in targets if run.within_set}
        return Given(
            {target: torch.from_numpy(column).to(device) for target, column in columns.items()},
            {frame: self.feed.where_set(self.frames[frame], rows) for frame, _ in map(self.frame_edits.place, targets)},
            {value: torch.from_numpy(fixed).to(device) for value, fixed in batch.fixed.items()},
            {key: torch.from_numpy(drawn).to(device) for key, drawn in batch.drawn.items()},
            lambda frame, source: self.vectors(frame, source, batch),
        )

    def vectors(self, frame: int, source: Run, batch: Batch) -> Tensor:
        """See `Engine.vectors`."""
        rows = self._rows(batch, source)
        if not source.assignments:
            return self.states(frame, rows)
        place = self.frames[frame]
        parts = list(zip(place.parts, self.feed.where(place, rows), strict=True))
        return join_units(place, self._read_intervened(parts, source, batch)[1])

    def _read_all(self, sources: set[tuple[int, int]], batch: Batch) -> dict[tuple[int, int], Tensor] | None:
        """The vectors of frames in unedited runs of all items' inputs, by frame and role; None if they are too many."""
        dims = sum(part.units for frame, _ in sources for part in self.frames[frame].parts)
        if 4 * dims * len(batch) > SOURCE_ROOM:
            return None
        with torch.no_grad():
            found = {}
            for frame, role in sources:
                rows = torch.from_numpy(batch.inputs[:, role]).to(self.runs.device)
                found[frame, role] = torch.cat([self.states(frame, part) for part in torch.split(rows, ROWS)])
        return found
