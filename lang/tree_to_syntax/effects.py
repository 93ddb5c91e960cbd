"""Rules of effects and means: what is set to what, what is read, and the clauses that follow."""

from typing import Any

from ..diagnostics import Span
from ..syntax.alignments import Star
from ..syntax.effects import (
    Bracket,
    EffectSyntax,
    GivenSyntax,
    MeanSyntax,
    OnNetworkSyntax,
    SettingSyntax,
    TakenSyntax,
    ThingSyntax,
    ValueOperation,
    WrappedSyntax,
)
from ..syntax.members import PositionSyntax
from .between_rules import Over
from .expressions import build_group
from .leaves import name_of, of_kind, span_of, text_of


def build_effect(span: Span, children: list[Any]) -> EffectSyntax:
    kind, settings, target, *clauses = children
    over = tuple(clause.names for clause in of_kind(clauses, Over))
    given, on = of_kind(clauses, GivenSyntax), of_kind(clauses, OnNetworkSyntax)
    return EffectSyntax(name_of(kind), settings, target, given, on, over, span)


def build_mean(span: Span, children: list[Any]) -> MeanSyntax:
    metric, *clauses = children
    over = tuple(clause.names for clause in of_kind(clauses, Over))
    return MeanSyntax(name_of(metric), of_kind(clauses, OnNetworkSyntax), over, span)


def build_set_plain(span: Span, children: list[Any]) -> tuple[SettingSyntax, ...]:
    return (SettingSyntax(children[0], None, span),)


def build_settings_of(span: Span, children: list[Any]) -> tuple[SettingSyntax, ...]:
    return of_kind(children, SettingSyntax)


def build_set_to(span: Span, children: list[Any]) -> SettingSyntax:
    return SettingSyntax(children[0], children[1], span)


def build_given(span: Span, children: list[Any]) -> GivenSyntax:
    word, *subjects = children
    return GivenSyntax(name_of(word), tuple(subjects), span)


def build_on_network(span: Span, children: list[Any]) -> OnNetworkSyntax:
    return OnNetworkSyntax(children[1], span)


def build_thing(span: Span, children: list[Any]) -> ThingSyntax:
    name, *rest = children
    members = next((child for child in rest if isinstance(child, tuple)), None)
    position = next((child for child in rest if isinstance(child, PositionSyntax | Star)), None)
    return ThingSyntax(name_of(name), of_kind(rest, Bracket), members, position, span=span)


def build_module_thing(span: Span, children: list[Any]) -> ThingSyntax:
    name, path, *rest = children
    position = next((child for child in rest if isinstance(child, PositionSyntax | Star)), None)
    return ThingSyntax(name_of(name), of_kind(rest, Bracket), None, position, text_of(path), span)


def build_bracket(span: Span, children: list[Any]) -> Bracket:
    return Bracket(tuple(children), span)


def build_wrapped(span: Span, children: list[Any]) -> WrappedSyntax:
    return WrappedSyntax(name_of(children[0]), children[1], span)


def build_taken(span: Span, children: list[Any]) -> TakenSyntax:
    subject, _, network = children
    return TakenSyntax(subject, network, span)


def build_value_sum(span: Span, children: list[Any]) -> ValueOperation:
    left, operator, right = children
    return ValueOperation(str(operator), (left, right), span, span_of(operator))


build_value_product = build_value_sum


def build_value_negative(span: Span, children: list[Any]) -> ValueOperation:
    return ValueOperation("negate", (children[1],), span, span_of(children[0]))


build_value_group = build_group
