"""Tuples as numbers: the code of several values together, written with the operators of expressions, and back.

`code = sum of (value_i - low_i) * size_0 * .. * size_(i-1)`: the first part is fastest, as in `program.product`.
"""

from collections.abc import Sequence

from .domains import Domain, integers
from .expressions import Apply, Constant, Expression, Operator, Variable

MAX_TUPLES = 2**62
"""Values that the parts of a tuple may have together."""


def tuple_code(values: Sequence[Expression], domain: Domain) -> Expression:
    """The code of a tuple; `values` compute its parts, each within the part's domain."""
    total: Expression | None = None
    weight = 1
    for value, part in zip(values, domain.parts, strict=True):
        code = value if part.low == 0 else _apply("-", value, part.low, integers(0, part.size - 1))
        if total is None:
            total = code
        else:
            scaled = _apply("*", code, weight, integers(0, weight * (part.size - 1)))
            total = Apply("+", (total, scaled), integers(0, weight * part.size - 1), value.span)
        weight *= part.size
    assert total is not None, "a tuple has a part"
    return total


def part_values(code: Expression, domain: Domain) -> tuple[Expression, ...]:
    """What computes each part of a tuple: the inverse of `tuple_code`, as expressions."""
    values: list[Expression] = []
    for index in reversed(range(len(domain.parts))):
        term = code
        if index > 0:
            code, scaled = _arguments(code)
            term, _ = _arguments(scaled)
        if domain.parts[index].low != 0:
            term, _ = _arguments(term)
        values.append(term)
    return tuple(reversed(values))


def part_of(whole: Variable, index: int) -> Expression:
    """The value of one part, computed from the tuple's code."""
    parts = whole.domain.parts
    weight = 1
    for part in parts[:index]:
        weight *= part.size
    part = parts[index]
    code: Expression = whole
    if weight > 1:
        code = _apply("//", code, weight, integers(0, (whole.domain.size - 1) // weight))
    if index < len(parts) - 1:
        code = _apply("%", code, part.size, integers(0, part.size - 1))
    return code if part.low == 0 else _apply("+", code, part.low, part)


def _apply(operator: Operator, left: Expression, right: int, domain: Domain) -> Apply:
    return Apply(operator, (left, Constant(right, integers(right, right))), domain, left.span)


def _arguments(expression: Expression) -> tuple[Expression, Expression]:
    assert isinstance(expression, Apply)
    first, second = expression.arguments
    return first, second
