"""Networks as they are written, the arguments in their parentheses, and networks that are named elsewhere."""

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


@record
class NetworkReference:
    """`N`, or a word before it in parentheses: `random(N)`; `ungated` before either frees it from the task's gate."""

    network: Name
    wrapper: Name | None = None
    ungated: bool = False
    span: Span = field(default=NOWHERE, compare=False)
