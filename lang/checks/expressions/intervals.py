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
    """The interval of an operator's values over its operands' intervals; of a division, over the divisors but 0."""
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
        if a.low >= 0 and b.low >= 0:
            return a if a.high < b.low else integers(0, min(a.high, b.high - 1))
        return integers(min(b.low + 1, 0), max(b.high - 1, 0))
    if operator == "*":
        corners = [x * y for x, y in product((a.low, a.high), (b.low, b.high))]
    else:
        divisors = [d for d in (b.low, -1, 1, b.high) if d != 0 and b.low <= d <= b.high]
        corners = [x // d for x, d in product((a.low, a.high), divisors)]
    return integers(min(corners), max(corners))
