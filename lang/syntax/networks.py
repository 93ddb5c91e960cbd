"""Networks as they are written, and the arguments in their parentheses."""

from dataclasses import dataclass, field

from ..diagnostics import NOWHERE, Span
from .leaves import Decimal, Name, Text


@dataclass(frozen=True)
class Argument:
    """An argument of a network or a family; `key` where it is named."""

    key: Name | None
    value: Text | Decimal | Name
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class NetworkSyntax:
    name: Name
    loader: Name
    arguments: tuple[Argument, ...]
    ungated: bool = False
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
