"""Rules of metrics."""

from typing import Any

from ..diagnostics import Span
from ..syntax.expressions import ExpressionSyntax
from ..syntax.leaves import Decimal, Name
from ..syntax.metrics import (
    AnswerKey,
    LookupSyntax,
    MetricExpressionSyntax,
    MetricOperation,
    MetricSyntax,
    ReadingSyntax,
)
from .faults import BrokenSyntaxError, explain_odd_index
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
    """Of two pairs of brackets the first is an index of the table's name, `good[d][ask]`."""
    table, *brackets = children
    if not brackets:
        return LookupSyntax(name_of(table), (), span)
    *indices, keys = brackets
    if len(indices) > 1 or any(len(index) > 1 or isinstance(index[0], AnswerKey) for index in indices):
        raise BrokenSyntaxError(explain_odd_index(str(table), span))
    index = indices[0][0] if indices else None
    return LookupSyntax(Name(str(table), span_of(table), index), keys, span)


def build_lookup_keys(span: Span, children: list[Any]) -> tuple[AnswerKey | ExpressionSyntax, ...]:
    return tuple(children)


def build_answer_key(span: Span, children: list[Any]) -> AnswerKey:
    return AnswerKey(span)
