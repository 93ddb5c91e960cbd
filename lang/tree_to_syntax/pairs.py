"""Rules of recipes."""

from typing import Any

from ..diagnostics import Span
from ..syntax.expressions import ExpressionSyntax
from ..syntax.leaves import Decimal, Integer
from ..syntax.pairs import BalancedSyntax, HoldoutSyntax, PairsSyntax, SplitSyntax
from .between_rules import ElementRange, Over
from .leaves import integer_of, name_of, names_of, of_kind


def build_pairs(span: Span, children: list[Any]) -> PairsSyntax:
    name, task, *items = children
    groups = of_kind(items, tuple)
    return PairsSyntax(
        name_of(name),
        name_of(task),
        tuple(value for kind, value in groups if kind == "size"),
        of_kind(items, SplitSyntax),
        of_kind(items, HoldoutSyntax),
        tuple(value for kind, value in groups if kind == "where"),
        of_kind(items, BalancedSyntax),
        span=span,
    )


def build_size(span: Span, children: list[Any]) -> tuple[str, Integer]:
    return "size", integer_of(children[1])


def build_where(span: Span, children: list[Any]) -> tuple[str, ExpressionSyntax]:
    return "where", children[1]


def build_balanced(span: Span, children: list[Any]) -> BalancedSyntax:
    return BalancedSyntax(tuple(children[1:]), span)


def build_uniform(span: Span, children: list[Any]) -> BalancedSyntax:
    return BalancedSyntax((), span)


def build_split(span: Span, children: list[Any]) -> SplitSyntax:
    return SplitSyntax(of_kind(children, Decimal), span)


def build_holdout(span: Span, children: list[Any]) -> HoldoutSyntax:
    values = children[3]
    if isinstance(values, ElementRange):
        return HoldoutSyntax(children[1], values.low, values.high, None, span)
    return HoldoutSyntax(children[1], None, None, values.alternatives if values else None, span)


def build_over(span: Span, children: list[Any]) -> Over:
    return Over(names_of(children[1:]))
