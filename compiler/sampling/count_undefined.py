"""Items that are not drawn since their interchange leaves the output without a value: how many there are.

All of a whole domain are counted, where they can be listed by what a run reads of them; else some are drawn.
"""

from collections.abc import Sequence

import numpy as np

from .draw_items import Population
from .enumerate_items import ListedSet, Shared, TooManyItemsError, list_sets, list_sources
from .items import Undefined
from .propose import interchange, propose
from .spaces import NoInputError

_DRAWN = 4096
_LISTED = 1 << 22
_BATCH = 1 << 16


def count_undefined(population: Population) -> Undefined | None:
    """None where no item of those that are looked at is undefined."""
    model = population.recipe.model
    if not population.recipe.variables or model.output not in model.hidden or not population.cells:
        return None
    try:
        found = _count_all(population) if population.whole_domain else _count_drawn(population)
    except TooManyItemsError:
        found = _count_drawn(population)
    return found if found is not None and found.count else None


def _count_all(population: Population) -> Undefined:
    """Raises TooManyItemsError above a bound on what must be run."""
    count = of = 0
    for listed in _affordable(population):
        for low in range(0, listed.total, _BATCH):
            undefined, items = listed.count_undefined(np.arange(low, min(low + _BATCH, listed.total)))
            count, of = count + undefined, of + items
    return Undefined(count, of, True)


def _affordable(population: Population) -> Sequence[ListedSet]:
    sources, model = list_sources(population), population.recipe.model
    shared = None
    if sources is not None:  # of a source a run reads the variable's code alone
        codes = model.run(sources, {})
        shared = []
        for variable in population.recipe.variables:
            _, first, counts = np.unique(codes[variable], return_index=True, return_counts=True)
            shared.append(Shared(sources[first], counts.astype(np.int64)))
    sets = list(list_sets(population, shared))
    if sum(listed.total for listed in sets) > _LISTED:
        raise TooManyItemsError
    return sets


def _count_drawn(population: Population) -> Undefined | None:
    """Each with a random set of those that are not left out, whatever its half."""
    recipe = population.recipe
    spaces = population.spaces(None if population.whole_domain else "test")
    generator = np.random.Generator(np.random.Philox(key=int(population.key[:16], 16), counter=1 << 128))
    try:
        drawn = propose(recipe, spaces, _DRAWN, generator)
    except NoInputError:
        return None
    kept = list(dict.fromkeys(cell.set_index for cell in population.cells))
    table = np.zeros((len(recipe.sets), len(recipe.variables)), dtype=bool)
    for index in kept:
        table[index, list(recipe.sets[index])] = True
    members = table[np.array(kept)[generator.integers(0, len(kept), _DRAWN)]]
    undefined = (interchange(recipe, drawn.bases, drawn.codes, members) < 0) & drawn.possible
    return Undefined(int(undefined.sum()), int(drawn.possible.sum()), False)
