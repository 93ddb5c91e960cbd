"""Sources that are left out since their prompts have other numbers of tokens than their base's: how many those are."""

import math

import numpy as np

from ..causal_model import Codes
from ..expressions import Column, evaluate
from .conditions import conditions_of, holds
from .items import Counterparts, Recipe
from .list_inputs import list_inputs

_LISTED = 1 << 18
_DRAWN = 4096


def say_apart(recipe: Recipe) -> str | None:
    """In words, of how many pairs of inputs one is no source of the other; None where prompts do not differ so.

    All pairs that the recipe's conditions on single inputs admit are counted where inputs can be listed, else some.
    """
    if recipe.counterparts is None or not recipe.variables:
        return None
    where = ", ".join(f"`{text}`" for text in recipe.counterparts.positions)
    conditions = conditions_of(recipe).base
    if math.prod(domain.size for domain in recipe.model.input_domains) <= _LISTED:
        parts = [_counts(recipe, recipe.counterparts, one) for one in list_inputs(recipe.model, conditions, _LISTED)]
        inputs = sum(map(len, parts))
        _, alike = np.unique(np.concatenate(parts), axis=0, return_counts=True) if parts else (None, np.zeros(0))
        of, kind = inputs**2, "pairs of inputs"
        apart = of - sum(int(count) ** 2 for count in alike)
    else:
        generator = np.random.Generator(np.random.Philox(key=0))
        drawn = np.stack([generator.integers(d.size, size=2 * _DRAWN) for d in recipe.model.input_domains], 1)
        counts = _counts(recipe, recipe.counterparts, drawn[holds(recipe.model, conditions, drawn)])
        of, kind = len(counts) // 2, "random pairs of inputs"
        apart = int((counts[:of] != counts[of : 2 * of]).any(1).sum())
    return f"left out, since their prompts differ in how many tokens {where} is: {apart:,} of {of:,} {kind}"


def _counts(recipe: Recipe, counterparts: Counterparts, inputs: Codes) -> Codes:
    """How many tokens inputs [input, column] have at each position, shape [input, position]."""
    named = zip(recipe.model.input_names, recipe.model.input_domains, strict=True)
    columns: dict[str, Column] = {name: inputs[:, i] + domain.low for i, (name, domain) in enumerate(named)}
    return np.stack([evaluate(count, columns, len(inputs)) for count in counterparts.counts], 1)
