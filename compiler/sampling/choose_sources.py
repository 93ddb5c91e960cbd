"""Cells of sources that are chosen among all that give items their halves, and sources from these cells."""

import numpy as np

from ...lang.record import record
from ..causal_model import Codes
from ..expressions import Column
from .halves import EXPOSED
from .items import Recipe
from .open_spaces import Spaces
from .propose import Bools, draw_sources, draw_that_fit, interchange, output_codes
from .relations import Weights, ranges
from .spaces import pick

LISTED_CELLS = 1 << 18
"""Combinations of source cells that are looked at together."""


@record
class Found:
    """Sources that give their items the wanted halves.

    `items` has shape [found], `cells` (of the space of sources) [found, variable], `sources` [found, variable, input].
    """

    items: Column
    cells: Codes
    sources: Codes

    def where(self, kept: Bools) -> "Found":
        """Some of them."""
        return Found(self.items[kept], self.cells[kept], self.sources[kept])


@record
class Chooser:
    """What chooses sources for the bases of one split.

    `members` tells which variables each cell's set has (shape [cell, variable]), `changing` whether its half is the
    changing one (shape [cell]).
    """

    recipe: Recipe
    spaces: Spaces
    members: Bools
    changing: Bools

    def choose(
        self, cell: Column, bases: Codes, base_cells: Column, generator: np.random.Generator
    ) -> tuple[Found, Bools]:
        """Source cells chosen among all that give the half, and sources from them; last, whether a base has some.

        What was found has the bases' indices.
        """
        chosen = [self.spaces.source.choose(bases, generator) for _ in self.recipe.variables]
        cells: Codes = np.stack(chosen, axis=1)
        some = np.zeros(len(bases), dtype=bool)
        fitting = self._fitting_linked if self.spaces.source.readings else self._fitting
        for portion in _portions(self.combinations(cell, bases).astype(np.int64), LISTED_CELLS):
            owner, fit = fitting(portion, cell, bases, base_cells, cells)
            found, first, number = np.unique(owner, return_index=True, return_counts=True)
            at = pick(first, number, self._weights(fit, self.members[cell[owner]]), generator)
            cells[found], some[found] = fit[at], True
        sources, drawn = self._draw_within(bases[some], cells[some], generator)
        return Found(np.flatnonzero(some)[drawn], cells[some][drawn], sources[drawn]), some

    def listable(self, cell: Column, bases: Codes) -> Bools:
        """Whether every combination of source cells of an item's set can be looked at."""
        if not self.codes_are_known():
            return np.zeros(len(cell), dtype=bool)
        few: Bools = self.combinations(cell, bases) <= LISTED_CELLS
        return few

    def combinations(self, cell: Column, bases: Codes) -> Weights:
        """How many combinations of source cells there are for an item's set."""
        number: Weights = self._source_cells(bases)[1].astype(np.float64) ** self.members[cell].sum(axis=1)
        return number

    def is_right(self, cell: Column, bases: Codes, codes: Codes, base_cells: Column, source_cells: Codes) -> Bools:
        """Whether each item has its cell's half."""
        before = output_codes(self.recipe, self.spaces.base, base_cells)
        after = interchange(self.recipe, bases, codes, self.members[cell])
        right: Bools = ((after != before) == self.changing[cell]) & (after >= 0)
        if EXPOSED in self.recipe.halves:
            other = output_codes(self.recipe, self.spaces.source, source_cells) != before[:, None]
            right = right & (other & self.members[cell]).any(axis=1)
        return right

    def codes_are_known(self) -> bool:
        """Whether a source's cell determines the codes of all aligned variables."""
        return all(self.spaces.source.codes_of(name) is not None for name in self.recipe.variables)

    def _fitting(
        self, portion: Column, cell: Column, bases: Codes, base_cells: Column, cells: Codes
    ) -> tuple[Column, Codes]:
        """Every combination of source cells that gives the half of a base: the base's index, and the cells.

        `cells` [base, variable] are kept of variables that are not in the set. Cells of a variable's code are tried
        together: what the output becomes rests on the codes alone.
        """
        owners, combinations = [portion[:0]], [cells[:0]]
        members = self.members[cell[portion]]
        for chosen in np.unique(members, axis=0):
            its = portion[(members == chosen).all(axis=1)]
            variables = np.flatnonzero(chosen)[::-1]  # of a base's combinations, those of the first one's cells in turn
            kinds = [self._kinds(j) for j in variables]
            tried = np.stack(np.meshgrid(*(first for first, _ in kinds), indexing="ij"), axis=-1)
            owner = np.repeat(its, tried[..., 0].size)
            candidates = cells[owner]
            candidates[:, variables] = np.tile(tried.reshape(-1, len(variables)), (len(its), 1))
            right = self.is_right(cell[owner], bases[owner], self._codes(candidates), base_cells[owner], candidates)
            table = right.reshape(len(its), *tried.shape[:-1])
            at, *picked = np.nonzero(table[np.ix_(np.arange(len(its)), *(kind for _, kind in kinds))])
            fit = cells[its[at]]
            fit[:, variables] = np.stack(picked, axis=1)
            owners.append(its[at])
            combinations.append(fit)
        owner = np.concatenate(owners)
        order = np.argsort(owner, kind="stable")  # whatever the sets, so that sums of weights are rounded alike
        return owner[order], np.concatenate(combinations)[order]

    def _kinds(self, variable: int) -> tuple[Column, Column]:
        """A variable's source cells by what an item's half reads of them: one of each kind, and the kind of each."""
        source, recipe = self.spaces.source, self.recipe
        read = [recipe.variables[variable], *([recipe.model.output] if EXPOSED in recipe.halves else [])]
        columns = [codes for name in read if (codes := source.codes_of(name)) is not None]
        _, first, kind = np.unique(np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True)
        return first, kind.reshape(-1)

    def _fitting_linked(
        self, portion: Column, cell: Column, bases: Codes, base_cells: Column, cells: Codes
    ) -> tuple[Column, Codes]:
        """The same where each base has source cells of its own."""
        start, count = self._source_cells(bases)
        combinations = self.combinations(cell[portion], bases[portion]).astype(np.int64)
        owner = np.repeat(portion, combinations)
        digits = ranges(np.zeros(len(portion), dtype=np.int64), combinations)
        candidates = cells[owner]
        for j in range(len(self.recipe.variables)):
            member = self.members[cell[owner], j]
            rest, digit = np.divmod(digits, count[owner])
            digits = np.where(member, rest, digits)
            candidates[:, j] = np.where(member, start[owner] + digit, candidates[:, j])
        right = self.is_right(cell[owner], bases[owner], self._codes(candidates), base_cells[owner], candidates)
        return owner[right], candidates[right]

    def _codes(self, cells: Codes) -> Codes:
        """The code of each variable in its source cell; both of shape [combination, variable]."""
        codes = np.empty_like(cells)
        for j, name in enumerate(self.recipe.variables):
            column = self.spaces.source.codes_of(name)
            assert column is not None
            codes[:, j] = column[cells[:, j]]
        return codes

    def _draw_within(self, bases: Codes, cells: Codes, generator: np.random.Generator) -> tuple[Codes, Bools]:
        """Sources from cells (shape [item, variable]) that go with their bases, and whether all were found."""
        if not self.spaces.rejected:
            return draw_sources(self.spaces.source, cells, generator), np.ones(len(cells), dtype=bool)
        each = np.repeat(bases, cells.shape[1], axis=0)
        sources, found = draw_that_fit(self.recipe, self.spaces, each, cells.reshape(-1), generator)
        every: Bools = np.asarray(found.reshape(cells.shape).all(axis=1))
        return sources.reshape(*cells.shape, bases.shape[1]), every

    def _weights(self, cells: Codes, members: Bools) -> Weights | None:
        """How likely the source cells of each combination (shape [combination, variable]) are by their own law."""
        share = self.spaces.source.share
        if share is None:
            return None
        weight: Weights = np.where(members, share[cells], 1.0).prod(axis=1)
        return weight

    def _source_cells(self, bases: Codes) -> tuple[Column, Column]:
        """The first source cell that goes with each base, and how many do."""
        source = self.spaces.source
        if not source.readings:
            return np.zeros(len(bases), dtype=np.int64), np.full(len(bases), len(source))
        group = source.groups(bases)
        return source.group_start[group], source.group_count[group]


def _portions(sizes: Column, most: int) -> list[Column]:
    """Indices in order, cut where their sizes together would pass `most` (one alone may)."""
    if not len(sizes):
        return []
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(np.cumsum(sizes) // most)) + 1)
