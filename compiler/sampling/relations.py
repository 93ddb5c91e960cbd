"""Relations: tables of distinct rows with weights, joined, and summed over some of their columns."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ...lang.record import record
from ..expressions import Column

Weights = npt.NDArray[np.float64]

MOST_ROWS = 4_000_000
"""Rows of all tables of one elimination together."""
DENSE = 1 << 22
"""Keys below it are looked up in tables."""
WIDEST = 1 << 62


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
    weight = np.broadcast_to(table.weight[:1].copy(), len(table)) if same else table.weight
    return Relation(table.columns, codes, weight)


def radix_keys(tables: Sequence[Sequence[Column]], sizes: Sequence[int]) -> tuple[list[Column], int]:
    """One integer per row, equal where the columns are equal, for several tables over the same columns.

    `sizes` are the columns' sizes. Returns the keys of each table and a bound above them. Where the mixed radix would
    leave 63 bits, the keys so far are replaced by their ranks.
    """
    keys = [np.zeros(len(table[0]) if table else 1, dtype=np.int64) for table in tables]
    space = 1
    for index, size in enumerate(sizes):
        if space * size > WIDEST:
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
    if space <= min(DENSE, max(DENSE // 4, 4 * len(keys))):
        sums: Weights = np.bincount(keys, weights=table.weight).astype(np.float64)
        present = np.flatnonzero(sums)
        rows = np.empty(len(sums), dtype=np.int64)
        rows[keys] = np.arange(len(keys))
        rows, weight = rows[present], sums[present]
    else:
        distinct, rows, inverse = np.unique(keys, return_index=True, return_inverse=True)
        weight = np.bincount(inverse.reshape(-1), weights=table.weight, minlength=len(distinct)).astype(np.float64)
    return Relation(tuple(columns), tuple(c[rows] for c in codes), weight)
