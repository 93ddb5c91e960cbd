"""What only lives between two rules: no node of the syntax tree holds any of it."""

from typing import Any

from ..diagnostics import Span
from ..record import record
from ..syntax.expressions import ExpressionSyntax
from ..syntax.leaves import Name


@record
class Relator:
    """What stands between the sides of a comparison: `<=`, `not in`."""

    text: str
    negated: bool
    span: Span


@record
class ElementSet:
    """The right side of `in {a, b}`."""

    alternatives: tuple[ExpressionSyntax, ...]


@record
class ElementRange:
    """The right side of `in low..high`."""

    low: ExpressionSyntax
    high: ExpressionSyntax


@record
class Keys:
    """`[x, y]` after a name in an expression."""

    values: tuple[ExpressionSyntax, ...]
    span: Span


@record
class Point:
    """`.name` after a name in an expression."""

    name: Name


@record
class Over:
    """`over P, Q`."""

    names: tuple[Name, ...]


@record
class Modifier:
    """A clause after a claim's comparisons."""

    words: str
    value: Any
    span: Span
