"""A quick look at the items of a recipe: inputs drawn uniformly, without tables. What it shows is there.

Opening a space takes far longer, and is needed only where the look does not show what was looked for.
"""

from functools import lru_cache

import numpy as np

from ...lang.record import record
from ..causal_model import Codes
from .conditions import conditions_of, holds
from .items import Half, Recipe, Split
from .list_inputs import in_range
from .propose import interchange
from .splits import Region, region_of

_DRAWN = 8192


@record
class QuickLook:
    """Some admitted bases (codes, shape [item, input]), and how often each half was met with some sources, by set."""

    bases: Codes
    met: tuple[dict[Half, int], ...]


@lru_cache(maxsize=8)
def look_quickly(recipe: Recipe, split: Split | None) -> QuickLook:
    """What a few thousand uniform inputs of a split show; nothing where conditions link sources to their base."""
    nothing = QuickLook(np.zeros((0, len(recipe.model.input_names)), dtype=np.int64), ({},) * len(recipe.sets))
    conditions, region = conditions_of(recipe), region_of(recipe, split)
    if conditions.links or region.size == 0 or not recipe.variables:
        return nothing
    generator = np.random.Generator(np.random.Philox(key=0))
    drawn = [_draw(recipe, region, generator) for _ in range(1 + len(recipe.variables))]
    bases = drawn[0][holds(recipe.model, conditions.base, drawn[0])]
    sources = [inputs[holds(recipe.model, conditions.source, inputs)] for inputs in drawn[1:]]
    count = min(len(bases), *(len(inputs) for inputs in sources))
    if not count:
        return nothing
    bases = bases[:count]
    columns = [recipe.model.run(s[:count], {})[v] for s, v in zip(sources, recipe.variables, strict=True)]
    return QuickLook(bases, tuple(_met(recipe, bases, np.stack(columns, axis=1), chosen) for chosen in recipe.sets))


def _draw(recipe: Recipe, region: Region, generator: np.random.Generator) -> Codes:
    columns = [some.take(generator.integers(0, len(some), _DRAWN)) for some in region.allowed]
    inputs = np.stack(columns, axis=1)
    return inputs[in_range(recipe, region, inputs)]


def _met(recipe: Recipe, bases: Codes, codes: Codes, chosen: tuple[int, ...]) -> dict[Half, int]:
    members = np.zeros(codes.shape, dtype=bool)
    members[:, list(chosen)] = True
    after = interchange(recipe, bases, codes, members)
    changed = (after != recipe.model.output_of(bases))[after >= 0]
    return {"changing": int(changed.sum()), "keeping": int((~changed).sum())}
