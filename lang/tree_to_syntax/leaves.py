"""Tokens -> leaves of the syntax tree."""

import re
from fractions import Fraction
from typing import Any, TypeVar

from ..diagnostics import Span
from ..syntax.leaves import Decimal, Integer, Name, Text

T = TypeVar("T")


def span_of(token: Any) -> Span:
    """The token's own span."""
    return Span(token.start_pos, token.end_pos)


def name_of(token: Any) -> Name:
    """The token as a name; what is a name already stays one."""
    return token if isinstance(token, Name) else Name(str(token), span_of(token))


def names_of(tokens: list[Any]) -> tuple[Name, ...]:
    """Each token as a name."""
    return tuple(name_of(token) for token in tokens)


def whole_of(token: Any) -> int:
    """The value of digits with or without underscores."""
    return int(str(token).replace("_", ""))


def fraction_of(token: Any) -> Fraction:
    """The exact value of a decimal with or without underscores."""
    return Fraction(str(token).replace("_", ""))


def integer_of(token: Any, minus: Any = None) -> Integer:
    """Digits as a number, negative where the token of a minus stands before them."""
    value = whole_of(token)
    return Integer(-value, Span(minus.start_pos, token.end_pos)) if minus else Integer(value, span_of(token))


ESCAPES = {"n": "\n", "t": "\t"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def unescape(written: str) -> str:
    """What stands between quotation marks: `\\n` is a line break, `\\t` a tab, `\\` before others that character."""
    return _ESCAPE.sub(lambda found: ESCAPES.get(found[1], found[1]), written)


def text_of(token: Any) -> Text:
    """A text without its quotation marks."""
    return Text(unescape(str(token)[1:-1]), span_of(token))


def decimal_of(token: Any, minus: Any = None) -> Decimal:
    """A number with or without a point, negative where the token of a minus stands before it."""
    value = fraction_of(token)
    whole = token.type == "INT"
    return (
        Decimal(-value, whole, Span(minus.start_pos, token.end_pos)) if minus else Decimal(value, whole, span_of(token))
    )


def of_kind(children: list[Any], kind: type[T]) -> tuple[T, ...]:
    """The children that are of one class, in order."""
    return tuple(child for child in children if isinstance(child, kind))
