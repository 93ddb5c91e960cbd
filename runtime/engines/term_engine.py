"""The engine that interprets terms itself: assignments become edits at sites, and its runs make them.

A source run is read where the term says, its features take the base's place in the variable's block, and the vector is
rebuilt with the base's error. An item whose set lacks a variable keeps its own features there, whatever the map.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler import terms
from ...compiler.budgets import SOURCE_ROOM
from ...compiler.experiments import Encoding
from ...compiler.groundings import Frame, Grounding, Positions
from ...compiler.interpret_terms import Batch
from ...compiler.terms import Handle, OutputOf, Run, ValueOf
from ..errors import EngineRefusal
from ..halving import by_halves
from ..networks.protocol import Edit, SiteEdit
from .feed import Feed, Where, site_vectors, take_positions, with_vectors
from .generate import Generated, generate
from .protocol import Prepared
from .runs import Runs, WholeRuns

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap

PlacedEdit = Callable[[Where, Tensor], Tensor]
"""From positions and a site's activation, shape [item, position, width], to what takes its place."""
Value = Callable[[Tensor], Tensor]
"""What becomes of a frame's features, shape [item, group, feature]."""


ROWS = 2048
"""Inputs whose vectors are read at once."""


@dataclass(frozen=True)
class Given:
    """What the edits of a run read of its items.

    `members` tells for each target which items have it in their set, shape [item] (empty where all are set), `where`
    each edited frame's positions; `fixed` are values that are the same for every item; `vectors` are what a frame's map
    sees in another run, shape [item, group, dim].
    """

    members: Mapping[str, Tensor]
    where: Mapping[int, Where]
    fixed: Mapping[terms.Value, Tensor]
    vectors: Callable[[int, Run], Tensor]

    def take(self, items: Tensor) -> "Given":
        """The same of some items, told by their indices."""
        return Given(
            {target: member.index_select(0, items) for target, member in self.members.items()},
            {frame: where if isinstance(where, tuple) else where[items] for frame, where in self.where.items()},
            self.fixed,
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
    ) -> None:
        self.runs, self.feed, self.variables, self.maps = runs, Feed(encoding), variables, maps
        self.frames = () if grounding is None else grounding.frames

    @property
    def name(self) -> str:
        """See `Engine.name`."""
        return self.runs.name

    @property
    def at_once(self) -> int:
        """See `Engine.at_once`."""
        return self.runs.network.items_at_once

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """See `Engine.logits`. Where no gradient is wanted, a batch that memory does not hold is run in halves."""
        if torch.is_grad_enabled():
            return self._edited_logits(query.run, batch, ())
        return by_halves(lambda rows: self._edited_logits(query.run, batch.take(rows), ()), 0, len(batch))

    def prepare(self, query: OutputOf, batch: Batch, classes: tuple[int, ...]) -> Prepared:
        """See `Engine.prepare`: sources are read once, and the runs' own rows are looked up once."""
        run = query.run
        batch = self.feed.force(batch, run.input)
        sources = {(frame, source.input) for frame, source in self._sources(run)}
        kept = None if any(source.assignments for _, source in self._sources(run)) else self._read_all(sources, batch)
        if not run.assignments or kept is None:
            return lambda items: self.logits(query, batch.take(items.numpy()))[..., list(classes)]
        rows = self._rows(batch, run)
        given = replace(self._given(run, batch, rows), vectors=lambda frame, source: kept[frame, source.input])
        places = [self.frames[frame] for frame in given.where]
        sites = [(place.component, place.layer) for place in places]
        earliest = min(self.feed.earliest(place, rows) for place in places)
        chosen = torch.tensor(classes, device=self.runs.device)
        reads = self.feed.reads(rows, batch.further)
        answer = self.runs.edited_runner(self.feed.tokens(rows), reads, sites, earliest, chosen)

        def logits(items: Tensor) -> Tensor:
            items = items.to(self.runs.device)
            some = given.take(items)
            return answer(items, functools.partial(self._site_edits, self._edits(run, some), some, ()))

        return logits

    def generate(self, query: OutputOf, batch: Batch, limit: int, ends: tuple[int, ...]) -> Generated:
        """See `Engine.generate`. What is read in other runs is read once; runs are whole, and nothing is captured."""
        run, read = query.run, dict[tuple[int, Run], Tensor]()
        rows = self._rows(batch, run)

        def vectors(frame: int, source: Run) -> Tensor:
            if (frame, source) not in read:
                read[frame, source] = self._vectors(frame, source, batch)
            return read[frame, source]

        given = replace(self._given(run, batch, rows), vectors=vectors)
        whole = WholeRuns(self.runs.network, self.runs.device)

        def next_logits(items: Tensor, said: Tensor) -> Tensor:
            longer = replace(batch.take(items.numpy()), forced=said.numpy())
            fed = self._rows(self.feed.force(longer, run.input), run)
            tokens = self.feed.tokens(fed)
            reads = self.feed.reads(fed, 0) + said.shape[1]
            some = given.take(items.to(self.runs.device))
            edits = self._edits(run, some)
            if not edits:
                return whole.logits(tokens, reads)[:, 0]
            places = [self.frames[frame] for frame in edits]
            runner = whole.edited_runner(tokens, reads, [(place.component, place.layer) for place in places], 0)
            everything = torch.arange(len(fed), device=self.runs.device)
            return runner(everything, functools.partial(self._site_edits, edits, some, ()))[:, 0]

        return generate(next_logits, len(batch), limit, ends)

    def logits_after(self, query: OutputOf, batch: Batch, edit: Edit) -> Tensor:
        """See `Engine.logits_after`."""
        place = self.frames[0]
        return self._edited_logits(query.run, batch, ((place, edit),))

    def activation(self, frame: int, rows: Tensor) -> Tensor:
        """See `Engine.activation`."""
        place = self.frames[frame]
        return self.runs.site(self.feed.tokens(rows), place.component, place.layer, self.feed.reads(rows))

    def at(self, positions: Positions, activation: Tensor, rows: Tensor) -> Tensor:
        """See `Engine.at`."""
        return take_positions(activation, self.feed.find(positions, rows))

    def states(self, frame: int, rows: Tensor) -> Tensor:
        """See `Engine.states`."""
        place = self.frames[frame]
        return site_vectors(place, self.activation(frame, rows), self.feed.where(place, rows))

    def intervened_activation(self, frame: int, run: Run, batch: Batch) -> Tensor:
        """See `Engine.intervened_activation`."""
        place, found = self.frames[frame], list[Tensor]()

        def keep(activation: Tensor) -> Tensor:
            found.append(activation)
            return activation

        self._edited_logits(run, batch, ((place, keep),))
        return found[0]

    def read(self, variable: str, rows: Tensor) -> Tensor:
        """See `Engine.read`."""
        frame, block = self._place(variable)
        features, _ = self.maps[frame].featurise(self.states(frame, rows))
        return features[..., self.maps[frame].share(block) > 0].flatten(1)

    def _edited_logits(self, run: Run, batch: Batch, further: tuple[tuple[Frame, Edit], ...]) -> Tensor:
        """Logits of a run with its assignments made, and after them what is done `further`."""
        batch = self.feed.force(batch, run.input)
        rows = self._rows(batch, run)
        tokens, reads = self.feed.tokens(rows), self.feed.reads(rows, batch.further)
        given = self._given(run, batch, rows)
        edits = self._edits(run, given)
        if not edits and not further:
            return self.runs.logits(tokens, reads)
        places = [self.frames[frame] for frame in edits]
        sites = [(place.component, place.layer) for place in (*places, *(place for place, _ in further))]
        earliest = 0 if further else min(self.feed.earliest(place, rows) for place in places)
        everything = torch.arange(len(rows), device=self.runs.device)
        runner = self.runs.edited_runner(tokens, reads, sites, earliest)
        return runner(everything, functools.partial(self._site_edits, edits, given, further))

    def _site_edits(
        self, edits: dict[int, PlacedEdit], given: Given, further: tuple[tuple[Frame, Edit], ...], left_out: int
    ) -> list[SiteEdit]:
        """Edits at their sites in a run that leaves out so many first positions; `further` ones are made last."""
        placed: list[tuple[Frame, Edit]] = [
            (self.frames[frame], functools.partial(edit, _later(given.where[frame], left_out)))
            for frame, edit in edits.items()
        ]
        return [(place.component, place.layer, None, edit) for place, edit in (*placed, *further)]

    def _rows(self, batch: Batch, run: Run) -> Tensor:
        return torch.from_numpy(batch.inputs[:, run.input]).to(self.runs.device)

    def _given(self, run: Run, batch: Batch, rows: Tensor) -> Given:
        """What the edits of a run, its inputs in `rows`, read of a batch."""
        device, targets = self.runs.device, [target for target, _ in _assigned(run)]
        columns = {target: batch.members[:, batch.variables.index(target)] for target in targets if run.within_set}
        return Given(
            {target: torch.from_numpy(column).to(device) for target, column in columns.items()},
            {frame: self.feed.where(self.frames[frame], rows) for frame, _ in map(self._place, targets)},
            {value: torch.from_numpy(fixed).to(device) for value, fixed in batch.fixed.items()},
            lambda frame, source: self._vectors(frame, source, batch),
        )

    def _vectors(self, frame: int, source: Run, batch: Batch) -> Tensor:
        """What a frame's map sees in the run that a value is read in, shape [item, group, dim]."""
        rows = self._rows(batch, source)
        if not source.assignments:
            return self.states(frame, rows)
        activation = self.intervened_activation(frame, source, batch)
        return site_vectors(self.frames[frame], activation, self.feed.where(self.frames[frame], rows))

    def _sources(self, run: Run) -> Iterator[tuple[int, Run]]:
        """The frames of a run's values that are read in other runs, and these runs."""
        for target, value in _assigned(run):
            for part in _parts(value):
                if isinstance(part, ValueOf):
                    yield self._place(target)[0], part.run

    def _read_all(self, sources: set[tuple[int, int]], batch: Batch) -> dict[tuple[int, int], Tensor] | None:
        """The vectors of frames in unedited runs of all items' inputs, by frame and role; None if they are too many."""
        dims = sum(len(self.frames[frame].dims) * max(1, len(self.frames[frame].positions)) for frame, _ in sources)
        if 4 * dims * len(batch) > SOURCE_ROOM:
            return None
        with torch.no_grad():
            found = {}
            for frame, role in sources:
                rows = torch.from_numpy(batch.inputs[:, role]).to(self.runs.device)
                found[frame, role] = torch.cat([self.states(frame, part) for part in torch.split(rows, ROWS)])
        return found

    def _edits(self, run: Run, given: Given) -> dict[int, PlacedEdit]:
        """What each frame that holds a target does to its site's activation."""
        wanted: dict[int, list[tuple[int, Value, Tensor | None]]] = {}
        for target, value in _assigned(run):
            frame, block = self._place(target)
            change = self._value(frame, target, value, run, given)
            wanted.setdefault(frame, []).append((block, change, given.members.get(target)))
        return {frame: self._edit(frame, blocks) for frame, blocks in wanted.items()}

    def _edit(self, frame: int, blocks: list[tuple[int, Value, Tensor | None]]) -> PlacedEdit:
        place, map = self.frames[frame], self.maps[frame]

        def edit(where: Where, state: Tensor) -> Tensor:
            vectors = site_vectors(place, state, where)
            features, error = map.featurise(vectors)
            changed = features
            for block, value, member in blocks:
                weight = map.share(block)
                if member is not None:
                    weight = weight * member[:, None, None]
                changed = torch.lerp(
                    changed, value(features), weight.expand_as(changed)
                )  # exact where a share is 0 or 1
            rebuilt = map.inverse(changed, error)
            if not map.exact and all(member is not None for _, _, member in blocks):
                # what no item's set holds stays bit by bit
                touched = torch.stack([member for _, _, member in blocks if member is not None]).any(0)
                rebuilt = torch.where(touched[:, None, None], rebuilt, vectors)
            return with_vectors(place, state, rebuilt, where)

        return edit

    def _value(self, frame: int, target: str, value: terms.Value, run: Run, given: Given) -> Value:
        """A frame's features under a value, from those that it has in this very run just before."""
        match value:
            case terms.ValueOf(variable=variable, run=inner) if variable == target and inner.world == run.world:
                source = self.maps[frame].featurise(given.vectors(frame, inner))[0]
                return lambda _: source
            case terms.Number(value=number):
                return lambda features: torch.full_like(features, float(number))
            case terms.Here(handle=handle) if handle == target:
                return lambda features: features
            case terms.MeanOver() | terms.CodeOf() if value in given.fixed:
                return given.fixed[value].expand_as
            case terms.Plus(left=left, factor=factor, right=right):
                added = self._value(frame, target, right, run, given)
                if left is None:
                    return lambda features: float(factor) * added(features)
                first = self._value(frame, target, left, run, given)
                return lambda features: first(features) + float(factor) * added(features)
        raise EngineRefusal(f"`{target}` does not take its own value in a run of the same network, a mean or a number")

    def _place(self, variable: Handle) -> tuple[int, int]:
        """The frame and the block of a variable."""
        index = -1 if not isinstance(variable, str) else self.variables.index(variable)
        for frame, place in enumerate(self.frames):
            for block, owner in enumerate(place.blocks):
                if owner.variable == index:
                    return frame, block
        raise EngineRefusal(f"`{variable}` is not aligned")


def _assigned(run: Run) -> Iterator[tuple[str, terms.Value]]:
    """The variables that a run sets, and what to.

    Raises:
        EngineRefusal: it sets something else, or for some readers only.
    """
    for assignment in run.assignments:
        if not isinstance(assignment.target, str) or assignment.readers is not None:
            raise EngineRefusal("only variables of an alignment are set, and for all their readers")
        yield assignment.target, assignment.value


def _parts(value: terms.Value) -> Iterator[terms.Value]:
    """The values that a sum is made of; any other value is its only part."""
    if isinstance(value, terms.Plus):
        yield from (part for side in (value.left, value.right) if side is not None for part in _parts(side))
    else:
        yield value


def _later(where: Where, left_out: int) -> Where:
    """Positions among those that are run, where so many first ones are left out."""
    return tuple(position - left_out for position in where) if isinstance(where, tuple) else where - left_out
