"""Divisions whose divisor can be 0 as far as types tell, and what is said where they may not stand."""

from ...diagnostics import Span
from ...domains import Domain
from ...expressions import Apply, Expression
from ...scope import Reporter


def can_be_zero(divisor: Domain) -> bool:
    """Whether 0 is among the values of a number."""
    return divisor.low <= 0 <= divisor.high


def report_zero(operator: str, divisor: Domain, span: Span, report: Reporter) -> None:
    """A divisor is 0, or may be where nothing proves that it is not."""
    if divisor.size == 1:
        report.error(
            "CS110", f"the divisor of `{operator}` is 0", span, help="divide by something else: nothing is divided by 0"
        )
        return
    report.error(
        "CS110",
        f"the divisor of `{operator}` can be 0 (it is in {divisor.low}..{divisor.high})",
        span,
        help="divide by something that is never 0, such as `max(1, x)`, or let a model's variable have the quotient",
        notes=["that it is never 0 is proved in equations, in `require` and in recipes only"],
    )


def find_open_division(expression: Expression) -> Apply | None:
    """The first division whose divisor can be 0 by its type."""
    if not isinstance(expression, Apply):
        return None
    if expression.operator in ("//", "%") and can_be_zero(expression.arguments[1].domain):
        return expression
    return next((found for part in expression.arguments if (found := find_open_division(part)) is not None), None)
