"""The scrambled model: a control that only memorising capacity can pass.

Each aligned variable's equation is replaced by one fixed random function of the same parents with the same marginal:
the equation reads its parents after a random permutation of their joint values. Labels shuffled pair by pair would be
at chance for every map, a check that cannot fail; a fixed function is the same in `fit` and in `test`.
"""

import math
from dataclasses import replace

from ...lang.domains import integers
from ...lang.expressions import Apply, Constant, Expression, Variable
from ..causal_model import CausalModel
from ..expressions import substitute
from ..keys import derived_seed

FEWEST, MOST = 16, 1 << 22
"""Joint values of a variable's parents: of fewer, a permutation may well be the same function; more are not listed."""


def scramble_model(model: CausalModel, variables: tuple[str, ...], seed: int) -> CausalModel | None:
    """The model with the equations of `variables` scrambled; None where a variable's parents have too few or too many
    joint values."""
    mechanisms = []
    for mechanism in model.mechanisms:
        if mechanism.name in variables:
            parents = model.parents[mechanism.name]
            if not FEWEST <= math.prod(model.domains[name].size for name in parents) <= MOST:
                return None
            own = derived_seed(seed, "scramble", mechanism.name) >> 32
            definitions = {name: _scrambled(model, parents, i, own) for i, name in enumerate(parents)}
            mechanism = replace(mechanism, expression=substitute(mechanism.expression, definitions))
        mechanisms.append(mechanism)
    return replace(model, name=f"scrambled {model.name}", mechanisms=tuple(mechanisms))


def _scrambled(model: CausalModel, parents: tuple[str, ...], which: int, seed: int) -> Expression:
    """One parent's value after the permutation of all parents' joint values; see `expressions.scramble`."""
    arguments: list[Expression] = [_number(seed), _number(which)]
    for name in parents:
        domain = model.domains[name]
        arguments += [_number(domain.low), _number(domain.size), Variable(name, domain)]
    return Apply("scramble", tuple(arguments), model.domains[parents[which]])


def _number(value: int) -> Constant:
    return Constant(value, integers(value, value))
