"""The flipped model: a control that a map passes which is free where the network was never seen.

Interchanges give the variables that the output is computed from joint values that no admitted input gives them. The
flipped model is the model itself on every admitted input, and contradicts it at these values: it takes them for others,
which some input does give, and so comes to another output. A family of maps that fits both says nothing of either.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from ...lang.domains import BOOL, product
from ...lang.expressions import Apply, Listing, Variable, variables_of
from ...lang.program import Mechanism
from ...lang.record import record
from ...lang.tuples import tuple_code
from ..causal_model import CausalModel, Codes
from ..expressions import substitute
from ..sampling.relations import TooLargeError
from .unseen_values import JointValues, list_seen, take_for_others

MOST_JOINT = 1 << 14
"""Joint values that are listed."""


@record
class Flipped:
    """A model's contradiction where no input leads.

    `model` is the flipped one; the output of `apart` is true exactly where the two differ, which depends on the joint
    value of the variables `read`.
    """

    model: CausalModel
    apart: CausalModel
    read: tuple[str, ...]


@record
class Way:
    """How the output is computed while some variables may be set; all in the model's order.

    `read` are those of them that it reads, directly or through `passed`, and the others that it reads and none of them
    changes. `passed` are the variables between these and the output, and the output. Inputs and causes of the variables
    are left out, and then it reads `more`: to be at odds with its own causes is what setting a variable means.
    """

    read: tuple[str, ...]
    passed: tuple[str, ...]
    more: bool


def flip_model(model: CausalModel, variables: Collection[str]) -> Flipped | None:
    """The model flipped where no input leads, while `variables` are set; None where nothing can be flipped.

    Raises TooLargeError where the joint values, or those that some input gives, cannot be listed.
    """
    way = way_to_output(model, variables)
    if model.output in way.read:  # set itself, or out of reach
        return None
    if len(way.read) == 1 and set(way.read) == set(variables):  # set alone, it takes values that it has on some input
        return None
    joint = product(tuple(model.domains[name] for name in way.read))
    if joint.size > MOST_JOINT:
        raise TooLargeError
    values = JointValues(model, way.read, variables)
    taken = take_for_others(values, list_seen(values), way.more)
    if np.array_equal(taken, np.arange(joint.size)):
        return None
    return _flipped(model, way, variables, {name: values.codes[name][taken] for name in way.read})


def way_to_output(model: CausalModel, variables: Collection[str]) -> Way:
    """The variables that the output is computed from while `variables` may be set, and those on the way."""
    changed = set(variables)
    for mechanism in model.mechanisms:
        if changed.intersection(_parents(model, mechanism.name, variables)):
            changed.add(mechanism.name)
    order, left_out = [mechanism.name for mechanism in model.mechanisms], _causes(model, variables)
    read, passed, waiting, more = set[str](), set[str](), [model.output], False
    while waiting:
        name = waiting.pop()
        if name in left_out and name not in variables:
            more = True
        elif name in variables or name not in changed:
            read.add(name)
        elif name not in passed:
            passed.add(name)
            waiting += _parents(model, name, variables)
    return Way(tuple(n for n in order if n in read), tuple(n for n in order if n in passed), more)


def _causes(model: CausalModel, variables: Collection[str]) -> set[str]:
    """The inputs, and all that the variables are computed from."""
    found = set(model.input_names)
    waiting = [name for name in variables if name not in found]
    while waiting:
        for parent in _parents(model, waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _parents(model: CausalModel, name: str, variables: Collection[str]) -> list[str]:
    return [variable.name for variable in variables_of(model.equation(name, variables))]


def _flipped(model: CausalModel, way: Way, variables: Collection[str], taken: Mapping[str, Codes]) -> Flipped:
    """The output computed a second time, from the variables as they are taken: by joint value, shape [joint]."""
    read = [Variable(name, model.domains[name]) for name in way.read]
    joint = tuple_code(read, product(tuple(variable.domain for variable in read)))
    again: dict[str, Variable] = {}
    second: list[Mechanism] = []
    for variable in (variable for variable in read if variable.name in variables):
        values = tuple((taken[variable.name] + variable.domain.low).tolist())
        found = Apply("lookup", (Listing(values, variable.domain), joint), variable.domain)
        again[variable.name] = _named(variable, "taken")
        second.append(Mechanism(again[variable.name].name, variable.domain, found))
    for name in way.passed:
        equation = substitute(model.equation(name, variables), again)
        again[name] = _named(Variable(name, model.domains[name]), "flipped")
        second.append(Mechanism(again[name].name, model.domains[name], equation))
    own = _named(Variable(model.output, model.domains[model.output]), "claimed")
    flipped = Mechanism(model.output, own.domain, again[model.output])
    apart = Mechanism(model.output, BOOL, Apply("!=", (own, again[model.output]), BOOL))
    renamed = _rename_output(model, own)
    return Flipped(_with(renamed, "flipped", [*second, flipped]), _with(renamed, "apart", [*second, apart]), way.read)


def _named(variable: Variable, kind: str) -> Variable:
    return replace(variable, name=f"{variable.name}, {kind}")


def _rename_output(model: CausalModel, name: Variable) -> CausalModel:
    """The model without an output: what computes it has another name."""
    mechanisms = tuple(
        replace(
            mechanism,
            name=name.name if mechanism.name == model.output else mechanism.name,
            expression=substitute(mechanism.expression, {model.output: name}),
        )
        for mechanism in model.mechanisms
    )
    families = tuple((name.name if family == model.output else family, members) for family, members in model.families)
    return replace(model, mechanisms=mechanisms, families=families)


def _with(model: CausalModel, kind: str, more: Iterable[Mechanism]) -> CausalModel:
    return replace(model, name=f"{kind} {model.name}", mechanisms=(*model.mechanisms, *more))
