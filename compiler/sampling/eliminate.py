"""Elimination: factors are joined and summed out column by column, then sampled backwards.

Factors over columns go in; the total weight of every row of the kept columns comes out (bucket elimination, Dechter
1999), with what it takes to draw the columns that were summed out, in proportion to their weight.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from functools import reduce
from heapq import heapify, heappop, heappush

import numpy as np

from ...lang.record import record
from ..expressions import Column
from .relations import (
    MOST_ROWS,
    WIDEST,
    Budget,
    Relation,
    TooLargeError,
    Weights,
    join,
    narrowed,
    product,
    relation,
    total_by,
)
from .steps import Step


@record
class Elimination:
    """What is left after summing out: `table` over the kept columns, rows in lexicographic order, and the steps."""

    table: Relation
    steps: tuple[Step, ...]
    sizes: Mapping[int, int] = field(repr=False)
    _taken: dict[frozenset[int], list[bool]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def total(self) -> float:
        """The weight of all rows together: the number of assignments where every factor's rows weigh 1."""
        return float(self.table.weight.sum())

    def draw(self, rows: Column, generator: np.random.Generator) -> dict[int, Column]:
        """Assignments of every column, one for each of `rows` (rows of `table`), in proportion to their weights."""
        return self.complete(rows, self.uniforms(len(rows), generator))

    def uniforms(self, count: int, generator: np.random.Generator) -> Weights:
        """The random numbers in [0, 1) that `count` draws take, shape [step, draw]."""
        return generator.random((len(self.steps), count))

    def complete(self, rows: Column, uniforms: Weights, wanted: Collection[int] | None = None) -> dict[int, Column]:
        """The assignments that `draw` makes of some rows and random numbers, shape [step, draw].

        Those of the columns that are `wanted` (None: of all), and of what they are drawn by.
        """
        assigned = {c: codes[rows] for c, codes in zip(self.table.columns, self.table.codes, strict=True)}
        for step, drawn, uniform in zip(reversed(self.steps), self._drawn(wanted), uniforms, strict=True):
            if drawn:
                assigned[step.column] = step.draw(assigned, uniform)
        return assigned

    def _drawn(self, wanted: Collection[int] | None) -> Sequence[bool]:
        """Which steps some columns take, in the order in which they are drawn."""
        if wanted is None:
            return [True] * len(self.steps)
        key = frozenset(wanted)
        if key not in self._taken:
            needed, taken = set(key), list[bool]()
            for step in self.steps:
                taken.append(step.column in needed)
                needed |= set(step.reads) if taken[-1] else set()
            self._taken[key] = taken[::-1]
        return self._taken[key]

    def expand(self, rows: Column, bound: int = MOST_ROWS) -> tuple[Column, dict[int, Column]]:
        """Every assignment behind some rows of `table`: the row of each, and its columns. Raises TooLargeError.

        Every factor's rows must weigh 1.
        """
        budget = Budget(bound)
        marker = -1
        sizes = {**self.sizes, marker: len(self.table)}
        table = relation(
            (*self.table.columns, marker), (*(codes[rows] for codes in self.table.codes), np.asarray(rows))
        )
        for step in reversed(self.steps):
            table = join(table, Relation(step.table.columns, step.table.codes, step.table.weight), sizes, budget)
        assigned = dict(zip(table.columns, table.codes, strict=True))
        return assigned.pop(marker), assigned


def eliminate(
    factors: Iterable[Relation], sizes: Mapping[int, int], keep: Sequence[int], budget: Budget | None = None
) -> Elimination:
    """Join all factors and sum out every column but `keep`, cheapest column first.

    Every kept column must occur in a factor. Raises TooLargeError where the tables would exceed the budget.
    """
    budget = budget or Budget()
    pool = dict(enumerate(factors))
    touching: dict[int, list[int]] = {}
    for index, factor in pool.items():
        for column in factor.columns:
            touching.setdefault(column, []).append(index)
    steps, first = list[Step](), len(pool)
    waiting = set(touching) - set(keep)
    costs = {column: _cost([pool[i] for i in touching[column]], sizes) for column in waiting}
    cheapest = [(cost, column) for column, cost in costs.items()]
    heapify(cheapest)
    while waiting:
        cost, column = heappop(cheapest)
        if column not in waiting or costs[column] != cost:
            continue  # it was summed out, or something that mentions it was
        gone = touching[column]
        joined = reduce(lambda a, b: join(a, b, sizes, budget), sorted((pool[i] for i in gone), key=len))
        rest = tuple(c for c in joined.columns if c != column)
        if product([sizes[c] for c in rest]) > WIDEST:
            raise TooLargeError
        total = total_by(joined, rest, sizes)
        steps.append(Step(column, rest, narrowed(joined, sizes), sizes, len(total)))
        waiting.remove(column)
        for index in gone:
            del pool[index]
        new = first + len(steps)
        pool[new] = total
        for other in rest:
            touching[other] = [index for index in touching[other] if index in pool] + [new]
            if other in waiting:
                costs[other] = _cost([pool[i] for i in touching[other]], sizes)
                heappush(cheapest, (costs[other], other))
    whole = Relation((), (), np.ones(1))
    for factor in sorted(pool.values(), key=len):
        whole = join(whole, factor, sizes, budget)
    return Elimination(total_by(whole, tuple(dict.fromkeys(keep)), sizes), tuple(steps), sizes)


def _cost(touching: Sequence[Relation], sizes: Mapping[int, int]) -> float:
    """About how many rows the join of everything that mentions a column has."""
    columns = [column for factor in touching for column in factor.columns]
    counts = Counter(columns)
    rows = product([len(factor) for factor in touching])
    if rows == math.inf:
        return rows
    for column in set(columns):
        rows /= float(max(sizes[column], 1)) ** (counts[column] - 1)
    return rows
