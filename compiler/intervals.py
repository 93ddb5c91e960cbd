"""Intervals: from an expression and the interval of each variable to an interval that holds all of its values."""

from collections.abc import Mapping
from typing import NamedTuple

from ..lang.expressions import Constant, Expression, Listing, Variable


class Interval(NamedTuple):
    """All integers from `low` to `high`."""

    low: int
    high: int


_TRUTH = Interval(0, 1)


def interval_of(expression: Expression, variables: Mapping[str, Interval]) -> Interval:
    """An interval that holds every value of the expression (interval arithmetic; a divisor of 0 gives 0)."""
    if isinstance(expression, Constant):
        return Interval(expression.value, expression.value)
    if isinstance(expression, Variable):
        return variables[expression.name]
    if isinstance(expression, Listing):
        return Interval(min(expression.values), max(expression.values))
    parts = [interval_of(argument, variables) for argument in expression.arguments]
    first, last = parts[0], parts[-1]
    match expression.operator:
        case "+":
            return Interval(sum(p.low for p in parts), sum(p.high for p in parts))
        case "-":
            return Interval(first.low - last.high, first.high - last.low)
        case "negate":
            return Interval(-first.high, -first.low)
        case "abs":
            low = 0 if first.low <= 0 <= first.high else min(abs(first.low), abs(first.high))
            return Interval(low, max(abs(first.low), abs(first.high)))
        case "*":
            return _corners([a * b for a in first for b in last])
        case "//":
            divisors = [d for d in (last.low, last.high, -1, 1) if d != 0 and last.low <= d <= last.high]
            found = _corners([a // d for a in first for d in divisors] or [0])
            return _corners([*found, 0]) if last.low <= 0 <= last.high else found
        case "%":
            if first.low >= 0 and first.high < last.low:
                return first
            most = min(first.high, last.high - 1) if first.low >= 0 else last.high - 1
            return Interval(min(last.low + 1, 0), max(most, 0))
        case "min":
            return Interval(min(p.low for p in parts), min(p.high for p in parts))
        case "max":
            return Interval(max(p.low for p in parts), max(p.high for p in parts))
        case "lookup":
            return first
        case "the":
            return last
        case "scramble":
            return Interval(expression.domain.low, expression.domain.high)
        case "if":
            return _corners([*parts[1], *parts[2]])
        case _:
            return _TRUTH


def _corners(values: list[int]) -> Interval:
    return Interval(min(values), max(values))
