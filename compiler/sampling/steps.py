"""Steps: one column summed out of a table of relations, and drawn back given what stayed of it."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from ...lang.record import record
from ..expressions import Column
from .relations import DENSE, WIDEST, Relation, Weights, product, sorting

_EXACT = float(1 << 53)
_COUNTED = float(1 << 20)
"""Weights of at most so much together are looked up by their whole part."""


@record
class Step:
    """One column summed out: the joined table of everything that mentioned it, and the columns that stayed.

    There are so many `groups` of rows that agree on `rest`.
    """

    column: int
    rest: tuple[int, ...]
    table: Relation
    sizes: Mapping[int, int]
    groups: int

    def draw(self, assigned: Mapping[int, Column], uniform: Weights) -> Column:
        """The column's codes given the others' (shape [draw]), in proportion to the weights; shape [draw]."""
        keys = self._keys(assigned, self.reads, len(uniform))
        if self._function is not None:
            code: Column = self._function[1][keys].astype(np.int64)
            return code
        ends, distinct, codes, running = self._ranges
        groups = keys if distinct is None else np.searchsorted(distinct, keys)
        first = ends[groups].astype(np.int64)
        count = ends[groups + 1].astype(np.int64) - first
        if running is None:
            return codes[first + (uniform * count).astype(np.int64)].astype(np.int64)
        last = first + count - 1
        below = np.where(first > 0, running[first - 1], 0.0)
        value = below + uniform * (running[last] - below)
        if self._rows_below is None:
            rows = np.searchsorted(running, value, "right")
        else:
            rows = self._rows_below[value.astype(np.int64)].astype(np.int64)
        drawn: Column = codes[np.minimum(np.maximum(rows, first), last)].astype(np.int64)
        return drawn

    @cached_property
    def reads(self) -> tuple[int, ...]:
        """The columns by which it is drawn: those that tell groups apart, or determine the column."""
        return self._key if self._function is None else self._function[0]

    @cached_property
    def _function(self) -> tuple[tuple[int, ...], Column] | None:
        """Where each group is one row, the column is a function of others: of few that have a dense key, by that key.

        None where it is no function, or no such key is found.
        """
        if self.groups != len(self.table):
            return None
        chosen, found = tuple[int, ...](), self._by_key(())
        for column in sorted(self.rest):  # the inputs come first
            if found is not None:
                break
            if product([self.sizes[c] for c in (*chosen, column)]) <= DENSE:
                chosen = (*chosen, column)
                found = self._by_key(chosen)
        if found is None:
            return None
        for column in chosen[:-1]:
            fewer = tuple(c for c in chosen if c != column)
            by_fewer = self._by_key(fewer)
            chosen, found = (chosen, found) if by_fewer is None else (fewer, by_fewer)
        return chosen, found

    def _by_key(self, columns: Sequence[int]) -> Column | None:
        """The column's codes by the key of others, or None where these do not determine it."""
        keys, codes = self._keys_of(columns), self.table.of(self.column)
        found = np.zeros(int(product([self.sizes[c] for c in columns])), dtype=codes.dtype)
        found[keys] = codes
        return found if np.array_equal(found[keys], codes) else None

    @cached_property
    def _key(self) -> tuple[int, ...]:
        """The columns that tell groups apart: of many, few that determine the others, where these have a dense key.

        A column that is a function of others, as a variable's is of the inputs, only makes keys sparse. Where weights
        differ all columns stay: the groups' order enters the rounding of their running sums, and so what is drawn.
        """
        if product([self.sizes[c] for c in self.rest]) <= DENSE or not np.all(self.table.weight == 1):
            return self.rest
        seen, chosen = 0, tuple[int, ...]()
        for column in sorted(self.rest):  # the inputs come first
            more = (*chosen, column)
            if product([self.sizes[c] for c in more]) > DENSE:
                continue
            count = int(np.count_nonzero(np.bincount(self._keys_of(more))))
            chosen, seen = (more, count) if count > seen else (chosen, seen)
            if seen == self.groups:
                return chosen
        return self.rest

    @cached_property
    def _ranges(self) -> tuple[Column, Column | None, Column, Weights | None]:
        """Where groups end, a zero before, sorted keys (None: all), the column's codes by group, running weights."""
        keys, space = self._keys_of(self._key), product([self.sizes[c] for c in self._key])
        order = sorting(keys, int(min(space, WIDEST)))
        if space <= DENSE:
            distinct = None
            counts = np.bincount(keys, minlength=int(space))
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

    @cached_property
    def _rows_below(self) -> Column | None:
        """How many running weights are at most 0, 1, 2, ..; None where they are no whole numbers, or too large.

        Of a number between two whole ones as many are at most it as of the lower one.
        """
        running = self._ranges[3]
        if running is None or running[-1] > _COUNTED or not np.all(running == np.floor(running)):
            return None
        counted = np.arange(int(running[-1]) + 1)
        rows: Column = np.searchsorted(running, counted, "right").astype(np.min_scalar_type(len(running)))
        return rows

    def _keys_of(self, columns: Sequence[int]) -> Column:
        """One integer for each row of the table, equal where these columns are; shape [row]."""
        return self._keys(dict(zip(self.table.columns, self.table.codes, strict=True)), columns, len(self.table))

    def _keys(self, assigned: Mapping[int, Column], columns: Sequence[int], count: int) -> Column:
        """One integer for each draw, equal where these columns are, and at most their sizes' product; shape [draw]."""
        keys = np.asarray(assigned[columns[0]] if columns else np.zeros(count), dtype=np.int64)
        for column in columns[1:]:
            keys = keys * self.sizes[column] + assigned[column]
        return keys
