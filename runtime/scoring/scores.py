"""Scores: what an evaluation found, cell by cell and item by item."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class CellCount:
    """The items of one (set, half): how many, and the sum of their scores.

    For 0/1 scores the sums are whole: on how many items network and model agree. `right` compares the network's answer
    over all its classes, `among` over the declared answers only. `near` counts items whose two best logits are closer
    than 1e-4. `set` names the variables; `half` is None for `accuracy`. `far` is the sum of the scores' sizes, whatever
    their signs (None: of an older version).
    """

    set: tuple[str, ...]
    half: str | None
    weight: Fraction
    n: int
    right: int | float
    among: int | float
    near: int
    far: int | float | None = None


@dataclass(frozen=True)
class Scores:
    """A term's scores on a population of items.

    `values` and `values_among` hold each item's score (shape [item], in the order of the stream; None for a whole
    domain) within `range`; `binary` tells that a score is 0 or 1, and `clipped` how many were cut to the range.
    `read_right` counts bases of which the variable that an effect is on is read right (None: it is on none).
    `base_right` counts bases that the network answers right (None: the task has no output). `no_op` and `full_swap` are
    what the pairs alone give (the model's labels; None for `accuracy`). `unseen` counts (right, n) by cell over items
    without `fit` inputs, for learned maps on a whole domain. `select` lists the score on `select` of every network that
    was drawn; `chosen` is the one measured. `drawn` has the mean of each random circuit on a whole domain, and of its
    scores' sizes.
    """

    cells: tuple[CellCount, ...]
    values: Tensor | None
    values_among: Tensor | None
    base_right: int | None
    no_op: float | None
    full_swap: float | None
    unseen: tuple[tuple[int, int], ...] | None
    select: tuple[float, ...]
    chosen: int
    range: tuple[float, float] = (0.0, 1.0)
    binary: bool = True
    clipped: int = 0
    drawn: tuple[tuple[float, float], ...] = ()
    read_right: int | None = None

    @property
    def n(self) -> int:
        return sum(cell.n for cell in self.cells)

    @property
    def near(self) -> int:
        return sum(cell.near for cell in self.cells)

    @property
    def whole_domain(self) -> bool:
        """Whether these are all items that there are, so that nothing is estimated."""
        return self.values is None

    def right(self, among: bool) -> int | float:
        """The sum of the scores: for 0/1 scores, on how many items network and model agree."""
        return sum(cell.among if among else cell.right for cell in self.cells)

    def mean(self, among: bool) -> Fraction:
        """The estimate: over a whole domain the weighted mean of sets and halves, exactly; else that of the items."""
        return self.exact(among) if self.whole_domain else Fraction(self.right(among)) / self.n

    def changing(self) -> int:
        """Items that can tell: label-changing ones, or those on which a leak could show."""
        return sum(cell.n for cell in self.cells if cell.half in ("changing", "exposed"))

    def exact(self, among: bool, shift: int = 0) -> Fraction:
        """The weighted mean over sets and halves, exactly; `shift` adds -1 or +1 times the near ties."""
        low, high = (Fraction(end) for end in self.range)
        total = Fraction(0)
        for cell in self.cells:
            mean = self._sum_of(cell, cell.among if among else cell.right) / cell.n
            mean += shift * (high - low) * cell.near / cell.n
            total += cell.weight * min(max(mean, low), high)
        return total

    def exact_size(self) -> Fraction:
        """As `exact`, of the scores' sizes, whatever their signs."""
        return sum((cell.weight * self._sum_of(cell, cell.far or 0) / cell.n for cell in self.cells), Fraction(0))

    def has_size(self) -> bool:
        """Whether some score is not 0."""
        if self.values is None:
            return any(cell.far is None or cell.far > 0 for cell in self.cells)
        return bool((self.values != 0).any())

    def _sum_of(self, cell: CellCount, total: int | float) -> Fraction:
        """A sum of a cell's scores."""
        most = max(abs(end) for end in self.range) * cell.n
        return exact_sum(total, cell.n, most if cell.far is None else cell.far)

    def tensors(self) -> dict[str, Tensor]:
        """What a store keeps of a whole domain as tensors: counts are a document."""
        return {"whole_domain": torch.ones(1, dtype=torch.bool)}

    def document(self) -> dict[str, Any]:
        """What a store keeps of a whole domain as JSON."""
        cells = [asdict(cell) | {"weight": [cell.weight.numerator, cell.weight.denominator]} for cell in self.cells]
        return {
            "cells": cells,
            "base_right": self.base_right,
            "no_op": self.no_op,
            "full_swap": self.full_swap,
            "unseen": self.unseen,
            "select": self.select,
            "chosen": self.chosen,
            "range": self.range,
            "binary": self.binary,
            "clipped": self.clipped,
            "drawn": self.drawn,
            "read_right": self.read_right,
        }


def exact_sum(total: int | float, n: int, sizes: float) -> Fraction:
    """The number that a sum of n scores, computed in double precision, stands for; `sizes` is the sum of their sizes.

    What tables hold are decimals, and double precision knows no tenth: ten of them would be less than 1. A computed
    sum is off by at most n u times the sum of the sizes, u = 2^-53 (Higham 2002, section 4.2; each score is rounded
    once more). Of the decimals of at most nine places within this it is the one of the fewest.
    """
    if isinstance(total, int):
        return Fraction(total)
    computed, off = Fraction(total), Fraction(sizes) * (n + 1) / 2**53
    for places in range(10):
        decimal = Fraction(round(computed * 10**places), 10**places)
        if abs(decimal - computed) <= off:
            return decimal
    return computed


def read_whole_domain(document: Mapping[str, Any]) -> Scores:
    """The inverse of `document`."""
    cells = tuple(
        CellCount(
            set=tuple(cell["set"]),
            half=cell["half"],
            weight=Fraction(*cell["weight"]),
            n=cell["n"],
            right=cell["right"],
            among=cell["among"],
            near=cell["near"],
            far=cell.get("far"),
        )
        for cell in document["cells"]
    )
    unseen = document["unseen"]
    low, high = document["range"]
    return Scores(
        cells=cells,
        values=None,
        values_among=None,
        base_right=document["base_right"],
        no_op=document["no_op"],
        full_swap=document["full_swap"],
        unseen=None if unseen is None else tuple((right, n) for right, n in unseen),
        select=tuple(document["select"]),
        chosen=document["chosen"],
        range=(low, high),
        binary=document["binary"],
        clipped=document["clipped"],
        drawn=tuple((mean, size) for mean, size in document.get("drawn", ())),
        read_right=document.get("read_right"),
    )
