"""What only lives between two rules: no node of the syntax tree holds any of it."""

from dataclasses import dataclass
from typing import Any

from ..diagnostics import Span
from ..syntax.expressions import ExpressionSyntax
from ..syntax.leaves import Name


@dataclass(frozen=True)
class Relator:
    """What stands between the sides of a comparison: `<=`, `not in`."""

    text: str
    negated: bool
    span: Span


@dataclass(frozen=True)
class ElementSet:
    """The right side of `in {a, b}`."""

    alternatives: tuple[ExpressionSyntax, ...]


@dataclass(frozen=True)
class ElementRange:
    """The right side of `in low..high`."""

    low: ExpressionSyntax
    high: ExpressionSyntax


@dataclass(frozen=True)
class Keys:
    """`[x, y]` after a name in an expression."""

    values: tuple[ExpressionSyntax, ...]
    span: Span


@dataclass(frozen=True)
class Point:
    """`.name` after a name in an expression."""

    name: Name


@dataclass(frozen=True)
class Over:
    """`over P, Q`."""

    names: tuple[Name, ...]


@dataclass(frozen=True)
class Modifier:
    """A clause after a claim's comparisons."""

    words: str
    value: Any
    span: Span
