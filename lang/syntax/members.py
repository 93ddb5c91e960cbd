"""What families of variables bring in: members, positions of tokens, and loops around lines."""

from dataclasses import field
from typing import Generic, TypeVar

from ..diagnostics import NOWHERE, Span
from ..record import record
from .expressions import ExpressionSyntax, LoopDomain
from .leaves import Name

Line = TypeVar("Line", covariant=True)


@record
class Indexed:
    """A name alone, or a member of a family: `x[i + 1]`."""

    name: Name
    index: ExpressionSyntax | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class PositionItem:
    """`{x}`, `{x[0]}`; `3`, `-2`; or a word such as `last`. One of the three is there.

    `part` is the word after a slot, `{x}.first`.
    """

    slot: Indexed | None
    index: int | None
    word: Name | None
    part: Name | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class PositionSyntax:
    """What stands after `@`: one item, or several in brackets."""

    items: tuple[PositionItem, ...]
    bracketed: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class ForSyntax(Generic[Line]):
    """`for i in D { ... }` around declarations, or around lines of one."""

    variable: Name
    domain: LoopDomain
    body: tuple["Line | ForSyntax[Line]", ...]
    span: Span = field(default=NOWHERE, compare=False)
