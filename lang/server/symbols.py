"""The outline of a file: its declarations, and what they declare."""

from ..diagnostics import Span
from ..record import record
from ..resolution.declared import LOCAL, Declared
from .analysis import Analysis

INNER = ("input", "output", "metric", "variable", "node")


@record
class Symbol:
    """A declaration with its parts."""

    declared: Declared
    whole: Span
    parts: tuple["Symbol", ...] = ()


def symbols(analysis: Analysis) -> tuple[Symbol, ...]:
    """Every declaration with a name, in order."""
    declared = analysis.resolution.declared
    return tuple(
        Symbol(outer, outer.whole, tuple(_parts(outer, declared)))
        for outer in declared
        if not outer.owner and outer.kind not in LOCAL and outer.span.end <= len(analysis.text)
    )


def _parts(outer: Declared, declared: tuple[Declared, ...]) -> list[Symbol]:
    return [
        Symbol(inner, inner.whole if _within(inner.span, inner.whole) else inner.span)
        for inner in declared
        if inner.owner == outer.name and inner.kind in INNER and _within(inner.span, outer.whole)
    ]


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
