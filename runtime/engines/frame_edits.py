"""Assignments of a run -> edits at the sites of the frames that their variables lie in.

The features of a variable's block take their values, and the vector is rebuilt with the error of the run's own. An item
whose set lacks a variable keeps its own features there, whatever the map.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler import terms
from ...compiler.groundings import Frame, Part
from ...compiler.terms import Handle, Run, ValueOf, parts_of
from ...compiler.vector_bases import base_run
from ..errors import EngineRefusal, EnvironmentProblem
from .changes import Change, assigned, change_to
from .feed import Where, site_vectors, split_vectors, with_units

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap

PlacedEdit = tuple[Part, Callable[[int, Tensor], Tensor]]
"""A part whose activation is edited: how many first positions a run leaves out, and the activation of the others,
shape [item, position, width], give what takes its place."""


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


@dataclass(frozen=True)
class FrameEdits:
    """The frames that variables lie in, the frame and the block of each by its name, and the map of each frame."""

    frames: tuple[Frame, ...]
    places: Mapping[str, tuple[int, int]]
    maps: "tuple[FeatureMap, ...]"

    def place(self, variable: Handle) -> tuple[int, int]:
        """The frame and the block of a variable."""
        if not isinstance(variable, str) or variable not in self.places:
            raise EngineRefusal(f"`{variable}` is not aligned")
        return self.places[variable]

    def sources(self, run: Run) -> Iterator[tuple[int, Run]]:
        """The frames of a run's values that are read in other runs, and these runs."""
        for target, value in assigned(run):
            frame, _ = self.place(target)
            if self.frames[frame].scattered:
                yield frame, self.base(frame, run)
            for part in parts_of(value):
                if isinstance(part, ValueOf) and part.variable == target and part.run.world == run.world:
                    yield frame, part.run

    def base(self, frame: int, run: Run) -> Run:
        """The run that a scattered frame's vector is taken from."""
        return base_run(self.frames[frame], run, lambda target: self.frames[self.place(target)[0]])

    def edits(self, run: Run, given: Given) -> list[PlacedEdit]:
        """What is done to the activations of each frame that holds a target."""
        wanted: dict[int, list[tuple[int, Change, Tensor | None]]] = {}
        for target, value in assigned(run):
            frame, block = self.place(target)
            vectors = functools.partial(given.vectors, frame)
            change = change_to(target, value, run, self.maps[frame], given.fixed, given.drawn, vectors)
            wanted.setdefault(frame, []).append((block, change, given.members.get(target)))
        edits: list[PlacedEdit] = []
        for frame, blocks in wanted.items():
            place = self.frames[frame]
            if place.scattered:
                edits += self._scattered_edits(frame, blocks, given.vectors(frame, self.base(frame, run)), given)
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
        place, there = self.frames[frame], tuple(later(at, left_out) for at in where)
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
            written = with_units(part, state, units, later(at, left_out))
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


def later(where: Where, left_out: int) -> Where:
    """Positions among those that are run, where so many first ones are left out."""
    return tuple(position - left_out for position in where) if isinstance(where, tuple) else where - left_out
