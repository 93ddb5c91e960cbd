"""`the i in D where E`, written out before -> a typed value, and the condition under which it is the one answer."""

from collections.abc import Callable

from ...diagnostics import Span
from ...domains import BOOL, Domain, integers
from ...expressions import Apply, Constant, Expression
from ...scope import Reporter
from ...syntax.expressions import ExpressionSyntax, UnrolledThe
from .comprehensions import join, truth_as_number
from .expression_scope import Scope
from .operands import apply

Check = Callable[[ExpressionSyntax], Expression | None]
CheckCondition = Callable[[ExpressionSyntax, str], Expression | None]
Candidate = tuple[Constant, Expression]
"""A value, and the condition under which it is an answer."""


def check_the(
    syntax: UnrolledThe, scope: Scope, report: Reporter, check: Check, check_condition: CheckCondition
) -> Expression | None:
    """The value of the candidate whose condition holds, with the condition that one alone does; None after an error.

    Where the condition fails the value is that of some candidate, so that it lies within D on every input.
    """
    if not scope.partial:
        report_partial("`the` may have no answer", syntax.span, report)
        return None
    if not syntax.terms:
        report.error(
            "CS170",
            "no value can be the answer",
            syntax.span,
            "its `where` fails for every value",
            help="let `where` read inputs or variables that can make it true",
        )
        return None
    conditions = [
        Constant(1, BOOL, syntax.span) if term.condition is None else check_condition(term.condition, "`where`")
        for term in syntax.terms
    ]
    values = [check(term.element) for term in syntax.terms]
    pairs = zip(values, conditions, strict=True)
    candidates = [(v, c) for v, c in pairs if isinstance(v, Constant) and c is not None]
    if len(candidates) < len(syntax.terms):
        return None
    lowest = min((value for value, _ in candidates), key=lambda value: value.value)
    value = _choose(candidates, lowest, syntax.span)
    return apply("the", [_is_one(candidates, syntax.span), value], value.domain, syntax.span)


def report_partial(what: str, span: Span, report: Reporter) -> None:
    """Something may have no value where one is needed on every input."""
    report.error(
        "CS169",
        f"{what}, and here every input needs a value",
        span,
        help="let a model's variable have it; `count(... for i in ...) == 1` says anywhere whether there is one answer",
    )


def may_lack_value(expression: Expression) -> bool:
    """Whether a look-up by `the` stands anywhere in an expression."""
    if not isinstance(expression, Apply):
        return False
    return expression.operator == "the" or any(map(may_lack_value, expression.arguments))


def _is_one(candidates: list[Candidate], span: Span) -> Expression:
    count = join("+", [truth_as_number(condition) for _, condition in candidates], span)
    assert count is not None, "there is a candidate"
    return apply("==", [count, Constant(1, integers(1, 1), span)], BOOL, span)


def _choose(candidates: list[Candidate], lowest: Constant, span: Span) -> Expression:
    """The largest value whose condition holds, else the lowest of all; in halves, so that many do not nest deeply."""
    if len(candidates) == 1:
        ((value, condition),) = candidates
        return value if value == lowest else apply("if", [condition, value, lowest], _union(lowest, value), span)
    middle = len(candidates) // 2
    first, second = _choose(candidates[:middle], lowest, span), _choose(candidates[middle:], lowest, span)
    return apply("max", [first, second], _union(first, second), span)


def _union(first: Expression, second: Expression) -> Domain:
    if not first.domain.is_integer:
        return first.domain
    return integers(min(first.domain.low, second.domain.low), max(first.domain.high, second.domain.high))
