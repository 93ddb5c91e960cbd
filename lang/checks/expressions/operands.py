"""What operators take: truth values or numbers, reported where an operand is neither."""

from collections.abc import Sequence
from typing import cast

from ...diagnostics import Span
from ...domains import Domain
from ...expressions import Apply, Expression, Operator
from ...scope import Reporter
from .expression_scope import describe


def apply(operator: str, operands: Sequence[Expression | None], domain: Domain, span: Span) -> Apply:
    """An operator on operands, none of which is None by now."""
    arguments = tuple(operand for operand in operands if operand is not None)
    return Apply(cast(Operator, operator), arguments, domain, span)


def is_truth(operand: Expression | None, operator: str, report: Reporter) -> bool:
    """Whether an operand is a truth value; False where it is None, which was reported before."""
    if operand is not None and not operand.domain.is_boolean:
        report.error(
            "CS104",
            f"`{operator}` joins truth values, found {describe(operand.domain)}"
            if operator != "not"
            else f"`not` negates a truth value, found {describe(operand.domain)}",
            operand.span,
            f"this is {describe(operand.domain)}",
            help="compare it with something: `x == y`, `x > 0`",
        )
        return False
    return operand is not None


def is_number(operand: Expression | None, operator: str, report: Reporter) -> bool:
    """Whether an operand is a number; False where it is None, which was reported before."""
    if operand is not None and not operand.domain.is_integer:
        shown = "-" if operator == "negate" else operator
        help = "write `if x then 1 else 0`" if operand.domain.is_boolean else "symbols can only be compared"
        if operand.domain.is_boolean and operator == "sum":
            help = "count them: `count(...)`"
        report.error(
            "CS104",
            f"`{shown}` works on numbers, found {describe(operand.domain)}",
            operand.span,
            f"this is {describe(operand.domain)}",
            help=help,
        )
        return False
    return operand is not None
