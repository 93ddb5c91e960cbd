"""What belongs to the language but not to this version: recognised, so that it is refused by name and not as a typo."""

from .diagnostics import Diagnostic, Label, Span


def not_built(construct: str, span: Span, help: str = "") -> Diagnostic:
    """`construct` is part of the language but not built yet."""
    return Diagnostic("CS010", f"{construct} is part of the language but not built yet", Label(span), help=help)
