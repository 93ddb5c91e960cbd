"""Comprehensions, written out before -> typed expressions under one operator: `sum`, `any`, `all`, `count`, ..."""

from collections.abc import Callable
from dataclasses import replace

from ...diagnostics import Span
from ...domains import BOOL, integers
from ...expressions import Constant, Expression
from ...scope import Reporter
from ...suggest import suggest
from ...syntax.expressions import ExpressionSyntax, Unrolled
from .intervals import check_magnitude, interval
from .operands import apply, is_number, is_truth

COMPREHENSIONS = ("sum", "any", "all", "count", "min", "max")
WRITTEN_OUT = 64

Check = Callable[[ExpressionSyntax], Expression | None]
CheckCondition = Callable[[ExpressionSyntax, str], Expression | None]
Term = tuple[Expression, Expression | None]
"""An element, and the condition under which it counts."""


def check_comprehension(
    syntax: Unrolled, report: Reporter, check: Check, check_condition: CheckCondition
) -> Expression | None:
    """All elements under one operator; None after an error."""
    function = syntax.function
    if function.text not in COMPREHENSIONS:
        report.error(
            "CS101",
            f"expected a function of many values, found `{function.text}`",
            function.span,
            help=suggest(function.text, COMPREHENSIONS, "functions"),
        )
        return None
    conditions = [None if t.condition is None else check_condition(t.condition, "`where`") for t in syntax.terms]
    elements = [check(term.element) for term in syntax.terms]
    fits = is_truth if function.text in ("any", "all", "count") else is_number
    right = [fits(element, function.text, report) for element in elements]
    if not all(right) or any(t.condition and c is None for t, c in zip(syntax.terms, conditions, strict=True)):
        return None
    typed = [(e, c) for e, c in zip(elements, conditions, strict=True) if e is not None]
    return _join_terms(function.text, typed, syntax.span, report)


def _join_terms(function: str, terms: list[Term], span: Span, report: Reporter) -> Expression | None:
    if function in ("min", "max"):
        if not terms or any(condition is not None for _, condition in terms):
            what = "smallest" if function == "min" else "largest"
            report.error(
                "CS145",
                f"there may be no value of which `{function}` could be the {what}",
                span,
                help="let `where` speak of loop variables alone, or write `if ... then ... else` for each element",
            )
            return None
        return join(function, [element for element, _ in terms], span)
    if function in ("any", "all"):
        operator = "or" if function == "any" else "and"
        joined = join(operator, [_where(function, e, c) for e, c in terms], span)
        return joined or Constant(int(function == "all"), BOOL, span)
    values = [_where(function, element, condition) for element, condition in terms]
    total = join("+", values, span) or Constant(0, integers(0, 0), span)
    return total if check_magnitude(total.domain, span, report) else None


def _where(function: str, element: Expression, condition: Expression | None) -> Expression:
    """A term's share of `sum`, `count`, `any` or `all`; nothing is added where its condition does not hold."""
    if function == "all":
        if condition is None:
            return element
        return apply("or", [apply("not", [condition], BOOL, condition.span), element], BOOL, element.span)
    if function == "any":
        return element if condition is None else apply("and", [condition, element], BOOL, element.span)
    if function == "count":
        return truth_as_number(element if condition is None else apply("and", [condition, element], BOOL, element.span))
    if condition is None:
        return element
    domain = integers(min(0, element.domain.low), max(0, element.domain.high))
    return apply("if", [condition, element, Constant(0, integers(0, 0), element.span)], domain, element.span)


def truth_as_number(condition: Expression) -> Expression:
    """1 where a condition holds, else 0: what its value is already, to be counted."""
    return replace(condition, domain=integers(0, 1))


def join(operator: str, terms: list[Expression], span: Span) -> Expression | None:
    """All terms under one operator, as a user would write them out; long ones in halves, so that none is too deep."""
    if len(terms) <= 1:
        return terms[0] if terms else None
    if operator in ("min", "max"):
        return apply(operator, terms, interval(operator, [term.domain for term in terms]), span)
    middle = len(terms) - 1 if len(terms) <= WRITTEN_OUT else len(terms) // 2
    sides = [join(operator, terms[:middle], span), join(operator, terms[middle:], span)]
    domain = BOOL
    if operator == "+":
        domain = interval(operator, [side.domain for side in sides if side is not None])
    return apply(operator, sides, domain, span)
