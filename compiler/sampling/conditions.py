"""What a recipe's `where` asks of bases, of sources and of both together, and which inputs meet it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...lang.expressions import Apply, Expression, in_role, variables_of, without_role
from ...lang.record import record
from ..causal_model import CausalModel, Codes
from ..expressions import evaluate
from .items import Recipe


@record
class Conditions:
    """What a recipe's `where` asks of a base alone, of a source alone, and of both together (with roles)."""

    base: tuple[Expression, ...]
    source: tuple[Expression, ...]
    links: tuple[Expression, ...]


def conditions_of(recipe: Recipe) -> Conditions:
    """Sort the conjuncts of `where`; a bare name means the base and every source alike."""
    base, source = list(recipe.model.require), list(recipe.model.require)
    links: list[Expression] = []
    for conjunct in [c for condition in recipe.where for c in _conjuncts(condition)]:
        bare = any(v.role is None for v in variables_of(conjunct))
        copies = [in_role(conjunct, "base"), in_role(conjunct, "source")] if bare else [conjunct]
        for copy in dict.fromkeys(copies):
            roles = {v.role for v in variables_of(copy)}
            if roles == {"base", "source"}:
                links.append(copy)
            else:
                base += [without_role(copy)] if "source" not in roles else []
                source += [without_role(copy)] if "base" not in roles else []
    if not recipe.variables:
        return Conditions(tuple(base), (), ())
    return Conditions(tuple(base), tuple(source), tuple(links))


def _conjuncts(expression: Expression) -> list[Expression]:
    if isinstance(expression, Apply) and expression.operator == "and":
        return [c for argument in expression.arguments for c in _conjuncts(argument)]
    return [expression]


def holds(model: CausalModel, conditions: Sequence[Expression], inputs: Codes) -> npt.NDArray[np.bool_]:
    """Which inputs (codes, shape [item, input]) are defined and satisfy conditions over bare input names; [item]."""
    values = {
        n: inputs[:, i] + d.low for i, (n, d) in enumerate(zip(model.input_names, model.input_domains, strict=True))
    }
    mask = model.is_defined(inputs)
    for condition in conditions:
        mask &= evaluate(condition, values, len(inputs)) != 0
    return mask
