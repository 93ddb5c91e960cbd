"""Feeding: how the rows of a batch become tokens, and where in each row a place's positions and the answers are."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ...compiler.experiments import Encoding
from ...compiler.groundings import Frame, Part, Positions
from ...compiler.interpret_terms import Batch
from ...compiler.row_layout import NO_TOKEN, Position, RowLayout
from ..errors import EnvironmentProblem

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap

Where = tuple[int, ...] | Tensor
"""Positions: the same in every row, or of shape [item, position]."""


@dataclass(frozen=True)
class Feed:
    """Reads the rows that an encoding makes, int64 of shape [item, column]."""

    encoding: Encoding

    @property
    def layout(self) -> RowLayout:
        """What the columns are; rows of plain tokens have nothing before them."""
        return self.encoding.layout

    def tokens(self, rows: Tensor) -> Tensor:
        """Token ids, shape [item, token]."""
        return rows[:, self.layout.width :]

    def reads(self, rows: Tensor, further: int | None = None) -> Tensor:
        """The positions at which the answers are read, shape [item, answer], and so many `further` ones after each."""
        first = self._each(tuple(answer.position for answer in self.encoding.answers), rows)
        further = self.encoding.answers[0].reads - 1 if further is None else further
        if not further:
            return first
        last = rows.shape[1] - self.layout.width - 1  # where nothing is forced, nothing is read beyond the prompt
        return torch.cat([first, *((first + 1 + step).clamp(max=last) for step in range(further))], 1)

    def force(self, batch: Batch, role: int) -> Batch:
        """The batch with what is forced after the prompts of one role: at most one answer is of several tokens."""
        if batch.forced is None or not batch.forced.shape[1]:
            return batch
        count, steps = batch.forced.shape
        inputs = np.pad(batch.inputs, ((0, 0), (0, 0), (0, steps)), constant_values=NO_TOKEN)
        columns = self.layout.width + inputs[:, role, :1] + np.arange(steps)
        inputs[np.arange(count)[:, None], role, columns] = batch.forced
        return replace(batch, inputs=inputs, forced=None)

    def where(self, frame: Frame, rows: Tensor) -> tuple[Where, ...]:
        """The positions of a frame's parts in each row: of a site without positions where the answers are read."""
        return tuple(self.find(p.positions, rows) if p.positions else self.reads(rows) for p in frame.parts)

    def where_set(self, frame: Frame, rows: Tensor) -> tuple[Where, ...]:
        """The same, where they are to be set.

        Raises:
            EnvironmentProblem: a row has two of them at one token, whose units cannot take two values.
        """
        found = self.where(frame, rows)
        for index, one in enumerate(frame.parts):
            for number, two in enumerate(frame.parts[: index + 1]):
                if one.activation == two.activation and {*one.dims} & {*two.dims}:
                    _check_apart(frame, {index: found[index], number: found[number]}.values())
        return found

    def counts(self, frames: Sequence[Frame], rows: Tensor) -> Tensor | None:
        """How many tokens frames hold in each row where that may differ, shape [item, position]; else None."""
        listed = [position for frame in frames for part in frame.parts for position in part.positions]
        uneven = dict.fromkeys(p for p in listed if isinstance(p, Position) and p.part == "all" and p.index is None)
        bounds = [self._bounds(position, rows) for position in uneven]
        return torch.stack([stop - start for start, stop in bounds], 1) if bounds else None

    def check_lengths(self, *tables: Tensor) -> None:
        """Prompts are as long in all tables of rows, so that each position has its counterparts.

        Raises:
            EnvironmentProblem: they are not.
        """
        if self.layout.slots is not None and len({length for rows in tables for length in rows[:, 0].tolist()}) > 1:
            message = "expected prompts of one length, whose positions are each other's counterparts, found several"
            raise EnvironmentProblem("CS549", message, "pad the slots: `{x:02}`")

    def check_alike(self, *tables: Tensor) -> None:
        """Prompts have their slots at the same tokens in all tables of rows.

        Raises:
            EnvironmentProblem: they have not.
        """
        heads = torch.cat([rows[:, : self.layout.width] for rows in tables])
        if len(heads) and bool((heads != heads[0]).any()):
            message = "expected prompts with their slots at the same tokens, of which a rest is the same, found others"
            raise EnvironmentProblem("CS549", message, "pad the slots: `{x:02}`")

    def find(self, positions: Positions, rows: Tensor) -> Where:
        """Positions in each row; those that are the same in every row as they are.

        Raises:
            EnvironmentProblem: a row has no position of such a number.
        """
        same = tuple(position for position in positions if isinstance(position, int))
        if len(same) < len(positions):
            return self._each(positions, rows)
        if same:
            self._check_reach(max(same) + 1, rows)
        return same

    def earliest(self, frame: Frame, rows: Tensor) -> int:
        """The first position of any row that a frame holds."""
        return min(map(first_of, self.where(frame, rows)))

    def _each(self, positions: Positions, rows: Tensor) -> Tensor:
        return torch.stack(list(self._columns(positions, rows)), 1)

    def _columns(self, positions: Positions, rows: Tensor) -> Iterator[Tensor]:
        for position in positions:
            if isinstance(position, int):
                self._check_reach(position + 1, rows)
                yield torch.full((len(rows),), position, dtype=torch.int64, device=rows.device)
            elif position.part == "all" and position.index is not None:
                start, stop = self._bounds(position, rows)
                listed = sum(isinstance(p, Position) and (p.slot, p.part) == (position.slot, "all") for p in positions)
                self._check_counts(position, stop - start, listed)
                yield start + position.index
            else:
                yield from self._find(position, rows)

    def _bounds(self, position: Position, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Where a slot starts and stops in each row; without a slot the whole prompt."""
        if position.slot is None:
            return torch.zeros_like(rows[:, 0]), rows[:, 0]
        first, last = self.layout.columns(position.slot)
        return rows[:, first], rows[:, last]

    def _check_counts(self, position: Position, counts: Tensor, expected: int) -> None:
        """A slot has as many tokens in every row as a map was made for."""
        if bool((counts != expected).any()):
            message = f"expected as many tokens at `{position.text}` in every prompt, found {expected} and others"
            raise EnvironmentProblem("CS549", message, "name one token: the first or the last")

    def _check_reach(self, needed: int, rows: Tensor) -> None:
        """Every prompt has so many tokens: what stands beyond its last one is no position of it."""
        if self.layout.slots is not None and len(rows) and (fewest := int(rows[:, 0].min())) < needed:
            message = f"expected prompts of at least {needed} tokens, as a position says, found one of {fewest}"
            raise EnvironmentProblem("CS549", message, "count from the prompt's other end, or name a slot: `@ {x}`")

    def _find(self, position: Position, rows: Tensor) -> Iterator[Tensor]:
        """The tokens that a position means in each row; rows agree on how many tokens `all` of a slot are."""
        start, stop = self._bounds(position, rows)
        if position.slot is None and position.index is not None:
            self._check_reach(-position.index if position.index < 0 else position.index + 1, rows)
            yield position.index + (stop if position.index < 0 else start)
            return
        match position.part:
            case "first":
                yield start
            case "last":
                yield stop - 1
            case "all":
                count = int((stop - start)[0])
                self._check_counts(position, stop - start, count)
                yield from (start + index for index in range(count))


def first_of(where: Where) -> int:
    """The first position of any row."""
    return min(where) if isinstance(where, tuple) else int(where.min())


def _check_apart(frame: Frame, lists: Collection[Where]) -> None:
    """No position is twice in these lists in any row. Those that are the same in every row are checked before."""
    if all(isinstance(at, tuple) for at in lists) or sum(_count(at) for at in lists) < 2:
        return
    rows = max(len(at) for at in lists if not isinstance(at, tuple))
    each = [torch.tensor([at]).expand(rows, -1) if isinstance(at, tuple) else at.cpu() for at in lists]
    if bool((torch.cat(each, 1).sort(1).values.diff(dim=1) == 0).any()):
        message = f"expected positions that differ in every prompt, found two of `{frame.site}` at one token"
        raise EnvironmentProblem("CS549", message, "name one of them, or pad the slot: `{x:02}`")


def site_vectors(frame: Frame, states: Sequence[Tensor], where: Sequence[Where]) -> Tensor:
    """What a frame's map sees of its parts' activations [item, position, width]: [item, group, dim], in float32."""
    return join_units(frame, [take_positions(*part) for part in zip(states, where, strict=True)])


def join_units(frame: Frame, places: Sequence[Tensor]) -> Tensor:
    """The same of their activations at their positions, [item, place, width]."""
    chosen = [_take_units(*part) for part in zip(frame.parts, places, strict=True)]
    if frame.shared:
        return chosen[0].float()
    return (chosen[0].flatten(1) if len(chosen) == 1 else torch.cat([c.flatten(1) for c in chosen], 1))[:, None].float()


def block_features(feature_map: "FeatureMap", block: int, vectors: Tensor) -> Tensor:
    """What vectors [item, group, dim] of a frame hold in one of its blocks, shape [item, feature]."""
    features, _ = feature_map.featurise(vectors)
    return features[..., feature_map.share(block) > 0].flatten(1)


def _take_units(part: Part, chosen: Tensor) -> Tensor:
    """The units of a part of its activation [item, place, width], shape [item, place, dim]."""
    if part.width not in (0, chosen.shape[-1]):
        raise EnvironmentProblem(
            "CS538",
            f"expected {part.width} dims of `{part.component}`, as the configuration says, found {chosen.shape[-1]}",
            "name the dims that the module gives",
        )
    if max(part.dims) >= chosen.shape[-1]:
        raise EnvironmentProblem(
            "CS538",
            f"expected dims 0..{chosen.shape[-1] - 1} of `{part.component}`, found {max(part.dims)}",
            "name dims that the module gives",
        )
    return chosen if len(part.dims) == part.width else chosen[..., list(part.dims)]


def take_positions(state: Tensor, where: Where) -> Tensor:
    """The activations [item, place, width] at some positions of [item, position, width]."""
    if _is_everywhere(where, state):
        return state
    return state[:, list(where)] if isinstance(where, tuple) else state[_items(state), where]


def split_vectors(frame: Frame, vectors: Tensor, where: Sequence[Where]) -> tuple[Tensor, ...]:
    """What of vectors [item, group, dim] goes to each part of a frame, shape [item, place, dim]."""
    if len(frame.parts) == 1:
        return (vectors.reshape(len(vectors), _count(where[0]), len(frame.parts[0].dims)),)
    shapes = [(_count(at), len(part.dims)) for part, at in zip(frame.parts, where, strict=True)]
    pieces = torch.split(vectors.flatten(1), [count * dims for count, dims in shapes], 1)
    return tuple(piece.reshape(len(vectors), *shape) for piece, shape in zip(pieces, shapes, strict=True))


def with_units(part: Part, state: Tensor, units: Tensor, where: Where) -> Tensor:
    """The activation [item, position, width] with these units [item, place, dim] of a part."""
    values = units.to(state.dtype)
    if len(part.dims) == part.width and _is_everywhere(where, state):
        return values
    at = torch.tensor(where, device=state.device)[None] if isinstance(where, tuple) else where
    if len(part.dims) == part.width:
        return state.index_put((_items(state), at), values)
    columns = torch.tensor(part.dims, device=state.device)
    return state.index_put((_items(state)[..., None], at[..., None], columns), values)


def _count(where: Where) -> int:
    """How many positions there are in a row."""
    return len(where) if isinstance(where, tuple) else where.shape[1]


def _is_everywhere(where: Where, state: Tensor) -> bool:
    """Whether positions are all that an activation [item, position, width] has, in order."""
    return isinstance(where, tuple) and where == tuple(range(state.shape[1]))


def _items(state: Tensor) -> Tensor:
    return torch.arange(len(state), device=state.device)[:, None]
