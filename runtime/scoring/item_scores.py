"""Scores item by item, as an evaluation gives them and the store keeps them, and what they come to, cell by cell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...compiler.sampling.draw_items import Population
from .scores import CellCount, Scores

Weights = npt.NDArray[np.int64]
Sums = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ItemScores:
    """A term's scores on consecutive items of a population; every tensor has shape [item].

    `cell` is the index in `Population.cells`. `values` are scores over all classes, `values_among` over the declared
    answers, float32 within `range`; `binary` scores are 0 or 1. Boolean are `near` (two best logits closer than 1e-4),
    `clipped` (the value was cut to the range) and `base_right` (the network answers the base right; None
    where the task has no output). `no_op` and
    `full_swap` are what the pairs alone give, 0..1 (None for `accuracy`). `read_right`: the variable that is read is
    read right of the base as it is (None: none is read).
    """

    cell: Tensor
    values: Tensor
    values_among: Tensor
    near: Tensor
    clipped: Tensor
    base_right: Tensor | None
    no_op: Tensor | None
    full_swap: Tensor | None
    range: tuple[float, float] = (0.0, 1.0)
    binary: bool = True
    read_right: Tensor | None = None

    def __len__(self) -> int:
        return len(self.cell)

    def first(self, count: int) -> "ItemScores":
        """The first `count` items, or all where there are fewer."""
        return _mapped([self], lambda tensors: tensors[0][:count])

    def tensors(self) -> dict[str, Tensor]:
        """What a store keeps as tensors, each with memory of its own."""
        found = {name: getattr(self, name) for name in _TENSORS}
        return {name: tensor.clone() for name, tensor in found.items() if tensor is not None}

    def document(self) -> dict[str, Any]:
        """What a store keeps as JSON."""
        return {"range": self.range, "binary": self.binary}


_TENSORS = ("cell", "values", "values_among", "near", "clipped", "base_right", "no_op", "full_swap", "read_right")


def read_item_scores(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> ItemScores:
    """The inverse of `tensors` and `document`."""
    low, high = document["range"]
    plain: dict[str, Any] = {name: tensors.get(name) for name in _TENSORS}
    return ItemScores(**plain, range=(low, high), binary=document["binary"])


def join(parts: list[ItemScores]) -> ItemScores:
    """Consecutive parts, at least one, as one."""
    return _mapped(parts, torch.cat)


def _mapped(parts: list[ItemScores], change: Callable[[list[Tensor]], Tensor]) -> ItemScores:
    columns = {name: [getattr(part, name) for part in parts] for name in _TENSORS}
    changed: dict[str, Any] = {name: None if column[0] is None else change(column) for name, column in columns.items()}
    return ItemScores(**changed, range=parts[0].range, binary=parts[0].binary)


class Tally:
    """Sums by cell over parts of a population, each item counted as often as it stands for; exact below 2^53."""

    def __init__(self, population: Population) -> None:
        self.population = population
        cells = len(population.cells)
        self.n, self.right, self.among, self.far, self.near, self.base_right, self.clipped = np.zeros((7, cells))
        self.no_op, self.full_swap = np.zeros(cells), np.zeros(cells)
        self.unseen = np.zeros((cells, 2))
        self.read_right: float | None = None
        self.has_pairs, self.has_output, self.binary = False, True, True
        self.range = (0.0, 1.0)

    def add(
        self, part: ItemScores, multiplicity: Weights | None = None, unseen: npt.NDArray[np.bool_] | None = None
    ) -> None:
        """Count a part. `unseen`, shape [item], marks the items without inputs of `fit`."""
        cell = part.cell.numpy()
        weights = np.ones(len(part)) if multiplicity is None else multiplicity.astype(np.float64)

        def summed(values: Tensor | Sums) -> Sums:
            plain = values.double().numpy() if isinstance(values, Tensor) else values
            sums: Sums = np.bincount(cell, weights=weights * plain, minlength=len(self.n)).astype(np.float64)
            return sums

        self.n += summed(np.ones(len(part)))
        self.right += summed(part.values)
        self.among += summed(part.values_among)
        self.far += summed(part.values.abs())
        self.near += summed(part.near)
        self.has_output = part.base_right is not None
        if part.base_right is not None:
            self.base_right += summed(part.base_right)
        self.clipped += summed(part.clipped)
        if part.read_right is not None:
            self.read_right = (self.read_right or 0.0) + summed(part.read_right).sum()
        if part.no_op is not None and part.full_swap is not None:
            self.has_pairs = True
            self.no_op += summed(part.no_op)
            self.full_swap += summed(part.full_swap)
        if unseen is not None:
            self.unseen[:, 0] += summed(unseen * part.values.double().numpy())
            self.unseen[:, 1] += summed(unseen.astype(np.float64))
        self.range, self.binary = part.range, part.binary

    def scores(self, items: ItemScores | None, learned: bool, select: tuple[float, ...], chosen: int) -> Scores:
        """What was counted; `items` are the scores themselves, None for a whole domain."""
        recipe = self.population.recipe
        cells = tuple(
            CellCount(
                set=tuple(recipe.variables[v] for v in recipe.sets[cell.set_index]),
                half=cell.half,
                weight=cell.weight,
                n=int(self.n[i]),
                right=self._number(self.right[i]),
                among=self._number(self.among[i]),
                near=int(self.near[i]),
                far=self._number(self.far[i]),
            )
            for i, cell in enumerate(self.population.cells)
        )
        # sampled items carry their weights already: cells were drawn by them
        weights = np.array([float(cell.weight) for cell in cells]) if items is None else self.n / self.n.sum()
        shares = weights / np.maximum(self.n, 1)
        unseen = tuple((int(right), int(of)) for right, of in self.unseen)
        return Scores(
            cells=cells,
            values=None if items is None else items.values,
            values_among=None if items is None else items.values_among,
            base_right=int(self.base_right.sum()) if self.has_output else None,
            no_op=float(self.no_op @ shares) if self.has_pairs else None,
            full_swap=float(self.full_swap @ shares) if self.has_pairs else None,
            unseen=unseen if items is None and learned else None,
            select=select,
            chosen=chosen,
            range=self.range,
            binary=self.binary,
            clipped=int(self.clipped.sum()),
            read_right=None if self.read_right is None else int(self.read_right),
        )

    def _number(self, total: float) -> int | float:
        return int(total) if self.binary else float(total)


class DrawnTally:
    """A tally of random circuits: of all that were drawn together, and of each by itself."""

    def __init__(self, population: Population, draws: int) -> None:
        self.whole, self.each = Tally(population), [Tally(population) for _ in range(draws)]

    def add(
        self, part: ItemScores, multiplicity: Weights | None, unseen: npt.NDArray[np.bool_] | None, draw: int
    ) -> None:
        """Count a part of one draw, as `Tally.add`."""
        for tally in (self.whole, *self.each[draw : draw + 1]):
            tally.add(part, multiplicity, unseen)

    def scores(self, learned: bool) -> Scores:
        """What was counted over a whole domain."""
        found = self.whole.scores(None, learned, (), 0)
        each = (tally.scores(None, learned, (), 0) for tally in self.each)
        return replace(found, drawn=tuple((float(one.exact(False)), float(one.exact_size())) for one in each))


def summarise(items: ItemScores, population: Population, select: tuple[float, ...], chosen: int) -> Scores:
    """The scores of sampled items."""
    tally = Tally(population)
    tally.add(items)
    return tally.scores(items, learned=False, select=select, chosen=chosen)
