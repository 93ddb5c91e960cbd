"""The engine that interprets terms itself: assignments become edits at sites, and its runs make them.

A source run is read where the term says, its features take the base's place in the variable's block, and the vector is
rebuilt with the base's error. An item whose set lacks a variable keeps its own features there, whatever the map.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler import terms
from ...compiler.budgets import SOURCE_ROOM
from ...compiler.experiments import Encoding
from ...compiler.groundings import Grounding, Part, Positions
from ...compiler.interpret_terms import Batch
from ...compiler.schedule import Schedule
from ...compiler.terms import Handle, OutputOf, Run, ValueOf, parts_of
from ...compiler.vector_bases import base_run
from ..errors import EngineRefusal, EnvironmentProblem
from ..halving import by_halves
from ..networks.protocol import Edit, SiteEdit
from .changes import Change, assigned, change_to
from .fed import Fed
from .feed import (
    Feed,
    Where,
    block_features,
    first_of,
    join_units,
    site_vectors,
    split_vectors,
    take_positions,
    with_units,
)
from .generate import Generated, KeptRuns, generate
from .protocol import Prepared
from .runs import Runs
from .whole_runs import answer_whole

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap

PlacedEdit = tuple[Part, Callable[[int, Tensor], Tensor]]
"""A part whose activation is edited: how many first positions a run leaves out, and the activation of the others,
shape [item, position, width], give what takes its place."""


ROWS = 2048
"""Inputs whose vectors are read at once."""


@dataclass(frozen=True)
class Given:
    """What the edits of a run read of its items.

    `members` tells for each target which items have it in their set, shape [item] (empty where all are set), `where`
    the positions of each edited frame's parts; `fixed` are values that are the same for every item, `drawn` each item's
    own, by target; `vectors` are what a frame's map sees in another run, shape [item, group, dim].
    """

    members: Mapping[str, Tensor]
    where: Mapping[int, tuple[Where, ...]]
    fixed: Mapping[terms.Value, Tensor]
    drawn: Mapping[tuple[str, terms.Value], Tensor]
    vectors: Callable[[int, Run], Tensor]

    def take(self, items: Tensor) -> "Given":
        """The same of some items, told by their indices."""
        return Given(
            {target: member.index_select(0, items) for target, member in self.members.items()},
            {
                frame: tuple(at if isinstance(at, tuple) else at[items] for at in where)
                for frame, where in self.where.items()
            },
            self.fixed,
            {key: value.index_select(0, items) for key, value in self.drawn.items()},
            lambda frame, source: self.vectors(frame, source).index_select(0, items),
        )


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
        self.runs, self.feed, self.variables, self.maps = runs, Feed(encoding), variables, maps
        self.frames = () if grounding is None else grounding.frames
        places = {} if grounding is None else grounding.places
        self.places = {variables[variable]: place for variable, place in places.items()}

    @property
    def name(self) -> str:
        """See `Engine.name`."""
        return self.runs.name

    @property
    def at_once(self) -> int:
        """See `Engine.at_once`."""
        return self.schedule.at_once

    @contextmanager
    def using(self, maps: "tuple[FeatureMap, ...]") -> Iterator[None]:
        """See `Engine.using`."""
        own, self.maps = self.maps, maps
        try:
            yield
        finally:
            self.maps = own

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
        sources = {(frame, source.input) for frame, source in self._sources(run)}
        nested = any(source.assignments for _, source in self._sources(run))
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
            return answer(items, functools.partial(self._site_edits, self._edits(run, some)))

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
            return self._site_edits(self._edits(run, some), 0)

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
            found[index] = take_positions(activation, _later(parts[index][1], left_out))
            return activation

        further = [(part, functools.partial(keep, index)) for index, (part, _) in enumerate(parts)]
        logits = self._edited_logits(run, batch, further, min(first_of(where) for _, where in parts))
        return logits, [found[index] for index in range(len(parts))]

    def read(self, variable: str, rows: Tensor) -> Tensor:
        """See `Engine.read`."""
        frame, block = self._place(variable)
        return block_features(self.maps[frame], block, self.states(frame, rows))

    def read_in(self, variable: str, run: Run, batch: Batch) -> Tensor:
        """See `Engine.read_in`."""
        frame, block = self._place(variable)
        return block_features(self.maps[frame], block, self.vectors(frame, run, batch))

    def _edited_logits(
        self, run: Run, batch: Batch, further: Sequence[PlacedEdit] = (), since: int | None = None
    ) -> Tensor:
        """Logits of a run with its assignments made, and after them what is done `further`, at no position before."""
        batch = self.feed.force(batch, run.input)
        rows = self._rows(batch, run)
        fed, given = Fed(self.feed, rows, batch.further), self._given(run, batch, rows)
        edits = [*self._edits(run, given), *further]
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
            {frame: self.feed.where_set(self.frames[frame], rows) for frame, _ in map(self._place, targets)},
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

    def _sources(self, run: Run) -> Iterator[tuple[int, Run]]:
        """The frames of a run's values that are read in other runs, and these runs."""
        for target, value in assigned(run):
            frame, _ = self._place(target)
            if self.frames[frame].scattered:
                yield frame, self._base(frame, run)
            for part in parts_of(value):
                if isinstance(part, ValueOf) and part.variable == target and part.run.world == run.world:
                    yield frame, part.run

    def _base(self, frame: int, run: Run) -> Run:
        """The run that a scattered frame's vector is taken from."""
        return base_run(self.frames[frame], run, lambda target: self.frames[self._place(target)[0]])

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

    def _edits(self, run: Run, given: Given) -> list[PlacedEdit]:
        """What is done to the activations of each frame that holds a target."""
        wanted: dict[int, list[tuple[int, Change, Tensor | None]]] = {}
        for target, value in assigned(run):
            frame, block = self._place(target)
            vectors = functools.partial(given.vectors, frame)
            change = change_to(target, value, run, self.maps[frame], given.fixed, given.drawn, vectors)
            wanted.setdefault(frame, []).append((block, change, given.members.get(target)))
        edits: list[PlacedEdit] = []
        for frame, blocks in wanted.items():
            place = self.frames[frame]
            if place.scattered:
                edits += self._scattered_edits(frame, blocks, given.vectors(frame, self._base(frame, run)), given)
            else:
                edits.append((place.parts[0], functools.partial(self._edit, frame, blocks, given.where[frame])))
        return edits

    def _edit(
        self,
        frame: int,
        blocks: list[tuple[int, Change, Tensor | None]],
        where: tuple[Where, ...],
        left_out: int,
        state: Tensor,
    ) -> Tensor:
        """The activation that all parts of a frame lie in, with their vector changed as it is in this very run."""
        place, there = self.frames[frame], tuple(_later(at, left_out) for at in where)
        rebuilt = self._changed(frame, blocks, site_vectors(place, [state] * len(there), there))
        for part, units, at in zip(place.parts, split_vectors(place, rebuilt, there), there, strict=True):
            state = with_units(part, state, units, at)
        return state

    def _scattered_edits(
        self, frame: int, blocks: list[tuple[int, Change, Tensor | None]], vectors: Tensor, given: Given
    ) -> Iterator[PlacedEdit]:
        """Edits that put each part of a changed vector into its own activation.

        `vectors` [item, 1, dim] are what the frame's map sees where nothing of it is set. Items whose set holds none of
        the frame's variables keep what the run makes of each part.
        """
        place, where = self.frames[frame], given.where[frame]
        touched = None
        if all(member is not None for _, _, member in blocks):
            touched = torch.stack([member for _, _, member in blocks if member is not None]).any(0)[:, None, None]
        changed = split_vectors(place, self._changed(frame, blocks, vectors), where)

        def edit(part: Part, units: Tensor, at: Where, left_out: int, state: Tensor) -> Tensor:
            written = with_units(part, state, units, _later(at, left_out))
            return written if touched is None else torch.where(touched, written, state)

        for part, units, at in zip(place.parts, changed, where, strict=True):
            yield part, functools.partial(edit, part, units, at)

    def _changed(self, frame: int, blocks: list[tuple[int, Change, Tensor | None]], vectors: Tensor) -> Tensor:
        """A frame's vectors [item, group, dim] with the features of these blocks at their values."""
        map = self.maps[frame]
        features, error = map.featurise(vectors)
        changed = features
        for block, value, member in blocks:
            new = value(features)
            if new.dim() == features.dim() and new.shape[1] != features.shape[1]:
                message = f"expected as many tokens at `{self.frames[frame].site}` in both prompts, found"
                message = f"{message} {features.shape[1]} and {new.shape[1]}"
                raise EnvironmentProblem("CS549", message, "name one token: the first or the last")
            weight = map.share(block)
            if member is not None:
                weight = weight * member[:, None, None]
            changed = torch.lerp(changed, new, weight.expand_as(changed))  # exact where a share is 0 or 1
        rebuilt = map.inverse(changed, error)
        if not map.exact and all(member is not None for _, _, member in blocks):
            # what no item's set holds stays bit by bit
            touched = torch.stack([member for _, _, member in blocks if member is not None]).any(0)
            rebuilt = torch.where(touched[:, None, None], rebuilt, vectors)
        return rebuilt

    def _place(self, variable: Handle) -> tuple[int, int]:
        """The frame and the block of a variable."""
        if not isinstance(variable, str) or variable not in self.places:
            raise EngineRefusal(f"`{variable}` is not aligned")
        return self.places[variable]


def _later(where: Where, left_out: int) -> Where:
    """Positions among those that are run, where so many first ones are left out."""
    return tuple(position - left_out for position in where) if isinstance(where, tuple) else where - left_out
