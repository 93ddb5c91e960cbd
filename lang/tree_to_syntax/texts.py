"""Rules of texts and their slots."""

from typing import Any

from ..diagnostics import Span
from ..syntax.texts import FormatSyntax, SlotSyntax, TemplateSyntax, TextsSyntax
from .leaves import name_of, span_of, whole_of


def build_texts(span: Span, children: list[Any]) -> TextsSyntax:
    return TextsSyntax(tuple(children), span)


def build_template(span: Span, children: list[Any]) -> TemplateSyntax:
    token, *parts = children
    return TemplateSyntax(tuple(parts), span_of(token))


def build_slot_text(span: Span, children: list[Any]) -> SlotSyntax:
    expression, width, name = children
    format = None
    if width is not None:
        format = FormatSyntax(whole_of(width), str(width).startswith("0"), span_of(width))
    return SlotSyntax(expression, format, name_of(name) if name else None, span)
