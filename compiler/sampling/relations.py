"""Relations: tables of distinct rows with weights, joined and summed out column by column, then sampled backwards.

Factors over columns go in; the total weight of every row of the kept columns comes out (bucket elimination, Dechter
1999), with what it takes to draw the columns that were summed out, in proportion to their weight.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property, reduce
from heapq import heapify, heappop, heappush

import numpy as np
import numpy.typing as npt

from ...lang.record import record
from ..expressions import Column

Weights = npt.NDArray[np.float64]

MOST_ROWS = 4_000_000
"""Rows of all tables of one elimination together."""
_DENSE = 1 << 22
_WIDEST = 1 << 62
_EXACT = float(1 << 53)


class TooLargeError(Exception):
    """The tables would grow beyond the bound: the caller falls back to sampling."""


@record
class Relation:
    """Distinct rows over columns, each with a weight > 0.

    `columns` are ids; `codes` holds for each column an array of shape [row], values 0 .. size-1 of that column;
    `weight` has shape [row].
    """

    columns: tuple[int, ...]
    codes: tuple[Column, ...]
    weight: Weights

    def __len__(self) -> int:
        return len(self.weight)

    def of(self, column: int) -> Column:
        """The codes of one column, shape [row]."""
        return self.codes[self.columns.index(column)]


def relation(columns: Sequence[int], codes: Sequence[Column], weight: Weights | None = None) -> Relation:
    """A relation whose rows weigh 1 unless weights are given."""
    return Relation(tuple(columns), tuple(codes), np.ones(len(codes[0])) if weight is None else weight)


class Budget:
    """Counts rows against the bound."""

    def __init__(self, rows: int = MOST_ROWS) -> None:
        self.left = rows

    def spend(self, rows: float) -> None:
        """Take rows off the budget. Raises TooLargeError."""
        if rows > self.left:
            raise TooLargeError
        self.left -= int(rows)


def narrowed(table: Relation, sizes: Mapping[int, int]) -> Relation:
    """The same rows in the narrowest types that hold their codes, as what is kept for drawing is kept."""
    widths = [np.min_scalar_type(max(sizes[column] - 1, 0)) for column in table.columns]
    codes = tuple(codes.astype(width) for codes, width in zip(table.codes, widths, strict=True))
    same = len(table) and np.all(table.weight == table.weight[0])
    weight = np.broadcast_to(table.weight[:1], len(table)) if same else table.weight
    return Relation(table.columns, codes, weight)


def radix_keys(tables: Sequence[Sequence[Column]], sizes: Sequence[int]) -> tuple[list[Column], int]:
    """One integer per row, equal where the columns are equal, for several tables over the same columns.

    `sizes` are the columns' sizes. Returns the keys of each table and a bound above them. Where the mixed radix would
    leave 63 bits, the keys so far are replaced by their ranks.
    """
    keys = [np.zeros(len(table[0]) if table else 1, dtype=np.int64) for table in tables]
    space = 1
    for index, size in enumerate(sizes):
        if space * size > _WIDEST:
            distinct, ranks = np.unique(np.concatenate(keys), return_inverse=True)
            keys = np.split(ranks.reshape(-1), np.cumsum([len(k) for k in keys])[:-1])
            space = len(distinct)
        keys = [key * size + table[index] for key, table in zip(keys, tables, strict=True)]
        space *= size
    return keys, space


def sorting(keys: Column, space: int) -> Column:
    """A stable order of the keys; keys below 2^16 are sorted by radix."""
    return np.argsort(keys.astype(np.uint16) if space <= 1 << 16 else keys, kind="stable")


def join(a: Relation, b: Relation, sizes: Mapping[int, int], budget: Budget) -> Relation:
    """Every pair of rows that agree on the shared columns; weights multiply. Raises TooLargeError."""
    shared = [column for column in a.columns if column in b.columns]
    own = [column for column in b.columns if column not in a.columns]
    if not shared:
        budget.spend(float(len(a)) * len(b))
        left = np.repeat(np.arange(len(a)), len(b))
        right = np.tile(np.arange(len(b)), len(a))
    else:
        (keys_a, keys_b), space = radix_keys(
            [[a.of(c) for c in shared], [b.of(c) for c in shared]], [sizes[c] for c in shared]
        )
        order = sorting(keys_b, space)
        ordered = keys_b[order]
        starts = np.searchsorted(ordered, keys_a, "left")
        counts = np.searchsorted(ordered, keys_a, "right") - starts
        budget.spend(float(counts.sum()))
        left = np.repeat(np.arange(len(a)), counts)
        right = order[ranges(starts, counts)]
    with np.errstate(over="ignore"):
        weight = a.weight[left] * b.weight[right]
    if not np.isfinite(weight).all():
        raise TooLargeError
    return Relation((*a.columns, *own), (*(codes[left] for codes in a.codes), *(b.of(c)[right] for c in own)), weight)


def product(sizes: Sequence[int]) -> float:
    """The product of sizes, of very many infinity."""
    with np.errstate(over="ignore"):
        return float(np.prod([float(size) for size in sizes]))


def ranges(starts: Column, counts: Column) -> Column:
    """The concatenation of start .. start+count-1."""
    offsets: Column = np.repeat(starts - (np.cumsum(counts) - counts), counts)
    return offsets + np.arange(len(offsets))


def total_by(table: Relation, columns: Sequence[int], sizes: Mapping[int, int]) -> Relation:
    """The distinct rows of some columns, in lexicographic order, with the sums of their weights."""
    codes = [table.of(c) for c in columns]
    if not columns:
        total = table.weight.sum(keepdims=True)
        return Relation((), (), total[total > 0])
    (keys,), space = radix_keys([codes], [sizes[c] for c in columns])
    weight: Weights
    if space <= min(_DENSE, max(_DENSE // 4, 4 * len(keys))):
        sums: Weights = np.bincount(keys, weights=table.weight).astype(np.float64)
        present = np.flatnonzero(sums)
        rows = np.empty(len(sums), dtype=np.int64)
        rows[keys] = np.arange(len(keys))
        rows, weight = rows[present], sums[present]
    else:
        distinct, rows, inverse = np.unique(keys, return_index=True, return_inverse=True)
        weight = np.bincount(inverse.reshape(-1), weights=table.weight, minlength=len(distinct)).astype(np.float64)
    return Relation(tuple(columns), tuple(c[rows] for c in codes), weight)


@record
class Step:
    """One column summed out: the joined table of everything that mentioned it, and the columns that stayed."""

    column: int
    rest: tuple[int, ...]
    table: Relation
    sizes: Mapping[int, int]

    @cached_property
    def _key(self) -> tuple[int, ...]:
        """The columns that tell groups apart: of many, few that determine the others, where these have a dense key.

        A column that is a function of others, as a variable's is of the inputs, only makes keys sparse. Where weights
        differ all columns stay: the groups' order enters the rounding of their running sums, and so what is drawn.
        """
        sizes = [self.sizes[c] for c in self.rest]
        if product(sizes) <= _DENSE or not np.all(self.table.weight == 1):
            return self.rest
        (keys,), _ = radix_keys([[self.table.of(c) for c in self.rest]], sizes)
        groups, seen, chosen = len(np.unique(keys)), 0, tuple[int, ...]()
        for column in sorted(self.rest):  # the inputs come first
            more = (*chosen, column)
            (keys,), space = radix_keys([[self.table.of(c) for c in more]], [self.sizes[c] for c in more])
            if space > _DENSE:
                continue
            count = int(np.count_nonzero(np.bincount(keys)))
            chosen, seen = (more, count) if count > seen else (chosen, seen)
            if seen == groups:
                return chosen
        return self.rest

    @cached_property
    def _groups(self) -> tuple[Column, Column | None, Column, Weights | None]:
        """Where groups end, a zero before, sorted keys (None: all), the column's codes by group, running weights."""
        (keys,), space = radix_keys([[self.table.of(c) for c in self._key]], [self.sizes[c] for c in self._key])
        if not self.rest:
            keys = np.zeros(len(self.table), dtype=np.int64)
        order = sorting(keys, space)
        if space <= _DENSE:
            distinct = None
            counts = np.bincount(keys, minlength=space)
        else:
            distinct, counts = np.unique(keys, return_counts=True)
        weight = self.table.weight[order]
        running = None
        if not np.all(weight == 1):
            running = np.cumsum(weight)
            if running[-1] > _EXACT:  # sums of huge counts: every group is scaled to 1, so that no small one is lost
                groups = np.repeat(np.arange(len(counts)), counts)
                running = np.cumsum(weight / np.bincount(groups, weights=weight)[groups])
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.min_scalar_type(len(keys)))
        return ends, distinct, self.table.of(self.column)[order], running

    def draw(self, assigned: Mapping[int, Column], uniform: Weights) -> Column:
        """The column's codes given the others' (shape [draw]), in proportion to the weights; shape [draw]."""
        ends, distinct, codes, running = self._groups
        (keys,), _ = radix_keys([[assigned[c] for c in self._key]], [self.sizes[c] for c in self._key])
        if not self.rest:
            keys = np.zeros(len(uniform), dtype=np.int64)
        groups = keys if distinct is None else np.searchsorted(distinct, keys)
        first, last = ends[groups].astype(np.int64), ends[groups + 1].astype(np.int64) - 1
        if running is None:
            rows = first + (uniform * (last + 1 - first)).astype(np.int64)
        else:
            below = np.where(first > 0, running[first - 1], 0.0)
            rows = np.searchsorted(running, below + uniform * (running[last] - below), "right")
        return codes[np.clip(rows, first, last)].astype(np.int64)


@record
class Elimination:
    """What is left after summing out: `table` over the kept columns, rows in lexicographic order, and the steps."""

    table: Relation
    steps: tuple[Step, ...]
    sizes: Mapping[int, int] = field(repr=False)

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

    def complete(self, rows: Column, uniforms: Weights) -> dict[int, Column]:
        """The assignments that `draw` makes of some rows and random numbers, shape [step, draw]."""
        assigned = {c: codes[rows] for c, codes in zip(self.table.columns, self.table.codes, strict=True)}
        for step, uniform in zip(reversed(self.steps), uniforms, strict=True):
            assigned[step.column] = step.draw(assigned, uniform)
        return assigned

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
        if product([sizes[c] for c in rest]) > _WIDEST:
            raise TooLargeError
        steps.append(Step(column, rest, narrowed(joined, sizes), sizes))
        waiting.remove(column)
        for index in gone:
            del pool[index]
        new = first + len(steps)
        pool[new] = total_by(joined, rest, sizes)
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
