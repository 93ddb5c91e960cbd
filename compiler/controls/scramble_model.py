"""The scrambled model: a control that only memorising capacity can pass.

Each aligned variable's equation is replaced by one fixed random function of the same parents with the same marginal:
the equation reads its parents after a random permutation of their joint values. Labels shuffled pair by pair would be
at chance for every map, a check that cannot fail; a fixed function is the same in `fit` and in `test`.

A permutation makes joint values that no input gives: of these an equation may come to a value outside its variable's
domain. It is then counted on from the domain's low end, so that every value stays one that has a code.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from ...lang.domains import Domain, integers
from ...lang.expressions import Apply, Constant, Expression, Variable
from ...lang.program import Mechanism
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
    mechanisms, moved = [], set[str]()
    families = dict(model.families)
    domains = {name: Interval(domain.low, domain.high) for name, domain in model.domains.items()}
    for mechanism in model.mechanisms:
        if mechanism.name in variables:
            parents = model.parents[mechanism.name]
            if not FEWEST <= math.prod(model.domains[name].size for name in parents) <= MOST:
                return None
            own = derived_seed(seed, "scramble", mechanism.name) >> 32
            definitions = {name: _scrambled(model, parents, i, own) for i, name in enumerate(parents)}
            mechanism = replace(mechanism, expression=substitute(mechanism.expression, definitions))
        if mechanism.name in variables or moved.intersection(model.parents[mechanism.name]):
            moved.add(mechanism.name)
            mechanism = replace(mechanism, expression=_keep(mechanism, mechanism.name in families, domains))
        mechanisms.append(mechanism)
    return replace(model, name=f"scrambled {model.name}", mechanisms=tuple(mechanisms))


def _scrambled(model: CausalModel, parents: tuple[str, ...], which: int, seed: int) -> Expression:
    """One parent's value after the permutation of all parents' joint values; see `expressions.scramble`."""
    arguments: list[Expression] = [_number(seed), _number(which)]
    for name in parents:
        domain = model.domains[name]
        arguments += [_number(domain.low), _number(domain.size), Variable(name, domain)]
    return Apply("scramble", tuple(arguments), model.domains[parents[which]])


def _keep(mechanism: Mechanism, is_family: bool, domains: Mapping[str, Interval]) -> Expression:
    """A mechanism's equation with its value in the domain; of a family with the value of each member in its own."""
    if not is_family:
        return _within(mechanism.expression, mechanism.domain, domains)
    parts = zip(part_values(mechanism.expression, mechanism.domain), mechanism.domain.parts, strict=True)
    return tuple_code([_within(value, domain, domains) for value, domain in parts], mechanism.domain)


def _within(value: Expression, domain: Domain, domains: Mapping[str, Interval]) -> Expression:
    """A value modulo its domain; itself where it cannot leave it while every variable stays in its own of `domains`."""
    own = interval_of(value, domains)
    if domain.low <= own.low and own.high <= domain.high:
        return value
    offset = Apply("-", (value, _number(domain.low)), integers(own.low - domain.low, own.high - domain.low))
    rest = Apply("%", (offset, _number(domain.size)), integers(0, domain.size - 1))
    return Apply("+", (rest, _number(domain.low)), domain)


def _number(value: int) -> Constant:
    return Constant(value, integers(value, value))
