"""Networks as they are written, and the arguments in their parentheses."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .leaves import Decimal, Name, Text


@record
class Argument:
    """An argument of a network or a family; `key` where it is named."""

    key: Name | None
    value: Text | Decimal | Name
    span: Span = field(default=NOWHERE, compare=False)


@record
class NetworkSyntax:
    name: Name
    loader: Name
    arguments: tuple[Argument, ...]
    ungated: bool = False
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
