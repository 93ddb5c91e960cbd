"""Sources for given bases, so that each item has the half that was chosen for it: by rejection, then by choice."""

from dataclasses import dataclass

import numpy as np

from ...lang.record import record
from ..causal_model import Codes
from ..expressions import Column
from .halves import EXPOSED
from .items import Recipe
from .open_spaces import Spaces
from .propose import Bools, draw_sources, draw_that_fit, interchange, output_codes, propose_sources
from .relations import Weights, ranges
from .spaces import pick
from .taken import Taken, hash_inputs

_QUICK = (2, 8, 32)
"""Candidates drawn for each item, attempt by attempt, before sources are chosen among all that fit."""
_SLOW, _PATIENCE = 128, 4
"""Where they cannot be listed: candidates at each further attempt, and attempts after which a base is given up."""
_ATTEMPTS = 64
_WITHIN = 64
"""Draws within one cell for sources that no other item has."""
_LISTED = 1 << 18
"""Combinations of source cells that are looked at together."""
_BASES, _SOUGHT, _IN_VAIN = 1 << 14, 64, 4
"""Bases that are drawn together where few allow the half, how often, and how often in a row to no avail."""


@dataclass
class Chunk:
    """Items under construction.

    `inputs` has shape [item, role, input], `cell` [item] (of the population), `base_cells` [item] and `source_cells`
    [item, variable] (of the spaces).
    """

    inputs: Codes
    cell: Column
    base_cells: Column
    source_cells: Codes

    def cut(self, length: int) -> None:
        """Keep the first items."""
        self.inputs, self.cell = self.inputs[:length], self.cell[:length]
        self.base_cells, self.source_cells = self.base_cells[:length], self.source_cells[:length]


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


