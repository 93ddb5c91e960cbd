"""Rules of metrics."""

from typing import Any

from ..diagnostics import Span
from ..syntax.expressions import ExpressionSyntax
from ..syntax.leaves import Decimal
from ..syntax.metrics import (
    AnswerKey,
    LookupSyntax,
    MetricExpressionSyntax,
    MetricOperation,
    MetricSyntax,
    ReadingSyntax,
)
from .leaves import decimal_of, name_of, span_of


def build_metric(span: Span, children: list[Any]) -> MetricSyntax:
    _, name, low, high, expression = children
    return MetricSyntax(name, low, high, expression, span)


def build_amount(span: Span, children: list[Any]) -> Decimal:
    minus, number = children
    return decimal_of(number, minus)


def build_amount_atom(span: Span, children: list[Any]) -> Decimal:
    return decimal_of(children[0])


def build_metric_sum(span: Span, children: list[Any]) -> MetricOperation:
    left, operator, right = children
    return MetricOperation(str(operator), (left, right), span)


build_metric_product = build_metric_sum


def build_metric_negative(span: Span, children: list[Any]) -> MetricOperation:
    return MetricOperation("negate", (children[1],), span)


def build_metric_group(span: Span, children: list[Any]) -> MetricExpressionSyntax:
    inner: MetricExpressionSyntax = children[0]
    return inner


def build_reading(span: Span, children: list[Any]) -> ReadingSyntax:
    return ReadingSyntax(name_of(children[0]), children[1], span)


def build_lookup(span: Span, children: list[Any]) -> LookupSyntax:
    table, *keys = children
    return LookupSyntax(name_of(table), tuple(keys), span)


def build_lookup_key(span: Span, children: list[Any]) -> AnswerKey | ExpressionSyntax:
    key = children[0]
    return AnswerKey(span_of(key)) if getattr(key, "type", None) == "ANSWER" else key
