"""The flipped model: a control that a map passes which is free where the network was never seen.

Interchanges give the variables that the output is computed from joint values that no admitted input gives them. The
flipped model is the model itself on every admitted input, and contradicts it at exactly these values: there its output
is another one of the output's values. A family of maps that fits both says nothing of either.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..lang.domains import BOOL, Domain, integers, product
from ..lang.expressions import Apply, Constant, Expression, Listing, Variable, variables_of
from ..lang.program import Mechanism
from ..lang.tuples import tuple_code
from .causal_model import CausalModel, Codes
from .expressions import substitute
from .sampling.relations import TooLargeError
from .sampling.spaces import list_inputs, tabulated

MOST_JOINT = 1 << 14
"""Joint values that are listed."""
_LISTED = 1 << 20
_BATCH = 1 << 16


@dataclass(frozen=True)
class Flipped:
    """A model's contradiction where no input reaches.

    `model` is the flipped one; the output of `apart` is true exactly where the two differ, which the joint value of the
    variables `read` decides.
    """

    model: CausalModel
    apart: CausalModel
    read: tuple[str, ...]


def flip_model(model: CausalModel, variables: Collection[str]) -> Flipped | None:
    """The model flipped where no input reaches, while `variables` are set; None where nothing can be flipped.

    Raises TooLargeError where the joint values, or those that some input gives, cannot be listed.
    """
    read = read_by_output(model, variables)
    joint = product(tuple(model.domains[name] for name in read))
    if model.output in read:  # set itself, or out of reach
        return None
    if len(read) == 1 and set(read) == set(variables):  # set alone, it takes values that it has on some input
        return None
    if joint.size > MOST_JOINT:
        raise TooLargeError
    occurring = _occurring(model, (*read, model.output))
    outputs = np.unique(occurring[:, -1])
    strides = np.cumprod([1, *(part.size for part in joint.parts)])[:-1]
    unreached = np.ones(joint.size, dtype=np.int64)
    unreached[occurring[:, :-1] @ strides] = 0
    if len(outputs) < 2 or not unreached.any():
        return None
    code = tuple_code([Variable(name, model.domains[name]) for name in read], joint)
    there = _lookup(unreached, code, BOOL)
    before = Variable(f"{model.output} before", model.domains[model.output])
    other = _lookup(_next_values(outputs, before.domain), _code_of(before), before.domain)
    flipped = Apply("if", (there, other, before), before.domain)
    return Flipped(_with_output(model, "flipped", before, flipped), _with_output(model, "apart", before, there), read)


def read_by_output(model: CausalModel, variables: Collection[str]) -> tuple[str, ...]:
    """What the output is computed from while `variables` may be set, in the model's order.

    These are those of `variables` that nothing further stands between them and the output, and the others that the
    output depends on and that none of `variables` changes. Inputs are left out: beside a variable that they determine,
    nearly every interchange would count as unseen.
    """
    changed = _changed_by(model, variables)
    order = [mechanism.name for mechanism in model.mechanisms]
    found, waiting = set[str](), [model.output]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name in variables or name not in changed:
            found.add(name)
        else:
            waiting += _parents(model, name, variables)
    return tuple(name for name in order if name in found)


def _changed_by(model: CausalModel, variables: Collection[str]) -> set[str]:
    """The variables, and all that is computed from them."""
    changed = set(variables)
    for mechanism in model.mechanisms:
        if changed.intersection(_parents(model, mechanism.name, variables)):
            changed.add(mechanism.name)
    return changed


def _parents(model: CausalModel, name: str, variables: Collection[str]) -> list[str]:
    return [variable.name for variable in variables_of(model.equation(name, variables))]


def _occurring(model: CausalModel, names: Sequence[str]) -> Codes:
    """The codes that variables have together on admitted inputs; shape [row, variable], rows distinct.

    Raises TooLargeError.
    """
    try:
        layout = tabulated(model, model.require)
        nodes = [layout.variables[name] for name in names]
        solution = layout.graph.solve(nodes, layout.true, layout.extra)
        columns = [solution.kept(node) - model.domains[name].low for name, node in zip(names, nodes, strict=True)]
        return np.stack(columns, axis=1)
    except TooLargeError:
        if math.prod(domain.size for domain in model.input_domains) > _LISTED:
            raise
    found = np.zeros((0, len(names)), dtype=np.int64)
    for inputs in list_inputs(model, model.require, _BATCH):
        codes = model.run(inputs, {})
        found = np.unique(np.concatenate([found, np.stack([codes[name] for name in names], axis=1)]), axis=0)
    return found


def _next_values(occurring: Codes, domain: Domain) -> Codes:
    """By code of the output, another one of its values that occur: the next in order, after the last the first."""
    following = np.searchsorted(occurring, np.arange(domain.size), "right") % len(occurring)
    return occurring[following] + domain.low


def _with_output(model: CausalModel, kind: str, before: Variable, output: Expression) -> CausalModel:
    """The model with another output, computed from its own, which is now called as `before` says."""
    renamed = {model.output: before}
    mechanisms: list[Mechanism] = []
    for mechanism in model.mechanisms:
        own = replace(mechanism, expression=substitute(mechanism.expression, renamed))
        if mechanism.name == model.output:
            mechanisms += [replace(own, name=before.name), Mechanism(model.output, output.domain, output)]
        else:
            mechanisms.append(own)
    families = tuple((before.name if name == model.output else name, members) for name, members in model.families)
    return replace(model, name=f"{kind} {model.name}", mechanisms=tuple(mechanisms), families=families)


def _lookup(values: Codes, code: Expression, domain: Domain) -> Apply:
    return Apply("lookup", (Listing(tuple(values.tolist()), domain), code), domain)


def _code_of(variable: Variable) -> Expression:
    domain = variable.domain
    low = Constant(domain.low, integers(domain.low, domain.low))
    return variable if domain.low == 0 else Apply("-", (variable, low), integers(0, domain.size - 1))
