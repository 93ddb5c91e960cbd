"""Who reads whom in a model: the children and the descendants of its variables."""

from .expressions import variables_of
from .program import Model


def children_of(model: Model, variable: str) -> tuple[str, ...]:
    """The variables that read one directly, in the model's order. To read a member is to read its family."""
    own = {variable, *model.families.get(variable, ())}
    return tuple(
        mechanism.name
        for mechanism in model.mechanisms
        if mechanism.name not in own and own & {read.name for read in variables_of(mechanism.expression)}
    )


def descendants(model: Model) -> dict[str, frozenset[str]]:
    """The proper descendants of each variable of a model, through its mechanisms."""
    names = {mechanism.name for mechanism in model.mechanisms}
    below: dict[str, set[str]] = {name: set() for name in names}
    for mechanism in reversed(model.mechanisms):
        for parent in {variable.name for variable in variables_of(mechanism.expression)} & names:
            below[parent] |= {mechanism.name} | below[mechanism.name]
    return {name: frozenset(found) for name, found in below.items()}
