"""Bases and sources by their own laws, without regard to halves, and what an interchange of them gives."""

import numpy as np
import numpy.typing as npt

from ...lang.record import record
from ..causal_model import Codes
from ..expressions import Column
from .items import Recipe
from .open_spaces import Spaces, link_holds
from .spaces import Space

Bools = npt.NDArray[np.bool_]
MORE = 1 << 16
"""Draws that are made together where what is wanted is rare."""
_OTHER_CELLS = 8
_DOUBLINGS = 8


@record
class Candidates:
    """Bases and the codes that each aligned variable has on its own source.

    `bases` has shape [item, input], `codes` [item, variable], `base_cells` [item], `source_cells` [item, variable];
    `sources` [item, variable, input] is None where cells determine the codes, so that sources need not be drawn yet.
    `possible` [item] is False where no source was found that goes with the base.
    """

    bases: Codes
    base_cells: Column
    source_cells: Codes
    codes: Codes
    sources: Codes | None
    possible: Bools


def propose(recipe: Recipe, spaces: Spaces, count: int, generator: np.random.Generator) -> Candidates:
    """Draw bases and sources by their own laws, without regard to halves."""
    base_cells = spaces.base.choose(np.zeros((count, 0), dtype=np.int64), generator)
    return propose_sources(recipe, spaces, spaces.base.draw(base_cells, generator), base_cells, generator)


def propose_sources(
    recipe: Recipe, spaces: Spaces, bases: Codes, base_cells: Column, generator: np.random.Generator
) -> Candidates:
    """Draw sources for given bases by their own law, without regard to halves."""
    variables, count = recipe.variables, len(bases)
    possible = np.ones(count, dtype=bool)
    source_cells = np.empty((count, len(variables)), dtype=np.int64)
    if spaces.rejected:
        sources = np.empty((count, len(variables), bases.shape[1]), dtype=np.int64)
        for j in range(len(variables)):
            source_cells[:, j], sources[:, j], found = _reject(recipe, spaces, bases, generator)
            possible &= found
        codes = codes_on(recipe, sources)
        return Candidates(bases, base_cells, source_cells, codes, sources, possible)
    for j in range(len(variables)):
        source_cells[:, j] = spaces.source.choose(bases, generator)
    known = [spaces.source.codes_of(v) for v in variables]
    if all(column is not None for column in known):
        codes = np.empty((count, len(variables)), dtype=np.int64)
        for j, column in enumerate(known):
            codes[:, j] = 0 if column is None else column[source_cells[:, j]]
        return Candidates(bases, base_cells, source_cells, codes, None, possible)
    sources = draw_sources(spaces.source, source_cells, generator)
    return Candidates(bases, base_cells, source_cells, codes_on(recipe, sources), sources, possible)


def _reject(
    recipe: Recipe, spaces: Spaces, bases: Codes, generator: np.random.Generator
) -> tuple[Column, Codes, Bools]:
    """One source for each base by bounded rejection: cells, inputs, and whether one was found."""
    cells = spaces.source.choose(bases, generator)
    inputs, found = draw_that_fit(recipe, spaces, bases, cells, generator)
    for _ in range(_OTHER_CELLS):
        waiting = np.flatnonzero(~found)
        if not len(waiting):
            break
        cells[waiting] = spaces.source.choose(bases[waiting], generator)
        inputs[waiting], found[waiting] = draw_that_fit(recipe, spaces, bases[waiting], cells[waiting], generator)
    return cells, inputs, found


def draw_that_fit(
    recipe: Recipe, spaces: Spaces, bases: Codes, cells: Column, generator: np.random.Generator
) -> tuple[Codes, Bools]:
    """A source from each cell that meets the rejected links with its base, and whether one was found."""
    inputs = np.zeros_like(bases)
    found = np.zeros(len(bases), dtype=bool)
    for doubling in range(_DOUBLINGS):
        waiting = np.flatnonzero(~found)
        if not len(waiting) or spaces.patience.is_over:
            break
        owner = np.repeat(waiting, max(1, min(1 << doubling, MORE // len(waiting))))
        drawn, inside = spaces.source.draw_once(cells[owner], generator)
        hits = np.flatnonzero(inside & (link_holds(recipe, spaces.rejected, bases[owner], drawn) != 0))
        first = hits[np.unique(owner[hits], return_index=True)[1]]
        inputs[owner[first]], found[owner[first]] = drawn[first], True
        spaces.patience.drawn(len(owner), len(hits))
    return inputs, found


def draw_sources(space: Space, cells: Codes, generator: np.random.Generator) -> Codes:
    """An input for each source cell (shape [item, variable]); codes, shape [item, variable, input]."""
    return space.draw(cells.reshape(-1), generator).reshape(*cells.shape, len(space.region.allowed))


def codes_on(recipe: Recipe, sources: Codes) -> Codes:
    """Each aligned variable's codes on its own source; sources [item, variable, input], codes [item, variable]."""
    columns = [recipe.model.run(sources[:, j], {})[v] for j, v in enumerate(recipe.variables)]
    return np.stack(columns, axis=1)


def interchange(recipe: Recipe, bases: Codes, codes: Codes, members: Bools) -> Codes:
    """The output's codes on the bases with the variables of `members` (shape [item, variable]) set; shape [item].

    -1 where that run is undefined: no item has it.
    """
    setting = {v: (codes[:, j], members[:, j]) for j, v in enumerate(recipe.variables) if members[:, j].any()}
    return recipe.model.outcome(bases, setting)


def output_codes(recipe: Recipe, space: Space, cells: Column) -> Codes:
    """The output's codes in some cells: every law's tuple holds it."""
    codes = space.codes_of(recipe.model.output)
    assert codes is not None
    return codes[cells]
