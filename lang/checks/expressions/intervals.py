"""Between what bounds the numbers of an expression lie, whatever its variables are."""

from itertools import product

from ...diagnostics import Span
from ...domains import Domain, integers
from ...scope import Reporter

LIMIT = 2**62


def check_magnitude(domain: Domain, span: Span, report: Reporter) -> Domain | None:
    """The domain of a number; None, reported, where it may leave what 64 bits hold with room for one more step."""
    if max(-domain.low, domain.high) <= LIMIT:
        return domain
    report.error(
        "CS111", "the numbers grow beyond 2^62", span, help="use smaller factors, or reduce with `%` on the way"
    )
    return None


def interval(operator: str, operands: list[Domain]) -> Domain:
    """The interval of an operator's values over its operands' intervals; a divisor never contains 0."""
    a = operands[0]
    if operator == "negate":
        return integers(-a.high, -a.low)
    if operator == "abs":
        return integers(max(0, a.low, -a.high), max(-a.low, a.high))
    if operator in ("min", "max"):
        pick = min if operator == "min" else max
        return integers(pick(d.low for d in operands), pick(d.high for d in operands))
    b = operands[1]
    if operator == "+":
        return integers(a.low + b.low, a.high + b.high)
    if operator == "-":
        return integers(a.low - b.high, a.high - b.low)
    if operator == "%":
        if b.low > 0:
            if a.low >= 0:
                return a if a.high < b.low else integers(0, min(a.high, b.high - 1))
            return integers(0, b.high - 1)
        return integers(b.low + 1, 0)
    corners = [x * y if operator == "*" else x // y for x, y in product((a.low, a.high), (b.low, b.high))]
    return integers(min(corners), max(corners))
