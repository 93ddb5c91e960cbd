"""Sources for given bases, so that each item has the half that was chosen for it: by rejection, then by choice."""

from dataclasses import dataclass

import numpy as np

from ..causal_model import Codes
from ..expressions import Column
from .choose_sources import LISTED_CELLS, Chooser, Found
from .items import Recipe
from .open_spaces import Spaces
from .propose import Bools, draw_sources, propose_sources
from .taken import Taken, hash_inputs

_QUICK = (2, 8, 32)
"""Candidates drawn for each item, attempt by attempt, before sources are chosen among all that fit."""
_SLOW, _PATIENCE = 128, 4
"""Where they cannot be listed: candidates at each further attempt, and attempts after which a base is given up."""
_ATTEMPTS = 64
_WITHIN = 64
"""Draws within one cell for sources that no other item has."""
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


@dataclass
class Matcher:
    """What finds sources for the bases of one split.

    It counts how many candidates were `drawn`, and how many had the half (`accepted`).
    """

    chooser: Chooser
    drawn: int = 0
    accepted: int = 0

    @property
    def recipe(self) -> Recipe:
        """The population that items are of."""
        return self.chooser.recipe

    @property
    def spaces(self) -> Spaces:
        """The bases and the sources of the split."""
        return self.chooser.spaces

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
                listable = self.chooser.listable(chunk.cell[waiting], chunk.inputs[waiting, 0])
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
        return self.chooser.codes_are_known() and not self.spaces.rejected

    def _draws_by_cells(self) -> bool:
        """Whether links are met by rejection, but the half by choosing cells: so no draw is lost on a wrong half."""
        return self.chooser.codes_are_known() and bool(self.spaces.rejected)

    def _reject(self, chunk: Chunk, owner: Column, generator: np.random.Generator) -> Found:
        """The first candidate of each owner whose half is right."""
        bases, base_cells = chunk.inputs[owner, 0], chunk.base_cells[owner]
        drawn = propose_sources(self.recipe, self.spaces, bases, base_cells, generator)
        right = drawn.possible & self.chooser.is_right(
            chunk.cell[owner], bases, drawn.codes, base_cells, drawn.source_cells
        )
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
        found, some = self.chooser.choose(chunk.cell[items], chunk.inputs[items, 0], chunk.base_cells[items], generator)
        return Found(items[found.items], found.cells, found.sources), items[~some]

    def _seek(self, chunk: Chunk, items: Column, generator: np.random.Generator) -> Found:
        """Bases of items by the bases' law, each the first that has sources of the wanted half; and such sources.

        This is what `match` does base by base, for many bases at once: few have such sources.
        """
        none = np.zeros((0, *chunk.inputs[0, 1:].shape), dtype=np.int64)
        nothing = Found(items[:0], chunk.source_cells[:0], none)
        if not self.cells_tell_codes():
            return nothing
        combinations = self.chooser.combinations(chunk.cell[items], chunk.inputs[items, 0]).sum()
        owner = np.repeat(items, max(1, min(int(LISTED_CELLS // combinations), _BASES // len(items))))
        base_cells = self.spaces.base.choose(np.zeros((len(owner), 0), dtype=np.int64), generator)
        bases = self.spaces.base.draw(base_cells, generator)
        if not self.chooser.listable(chunk.cell[owner], bases).all():
            return nothing
        found, _ = self.chooser.choose(chunk.cell[owner], bases, base_cells, generator)
        kept, first = np.unique(owner[found.items], return_index=True)
        at = found.items[first]
        chunk.base_cells[kept], chunk.inputs[kept, 0] = base_cells[at], bases[at]
        return Found(kept, found.cells[first], found.sources[first])


def _together(first: Found, second: Found) -> Found:
    return Found(
        np.concatenate([first.items, second.items]),
        np.concatenate([first.cells, second.cells]),
        np.concatenate([first.sources, second.sources]),
    )