@dataclass
class Matcher:
    """What finds sources for the bases of one split.

    `members` tells which variables each cell's set has (shape [cell, variable]), `changing` whether its half is the
    changing one (shape [cell]). It counts how many candidates were `drawn`, and how many had the half (`accepted`).
    """

    recipe: Recipe
    spaces: Spaces
    members: Bools
    changing: Bools
    drawn: int = 0
    accepted: int = 0

    def match(self, chunk: Chunk, items: Column, generator: np.random.Generator, taken: Taken | None = None) -> Column:
        """Draw sources for items with given bases so that the half is the wanted one; returns those that found none.

        The base stays as long as a source may still fit, so that the half tells nothing of the base. Rejection is
        tried first; then sources are chosen among all that fit, which also tells whether a base has any. With `taken`,
        a source is none that an earlier item has, and an item whose source's cell is used up finds none.
        """
        waiting, used_up = items, items[:0]
        in_vain = 0
        for attempt in range(_ATTEMPTS + _SOUGHT):
            if not len(waiting) or self.spaces.patience.is_over:
                break
            if attempt >= _ATTEMPTS:
                found = self._seek(chunk, waiting, generator)
                in_vain = 0 if len(found.items) else in_vain + 1
                if in_vain == _IN_VAIN:
                    break
            elif attempt < len(_QUICK) and not self._draws_by_cells():
                found = self._reject(chunk, np.repeat(waiting, _QUICK[attempt]), generator)
            else:
                listable = self._listable(chunk.cell[waiting], chunk.inputs[waiting, 0])
                found, hopeless = self._choose_sources(chunk, waiting[listable], generator)
                found = _together(found, self._reject(chunk, np.repeat(waiting[~listable], _SLOW), generator))
                if attempt and attempt % _PATIENCE == 0:
                    stuck = waiting if self.spaces.rejected else np.concatenate([hopeless, waiting[~listable]])
                    hopeless = np.setdiff1d(stuck, found.items)
                self.rebase(chunk, hopeless, generator)
            if taken is not None:
                free = self.free_within_cells(found, taken, generator)
                if self.cells_tell_codes():
                    used_up = np.concatenate([used_up, found.items[~free]])
                    waiting = np.setdiff1d(waiting, found.items[~free], assume_unique=True)
                found = found.where(free)
            chunk.source_cells[found.items], chunk.inputs[found.items, 1:] = found.cells, found.sources
            waiting = np.setdiff1d(waiting, found.items, assume_unique=True)
        return np.concatenate([waiting, used_up])

    def rebase(self, chunk: Chunk, items: Column, generator: np.random.Generator) -> None:
        """New bases for items, whatever their halves."""
        chunk.base_cells[items] = self.spaces.base.choose(np.zeros((len(items), 0), dtype=np.int64), generator)
        chunk.inputs[items, 0] = self.spaces.base.draw(chunk.base_cells[items], generator)

    def free_within_cells(self, found: Found, taken: Taken, generator: np.random.Generator) -> Bools:
        """Whether each item's sources are free, after they were redrawn (in place) within the cells that were chosen.

        Another cell is no way out: items would drift towards cells with more inputs. So a cell that is nearly used up
        ends the stream.
        """
        owner, sources = found.items[:, None], found.sources
        free: Bools = np.asarray(taken.is_free(hash_inputs(sources), owner).all(axis=1))
        if not self.cells_tell_codes():
            return free
        for _ in range(_WITHIN):
            used = np.flatnonzero(~free)
            if not len(used):
                break
            sources[used] = draw_sources(self.spaces.source, found.cells[used], generator)
            free[used] = taken.is_free(hash_inputs(sources[used]), owner[used]).all(axis=1)
        return free

    def cells_tell_codes(self) -> bool:
        """Whether a source's cell determines the codes of all aligned variables, and any of its inputs will do."""
        return self._codes_are_known() and not self.spaces.rejected

    def _draws_by_cells(self) -> bool:
        """Whether links are met by rejection, but the half by choosing cells: so no draw is lost on a wrong half."""
        return self._codes_are_known() and bool(self.spaces.rejected)

    def _codes_are_known(self) -> bool:
        """Whether a source's cell determines the codes of all aligned variables."""
        return all(self.spaces.source.codes_of(name) is not None for name in self.recipe.variables)

    def _reject(self, chunk: Chunk, owner: Column, generator: np.random.Generator) -> Found:
        """The first candidate of each owner whose half is right."""
        bases, base_cells = chunk.inputs[owner, 0], chunk.base_cells[owner]
        drawn = propose_sources(self.recipe, self.spaces, bases, base_cells, generator)
        right = drawn.possible & self._is_right(chunk.cell[owner], bases, drawn.codes, base_cells, drawn.source_cells)
        self.drawn += len(owner)
        self.accepted += int(right.sum())
        hits = np.flatnonzero(right)
        first = hits[np.unique(owner[hits], return_index=True)[1]]
        cells = drawn.source_cells[first]
        if drawn.sources is not None:
            return Found(owner[first], cells, drawn.sources[first])
        return Found(owner[first], cells, draw_sources(self.spaces.source, cells, generator))

    def _choose_sources(self, chunk: Chunk, items: Column, generator: np.random.Generator) -> tuple[Found, Column]:
        """Sources from cells that are chosen among all that give the half; last, items whose base has none."""
        found, some = self._choose(chunk.cell[items], chunk.inputs[items, 0], chunk.base_cells[items], generator)
        return Found(items[found.items], found.cells, found.sources), items[~some]

    def _seek(self, chunk: Chunk, items: Column, generator: np.random.Generator) -> Found:
        """Bases of items by the bases' law, each the first that has sources of the wanted half; and such sources.

        This is what `match` does base by base, for many bases at once: few have such sources.
        """
        none = np.zeros((0, *chunk.inputs[0, 1:].shape), dtype=np.int64)
        nothing = Found(items[:0], chunk.source_cells[:0], none)
        if not self.cells_tell_codes():
            return nothing
        combinations = self._combinations(chunk.cell[items], chunk.inputs[items, 0]).sum()
        owner = np.repeat(items, max(1, min(int(_LISTED // combinations), _BASES // len(items))))
        base_cells = self.spaces.base.choose(np.zeros((len(owner), 0), dtype=np.int64), generator)
        bases = self.spaces.base.draw(base_cells, generator)
        if not self._listable(chunk.cell[owner], bases).all():
            return nothing
        found, _ = self._choose(chunk.cell[owner], bases, base_cells, generator)
        kept, first = np.unique(owner[found.items], return_index=True)
        at = found.items[first]
        chunk.base_cells[kept], chunk.inputs[kept, 0] = base_cells[at], bases[at]
        return Found(kept, found.cells[first], found.sources[first])

    def _choose(
        self, cell: Column, bases: Codes, base_cells: Column, generator: np.random.Generator
    ) -> tuple[Found, Bools]:
        """Source cells chosen among all that give the half, and sources from them; last, whether a base has some.

        What was found has the bases' indices.
        """
        chosen = [self.spaces.source.choose(bases, generator) for _ in self.recipe.variables]
        cells: Codes = np.stack(chosen, axis=1)
        some = np.zeros(len(bases), dtype=bool)
        fitting = self._fitting_linked if self.spaces.source.readings else self._fitting
        for portion in _portions(self._combinations(cell, bases).astype(np.int64), _LISTED):
            owner, fit = fitting(portion, cell, bases, base_cells, cells)
            found, first, number = np.unique(owner, return_index=True, return_counts=True)
            at = pick(first, number, self._weights(fit, self.members[cell[owner]]), generator)
            cells[found], some[found] = fit[at], True
        sources, drawn = self._draw_within(bases[some], cells[some], generator)
        return Found(np.flatnonzero(some)[drawn], cells[some][drawn], sources[drawn]), some

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
            right = self._is_right(cell[owner], bases[owner], self._codes(candidates), base_cells[owner], candidates)
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
        combinations = self._combinations(cell[portion], bases[portion]).astype(np.int64)
        owner = np.repeat(portion, combinations)
        digits = ranges(np.zeros(len(portion), dtype=np.int64), combinations)
        candidates = cells[owner]
        for j in range(len(self.recipe.variables)):
            member = self.members[cell[owner], j]
            rest, digit = np.divmod(digits, count[owner])
            digits = np.where(member, rest, digits)
            candidates[:, j] = np.where(member, start[owner] + digit, candidates[:, j])
        right = self._is_right(cell[owner], bases[owner], self._codes(candidates), base_cells[owner], candidates)
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

    def _listable(self, cell: Column, bases: Codes) -> Bools:
        """Whether every combination of source cells of an item's set can be looked at."""
        if not self._codes_are_known():
            return np.zeros(len(cell), dtype=bool)
        few: Bools = self._combinations(cell, bases) <= _LISTED
        return few

    def _combinations(self, cell: Column, bases: Codes) -> Weights:
        """How many combinations of source cells there are for an item's set."""
        number: Weights = self._source_cells(bases)[1].astype(np.float64) ** self.members[cell].sum(axis=1)
        return number

    def _source_cells(self, bases: Codes) -> tuple[Column, Column]:
        """The first source cell that goes with each base, and how many do."""
        source = self.spaces.source
        if not source.readings:
            return np.zeros(len(bases), dtype=np.int64), np.full(len(bases), len(source))
        group = source.groups(bases)
        return source.group_start[group], source.group_count[group]

    def _is_right(self, cell: Column, bases: Codes, codes: Codes, base_cells: Column, source_cells: Codes) -> Bools:
        """Whether each item has its cell's half."""
        before = output_codes(self.recipe, self.spaces.base, base_cells)
        after = interchange(self.recipe, bases, codes, self.members[cell])
        right: Bools = ((after != before) == self.changing[cell]) & (after >= 0)
        if EXPOSED in self.recipe.halves:
            other = output_codes(self.recipe, self.spaces.source, source_cells) != before[:, None]
            right = right & (other & self.members[cell]).any(axis=1)
        return right


def _together(first: Found, second: Found) -> Found:
    return Found(
        np.concatenate([first.items, second.items]),
        np.concatenate([first.cells, second.cells]),
        np.concatenate([first.sources, second.sources]),
    )


def _portions(sizes: Column, most: int) -> list[Column]:
    """Indices in order, cut where their sizes together would pass `most` (one alone may)."""
    if not len(sizes):
        return []
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(np.cumsum(sizes) // most)) + 1)
