"""Scores: what an evaluation found, cell by cell and item by item."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class CellCount:
    """The items of one (set, half): how many, and on how many network and model agree.

    `right` compares the network's answer over all its classes, `among` over the declared answers only. `near` counts
    items whose two best logits are closer than 1e-4. `set` names the variables; `half` is None for `accuracy`.
    """

    set: tuple[str, ...]
    half: str | None
    weight: Fraction
    n: int
    right: int
    among: int
    near: int


@dataclass(frozen=True)
class Scores:
    """A term's scores on a population of items.

    `agree` and `agree_among` hold one 0/1 score for each item (None for a whole domain). `base_right` counts bases
    that the network answers right. `no_op` and `full_swap` are what the pairs alone give (the model's labels; None for
    `accuracy`). `unseen` counts (right, n) by cell over items without `fit` inputs, for learned maps on a whole
    domain. `select` lists the score on `select` of every network that was drawn; `chosen` is the one measured.
    """

    cells: tuple[CellCount, ...]
    agree: Tensor | None
    agree_among: Tensor | None
    base_right: int
    no_op: float | None
    full_swap: float | None
    unseen: tuple[tuple[int, int], ...] | None
    select: tuple[float, ...]
    chosen: int

    @property
    def n(self) -> int:
        return sum(cell.n for cell in self.cells)

    @property
    def near(self) -> int:
        return sum(cell.near for cell in self.cells)

    def right(self, among: bool) -> int:
        """Items on which network and model agree."""
        return sum(cell.among if among else cell.right for cell in self.cells)

    def changing(self) -> int:
        """Items that can tell: label-changing ones, or those on which a leak could show."""
        return sum(cell.n for cell in self.cells if cell.half in ("changing", "exposed"))

    def exact(self, among: bool, shift: int = 0) -> Fraction:
        """The weighted mean over sets and halves, exactly; `shift` adds -1 or +1 times the near ties."""
        total = Fraction(0)
        for cell in self.cells:
            right = (cell.among if among else cell.right) + shift * cell.near
            total += cell.weight * Fraction(min(max(right, 0), cell.n), cell.n)
        return total

    def tensors(self) -> dict[str, Tensor]:
        """What a store keeps as tensors."""
        if self.agree is None or self.agree_among is None:
            return {"whole_domain": torch.ones(1, dtype=torch.bool)}
        return {"agree": self.agree, "agree_among": self.agree_among}

    def document(self) -> dict[str, Any]:
        """What a store keeps as JSON."""
        cells = [asdict(cell) | {"weight": [cell.weight.numerator, cell.weight.denominator]} for cell in self.cells]
        return {
            "cells": cells,
            "base_right": self.base_right,
            "no_op": self.no_op,
            "full_swap": self.full_swap,
            "unseen": self.unseen,
            "select": self.select,
            "chosen": self.chosen,
        }


def read_scores(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> Scores:
    """The inverse of `tensors` and `document`."""
    cells = tuple(
        CellCount(
            set=tuple(cell["set"]),
            half=cell["half"],
            weight=Fraction(*cell["weight"]),
            n=cell["n"],
            right=cell["right"],
            among=cell["among"],
            near=cell["near"],
        )
        for cell in document["cells"]
    )
    unseen = document["unseen"]
    return Scores(
        cells=cells,
        agree=tensors.get("agree"),
        agree_among=tensors.get("agree_among"),
        base_right=document["base_right"],
        no_op=document["no_op"],
        full_swap=document["full_swap"],
        unseen=None if unseen is None else tuple((right, n) for right, n in unseen),
        select=tuple(document["select"]),
        chosen=document["chosen"],
    )
