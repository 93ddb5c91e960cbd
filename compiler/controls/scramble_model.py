"""The scrambled model: a control that only memorising capacity can pass.

Each aligned variable's equation is replaced by one fixed random function of the same parents with the same marginal:
the equation reads its parents after a random permutation of their joint values. Labels shuffled pair by pair would be
at chance for every map, a check that cannot fail; a fixed function is the same in `fit` and in `test`.

Parents then have joint values that no admitted input gives them, at which equations may leave their domains; what does
comes back by its remainder.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from ...lang.domains import Domain, integers
from ...lang.expressions import Apply, Constant, Expression, Variable
from ...lang.tuples import part_values, tuple_code
from ..causal_model import CausalModel
from ..expressions import substitute
from ..intervals import Interval, interval_of
from ..keys import derived_seed

FEWEST, MOST = 16, 1 << 22
"""Joint values of a variable's parents: of fewer, a permutation may well be the same function; more are not listed."""


def scramble_model(model: CausalModel, variables: tuple[str, ...], seed: int) -> CausalModel | None:
    """The model with the equations of `variables` scrambled; None where a variable's parents have too few or too many
    joint values."""
    mechanisms, changed = [], set[str]()
    domains = {name: Interval(domain.low, domain.high) for name, domain in model.domains.items()}
    for mechanism in model.mechanisms:
        if mechanism.name in variables:
            parents = model.parents[mechanism.name]
            if not FEWEST <= math.prod(model.domains[name].size for name in parents) <= MOST:
                return None
            own = derived_seed(seed, "scramble", mechanism.name) >> 32
            definitions = {name: _scrambled(model, parents, i, own) for i, name in enumerate(parents)}
            mechanism = replace(mechanism, expression=substitute(mechanism.expression, definitions))
        if mechanism.name in variables or changed.intersection(model.parents[mechanism.name]):
            changed.add(mechanism.name)
            mechanism = replace(mechanism, expression=_kept_inside(mechanism.expression, mechanism.domain, domains))
        mechanisms.append(mechanism)
    return replace(model, name=f"scrambled {model.name}", mechanisms=tuple(mechanisms))


def _kept_inside(expression: Expression, domain: Domain, domains: Mapping[str, Interval]) -> Expression:
    """An expression that stays in its domain, of a tuple in each part's, while variables stay in theirs."""
    if domain.parts:
        parts = zip(part_values(expression, domain), domain.parts, strict=True)
        return tuple_code([_kept_inside(value, part, domains) for value, part in parts], domain)
    values = interval_of(expression, domains)
    if domain.low <= values.low and values.high <= domain.high:
        return expression
    offset = Apply("-", (expression, _number(domain.low)), integers(values.low - domain.low, values.high - domain.low))
    code = Apply("%", (offset, _number(domain.size)), integers(0, domain.size - 1))
    return Apply("+", (_number(domain.low), code), domain)


def _scrambled(model: CausalModel, parents: tuple[str, ...], which: int, seed: int) -> Expression:
    """One parent's value after the permutation of all parents' joint values; see `expressions.scramble`."""
    arguments: list[Expression] = [_number(seed), _number(which)]
    for name in parents:
        domain = model.domains[name]
        arguments += [_number(domain.low), _number(domain.size), Variable(name, domain)]
    return Apply("scramble", tuple(arguments), model.domains[parents[which]])


def _number(value: int) -> Constant:
    return Constant(value, integers(value, value))
