"""Rules of members, positions and loops."""

from typing import Any

from ..diagnostics import Span
from ..syntax.expressions import ExpressionSyntax, Loop, LoopRange
from ..syntax.leaves import Integer, Name
from ..syntax.members import ForSyntax, Indexed, PositionItem, PositionSyntax
from .leaves import name_of


def build_members(span: Span, children: list[Any]) -> tuple[Indexed, ...]:
    return tuple(children)


def build_named(span: Span, children: list[Any]) -> Name:
    return Name(name_of(children[0]).text, span, children[1])


def build_indexed(span: Span, children: list[Any]) -> Indexed:
    return Indexed(name_of(children[0]), children[1], span)


def build_member(span: Span, children: list[Any]) -> ExpressionSyntax:
    index: ExpressionSyntax = children[0]
    return index


def _position_items(children: list[Any]) -> tuple[PositionItem, ...]:
    items = (child for child in children if child is not None)
    return tuple(PositionItem(None, i.value, None, span=i.span) if isinstance(i, Integer) else i for i in items)


def build_position(span: Span, children: list[Any]) -> PositionSyntax:
    return PositionSyntax(_position_items(children), False, span)


def build_positions(span: Span, children: list[Any]) -> PositionSyntax:
    return PositionSyntax(_position_items(children), True, span)


def build_slot(span: Span, children: list[Any]) -> PositionItem:
    slot, part = children
    return PositionItem(slot, None, None, name_of(part) if part else None, span)


def build_position_word(span: Span, children: list[Any]) -> PositionItem:
    return PositionItem(None, None, name_of(children[0]), span=span)


def build_loop(span: Span, children: list[Any]) -> Loop:
    return Loop(name_of(children[0]), children[2], span)


def build_loop_range(span: Span, children: list[Any]) -> LoopRange:
    return LoopRange(children[0], children[1], span)


def build_task_for(span: Span, children: list[Any]) -> ForSyntax[Any]:
    variable, _, domain, *body = children
    return ForSyntax(name_of(variable), domain, tuple(body), span)


build_model_for = build_align_for = build_task_for
