"""Texts with slots as they are written."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .expressions import ExpressionSyntax
from .leaves import Name


@record
class FormatSyntax:
    """`:3`, `:02`: the width, and whether zeros fill it."""

    width: int
    zeros: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class SlotSyntax:
    """`{e}`, `{e:02}`, `{e as name}`."""

    expression: ExpressionSyntax
    format: FormatSyntax | None = None
    name: Name | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class TemplateSyntax:
    """A text: plain parts and slots, in order."""

    parts: tuple[str | SlotSyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class TextsSyntax:
    """`"a" | "b"`: one text or several."""

    templates: tuple[TemplateSyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)
