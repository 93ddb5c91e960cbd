"""The engine that interprets terms itself: assignments become edits at sites, and its runs make them.

A source run is read where the term says, its features take the base's place in the variable's block, and the vector is
rebuilt with the base's error. An item whose set lacks a variable keeps its own features there, whatever the map.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler import terms
from ...compiler.experiments import Encoding
from ...compiler.groundings import Frame, Grounding, Positions
from ...compiler.interpret_terms import Batch
from ...compiler.terms import Handle, OutputOf, Run, ValueOf
from ..errors import EngineRefusal
from ..networks.protocol import Edit, SiteEdit
from .feed import Feed, Where, site_vectors, take_positions, with_vectors
from .runs import Runs

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap

PlacedEdit = Callable[[Where, Tensor], Tensor]
"""From positions and a site's activation, shape [item, position, width], to what takes its place."""
Value = Callable[[Tensor], Tensor]
"""What becomes of a frame's features, shape [item, group, feature]."""


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

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """See `Engine.logits`."""
        return self._edited_logits(query.run, batch, ())

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
        rows = self._rows(batch, run)
        tokens, reads = self.feed.tokens(rows), self.feed.reads(rows)
        made = [(self.frames[frame], edit) for frame, edit in self._edits(run, batch).items()]
        if not made and not further:
            return self.runs.logits(tokens, reads)

        def edits(left_out: int) -> list[SiteEdit]:
            placed: list[tuple[Frame, Edit]] = [
                (place, functools.partial(edit, self._where(place, rows, left_out))) for place, edit in made
            ]
            return [(place.component, place.layer, None, edit) for place, edit in (*placed, *further)]

        earliest = 0 if further else min(self.feed.earliest(place, rows) for place, _ in made)
        return self.runs.edited_logits(tokens, reads, edits, earliest)

    def _where(self, place: Frame, rows: Tensor, left_out: int) -> Where:
        """A frame's positions among those that are run, where so many first ones are left out."""
        where = self.feed.where(place, rows)
        return tuple(position - left_out for position in where) if isinstance(where, tuple) else where - left_out

    def _rows(self, batch: Batch, run: Run) -> Tensor:
        return torch.from_numpy(batch.inputs[:, run.input]).to(self.runs.device)

    def _edits(self, run: Run, batch: Batch) -> dict[int, PlacedEdit]:
        """What each frame that holds a target does to its site's activation at its positions."""
        wanted: dict[int, list[tuple[int, Value, Tensor | None]]] = {}
        for assignment in run.assignments:
            target, value = assignment.target, assignment.value
            if not isinstance(target, str) or assignment.readers is not None:
                raise EngineRefusal("only variables of an alignment are set, and for all their readers")
            frame, block = self._place(target)
            member = None
            if run.within_set:
                column = batch.members[:, batch.variables.index(target)]
                member = torch.from_numpy(column).to(self.runs.device)
            wanted.setdefault(frame, []).append((block, self._value(frame, target, value, run, batch), member))
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
            if all(member is not None for _, _, member in blocks):  # what no item's set holds stays bit by bit
                touched = torch.stack([member for _, _, member in blocks if member is not None]).any(0)
                rebuilt = torch.where(touched[:, None, None], rebuilt, vectors)
            return with_vectors(place, state, rebuilt, where)

        return edit

    def _value(self, frame: int, target: str, value: terms.Value, run: Run, batch: Batch) -> Value:
        """A frame's features under a value, from those that it has in this very run just before."""
        match value:
            case terms.ValueOf(variable=variable, run=inner) if variable == target and inner.world == run.world:
                source = self._features(frame, value, batch)
                return lambda _: source
            case terms.Number(value=number):
                return lambda features: torch.full_like(features, float(number))
            case terms.Here(handle=handle) if handle == target:
                return lambda features: features
            case terms.MeanOver() | terms.CodeOf() if value in batch.fixed:
                fixed = torch.from_numpy(batch.fixed[value]).to(self.runs.device)
                return fixed.expand_as
            case terms.Plus(left=left, factor=factor, right=right):
                added = self._value(frame, target, right, run, batch)
                if left is None:
                    return lambda features: float(factor) * added(features)
                first = self._value(frame, target, left, run, batch)
                return lambda features: first(features) + float(factor) * added(features)
        raise EngineRefusal(f"`{target}` does not take its own value in a run of the same network, a mean or a number")

    def _features(self, frame: int, value: ValueOf, batch: Batch) -> Tensor:
        """The features of a whole frame in the run that a value is read in, shape [item, group, feature]."""
        rows = self._rows(batch, value.run)
        if value.run.assignments:
            where = self.feed.where(self.frames[frame], rows)
            vectors = site_vectors(self.frames[frame], self.intervened_activation(frame, value.run, batch), where)
        else:
            vectors = self.states(frame, rows)
        return self.maps[frame].featurise(vectors)[0]

    def _place(self, variable: Handle) -> tuple[int, int]:
        """The frame and the block of a variable."""
        index = -1 if not isinstance(variable, str) else self.variables.index(variable)
        for frame, place in enumerate(self.frames):
            for block, owner in enumerate(place.blocks):
                if owner.variable == index:
                    return frame, block
        raise EngineRefusal(f"`{variable}` is not aligned")
