"""The leaves of the syntax tree: names, numbers and strings as they are written."""

from dataclasses import field
from fractions import Fraction
from typing import TYPE_CHECKING

from ..diagnostics import NOWHERE, Span
from ..record import record

if TYPE_CHECKING:
    from .expressions import ExpressionSyntax


@record
class Name:
    """A name; of something that is declared or meant with an index, `das[i]`, the index is apart until loops are gone.

    Unrolled, `text` is the whole name, `das[3]`, and there is no `index`.
    """

    text: str
    span: Span = field(default=NOWHERE, compare=False)
    index: "ExpressionSyntax | None" = None


@record
class Integer:
    """A number, or what computes it (`computed`) until loops are unrolled."""

    value: int
    span: Span = field(default=NOWHERE, compare=False)
    computed: "ExpressionSyntax | None" = None


@record
class Decimal:
    """A number as an exact fraction of its decimal text; `whole` says that it was written without a point."""

    value: Fraction
    whole: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class Text:
    value: str
    span: Span = field(default=NOWHERE, compare=False)
