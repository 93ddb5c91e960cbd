"""The leaves of the syntax tree: names, numbers and strings as they are written."""

from dataclasses import dataclass, field
from fractions import Fraction

from ..diagnostics import NOWHERE, Span


@dataclass(frozen=True)
class Name:
    text: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Integer:
    value: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Decimal:
    """A number as an exact fraction of its decimal text; `whole` says that it was written without a point."""

    value: Fraction
    whole: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Text:
    value: str
    span: Span = field(default=NOWHERE, compare=False)
