"""Expressions over whole batches: from a typed expression and columns of values to a column of values.

Every value is an int64: numbers are themselves, symbols their index, booleans 0 and 1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, reduce

import numpy as np
import numpy.typing as npt

from ..lang.expressions import Apply, Constant, Expression, Listing, Variable

Column = npt.NDArray[np.int64]


def _truth(column: npt.NDArray[np.bool_]) -> Column:
    return column.astype(np.int64)


def _floor_divide(a: Column, b: Column) -> Column:
    """Floor division; 0 where the divisor is 0, which the checker has ruled out for every value that is used."""
    if b.all():
        return a // b
    quotient: Column = np.floor_divide(a, np.where(b == 0, 1, b)) * (b != 0)
    return quotient


def _remainder(a: Column, b: Column) -> Column:
    if b.all():
        return a % b
    remainder: Column = np.mod(a, np.where(b == 0, 1, b)) * (b != 0)
    return remainder


def _choose(condition: Column, then: Column, otherwise: Column) -> Column:
    chosen: Column = np.where(condition != 0, then, otherwise)
    return chosen


def _lookup(listing: Column, code: Column) -> Column:
    """The listed value at each code; any where a code is out of range, which no value that is used can be."""
    found: Column = listing[np.clip(code, 0, len(listing) - 1)]
    return found


@lru_cache(maxsize=256)
def listing_values(listing: Listing) -> Column:
    """What a listing holds, by code."""
    return np.array(listing.values, dtype=np.int64)


def _scramble(seed: Column, which: Column, *parents: Column) -> Column:
    """One of some columns after a fixed random permutation of their joint values.

    `parents` are (low, size, values) for each column; `which` names the one that is wanted. Of what is constant, the
    first entry counts.
    """
    if not all(column.size for column in (seed, which, *parents)):
        return np.zeros(0, dtype=np.int64)
    lows = [int(column.flat[0]) for column in parents[0::3]]
    sizes = [int(column.flat[0]) for column in parents[1::3]]
    codes = [v - low for v, low in zip(parents[2::3], lows, strict=True)]
    joint = np.ravel_multi_index(codes, sizes, mode="clip")  # only what has no value can lie outside
    wanted = int(which.flat[0])
    moved = _permutation(int(seed.flat[0]), math.prod(sizes))[joint]
    column: Column = np.unravel_index(moved, sizes)[wanted].astype(np.int64) + lows[wanted]
    return column


@lru_cache(maxsize=8)
def _permutation(seed: int, size: int) -> Column:
    return np.random.Generator(np.random.Philox(key=seed)).permutation(size)


OPERATIONS: dict[str, Callable[..., Column]] = {
    "or": lambda a, b: a | b,
    "and": lambda a, b: a & b,
    "not": lambda a: 1 - a,
    "==": lambda a, b: _truth(a == b),
    "!=": lambda a, b: _truth(a != b),
    "<": lambda a, b: _truth(a < b),
    "<=": lambda a, b: _truth(a <= b),
    ">": lambda a, b: _truth(a > b),
    ">=": lambda a, b: _truth(a >= b),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": _floor_divide,
    "%": _remainder,
    "negate": lambda a: -a,
    "abs": np.abs,
    "min": lambda *a: reduce(np.minimum, a),
    "max": lambda *a: reduce(np.maximum, a),
    "if": _choose,
    "lookup": _lookup,
    "scramble": _scramble,
    "in": lambda a, *alternatives: _truth(reduce(np.logical_or, [a == b for b in alternatives])),
}


def evaluate(expression: Expression, columns: Mapping[str, Column], size: int) -> Column:
    """The expression's value for every row.

    `columns` maps `column_name(variable)` to values of shape [size]. Raises KeyError for a variable that has none.
    """
    found = _compute(expression, columns)
    return found if len(found) == size else np.full(size, found[0])


def _compute(expression: Expression, columns: Mapping[str, Column]) -> Column:
    """The same, but of shape [1] where it is the same for every row: what is constant is computed once."""
    match expression:
        case Listing():
            return listing_values(expression)
        case Constant(value=value):
            return np.array([value], dtype=np.int64)
        case Variable():
            return columns[column_name(expression)]
        case Apply(operator="the", arguments=(_, value)):
            return _compute(value, columns)
        case Apply(operator=operator, arguments=arguments):
            return OPERATIONS[operator](*[_compute(argument, columns) for argument in arguments])


def count_nodes(expression: Expression) -> int:
    """The constants, variables and operations of an expression, each as often as it is evaluated."""
    pending, count = [expression], 0
    while pending:
        node = pending.pop()
        count += 1
        if isinstance(node, Apply):
            pending += node.arguments
    return count


def column_name(variable: Variable) -> str:
    """The column that a variable reads: `x`, or `base.x` and `source.x` where a role is given."""
    return variable.name if variable.role is None else f"{variable.role}.{variable.name}"


def canonical(expression: Expression) -> str:
    """One text per meaning-bearing tree, independent of spans: what content keys are made of."""
    match expression:
        case Constant(value=value):
            return str(value)
        case Listing(values=values):
            return f"[{' '.join(map(str, values))}]"
        case Variable():
            return column_name(expression)
        case Apply(operator=operator, arguments=arguments):
            return f"({operator} {' '.join(canonical(argument) for argument in arguments)})"


def substitute(expression: Expression, definitions: Mapping[str, Expression], role: str | None = None) -> Expression:
    """The expression with every variable that `definitions` names replaced by its definition.

    A definition is read in the role of the variable that it replaces: `base.left` becomes `base.w == base.x`.
    """
    match expression:
        case Variable(name=name, role=own):
            spoken = own or role
            if name in definitions:
                return substitute(definitions[name], {}, spoken)
            return replace(expression, role=spoken)  # type: ignore[arg-type]
        case Apply(operator=operator, arguments=arguments, domain=domain, span=span):
            return Apply(operator, tuple(substitute(a, definitions, role) for a in arguments), domain, span)
    return expression
