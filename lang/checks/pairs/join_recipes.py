"""Several recipes for pairs -> the recipe of their union."""

from collections.abc import Sequence
from dataclasses import replace

from ...domains import BOOL
from ...expressions import Apply, Constant, Expression, Operator, in_role, variables_of
from ...program import Pairs


def join_recipes(recipes: Sequence[Pairs]) -> Pairs:
    """The recipe whose items are those that any of several recipes (of one task, with the same cells) admits.

    Its name lists theirs, and its size is the sum of theirs.
    """
    first = recipes[0]
    return replace(
        first,
        name=", ".join(recipe.name for recipe in recipes),
        size=sum(recipe.size for recipe in recipes),
        holdouts=next((recipe.holdouts for recipe in recipes if recipe.holdouts), ()),
        where=_union([_conditions(recipe) for recipe in recipes]),
        doc="\n".join(recipe.doc for recipe in recipes if recipe.doc),
    )


def _conditions(recipe: Pairs) -> list[Expression]:
    """A recipe's conditions with every variable in the role of the base or of a source."""
    return [
        part
        for condition in recipe.where
        for part in dict.fromkeys((in_role(condition, "base"), in_role(condition, "source")))
    ]


def _union(alternatives: Sequence[Sequence[Expression]]) -> tuple[Expression, ...]:
    """A base and a source that meet every condition of one alternative; nothing is asked where one asks nothing.

    What this means for a base alone and for a source alone is said besides, since an accuracy has no sources.
    """
    parts = []
    for roles in ({"base"}, {"source"}, {"base", "source"}):
        asked = [[c for c in conditions if {v.role for v in variables_of(c)} <= roles] for conditions in alternatives]
        if all(asked):
            parts.append(_join("or", [_join("and", conditions) for conditions in asked]))
    return tuple(dict.fromkeys(parts))


def _join(operator: Operator, parts: Sequence[Expression]) -> Expression:
    if not parts:
        return Constant(1, BOOL)
    whole = parts[0]
    for part in parts[1:]:
        whole = Apply(operator, (whole, part), BOOL)
    return whole
