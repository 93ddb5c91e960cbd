"""Rules of expressions."""

from dataclasses import replace
from typing import Any

from ..diagnostics import Span
from ..syntax.domains import NamedDomain
from ..syntax.expressions import (
    ROLES,
    Attribute,
    Call,
    Comprehension,
    Conditional,
    ExpressionSyntax,
    InRange,
    InSet,
    InType,
    Lookup,
    Number,
    Operation,
    Reference,
    The,
    Truth,
)
from ..syntax.leaves import Text
from .between_rules import ElementRange, ElementSet, Keys, Point, Relator
from .faults import BrokenSyntaxError, ChainedComparisonsError, explain_nesting
from .leaves import name_of, span_of, text_of, whole_of

MOST_TRAILERS = 20
"""Brackets and points after one name."""


def build_conditional(span: Span, children: list[Any]) -> Conditional:
    return Conditional(children[0], children[1], children[2], span)


def build_the(span: Span, children: list[Any]) -> The:
    variable, _, domain, where = children
    return The(name_of(variable), domain, where[1], span)


def build_either(span: Span, children: list[Any]) -> Operation:
    left, operator, right = children
    return Operation(str(operator), (left, right), span, span_of(operator))


build_both = build_sum = build_product = build_either


def build_invert(span: Span, children: list[Any]) -> Operation:
    return Operation("not", (children[1],), span, span_of(children[0]))


def build_negative(span: Span, children: list[Any]) -> ExpressionSyntax:
    operand = children[1]
    if isinstance(operand, Number):
        return Number(-operand.value, span)
    return Operation("negate", (operand,), span, span_of(children[0]))


def build_relation(span: Span, children: list[Any]) -> ExpressionSyntax:
    left, first, *more = children
    operator, right = first
    if more:
        next_operator, last = more[0]
        raise ChainedComparisonsError((left, right, last), (operator, next_operator))
    if isinstance(right, ElementSet):
        return InSet(left, right.alternatives, operator.negated, span)
    if isinstance(right, ElementRange):
        return InRange(left, right.low, right.high, operator.negated, span)
    if isinstance(right, NamedDomain):
        return InType(left, right, operator.negated, span)
    return Operation(operator.text, (left, right), span, operator.span)


def build_compared(span: Span, children: list[Any]) -> tuple[Relator, Any]:
    return Relator(str(children[0]), False, span_of(children[0])), children[1]


def build_contained(span: Span, children: list[Any]) -> tuple[Relator, Any]:
    start = children[0] or children[1]
    relator = Relator("not in" if children[0] else "in", bool(children[0]), Span(start.start_pos, children[1].end_pos))
    return relator, children[2]


def build_element_set(span: Span, children: list[Any]) -> ElementSet:
    return ElementSet(tuple(children))


def build_element_range(span: Span, children: list[Any]) -> ElementRange:
    return ElementRange(children[0], children[1])


def build_element_type(span: Span, children: list[Any]) -> NamedDomain:
    return NamedDomain(name_of(children[0]), span)


def build_group(span: Span, children: list[Any]) -> Any:
    return replace(children[0], span=span)


def build_number(span: Span, children: list[Any]) -> Number:
    return Number(whole_of(children[0]), span)


def build_truth(span: Span, children: list[Any]) -> Truth:
    return Truth(str(children[0]) == "true", span)


def build_reference(span: Span, children: list[Any]) -> ExpressionSyntax:
    """`[role.]name[index]` is one reference; further keys and names after points are put around it."""
    head, *trailers = children
    if len(trailers) > MOST_TRAILERS:
        raise BrokenSyntaxError(explain_nesting(span))
    name, role = name_of(head), None
    if name.text in ROLES and trailers and isinstance(trailers[0], Point):
        role, name = name, trailers.pop(0).name
    found: ExpressionSyntax = Reference(name, role, None, Span(span.start, name.span.end))
    for trailer in trailers:
        if isinstance(trailer, Point):
            found = Attribute(found, trailer.name, Span(span.start, trailer.name.span.end))
        elif isinstance(found, Reference) and found.index is None and len(trailer.values) == 1:
            found = replace(found, index=trailer.values[0], span=Span(span.start, trailer.span.end))
        else:
            found = Lookup(found, trailer.values, Span(span.start, trailer.span.end))
    return found


def build_keys(span: Span, children: list[Any]) -> Keys:
    return Keys(tuple(children), span)


def build_attribute(span: Span, children: list[Any]) -> Point:
    return Point(name_of(children[0]))


def build_text(span: Span, children: list[Any]) -> Text:
    return text_of(children[0])


def build_call(span: Span, children: list[Any]) -> Call:
    return Call(name_of(children[0]), tuple(children[1:]), span)


def build_comprehension(span: Span, children: list[Any]) -> Comprehension:
    function, element, *loops, where = children
    return Comprehension(name_of(function), element, tuple(loops), where[1] if where else None, span)
