"""Domains as they are written: ranges, sets of symbols, names of types."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .leaves import Integer, Name
from .networks import Argument


@record
class RangeDomain:
    low: Integer
    high: Integer
    span: Span = field(default=NOWHERE, compare=False)


@record
class SetDomain:
    """Symbols in braces; a number among them is refused by the checker, in the user's words."""

    symbols: tuple[Name | Integer, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class NamedDomain:
    name: Name
    span: Span = field(default=NOWHERE, compare=False)


@record
class CsvDomain:
    """`csv("cities.csv")`; in a table, with the names of columns after the path."""

    loader: Name
    arguments: tuple[Argument, ...]
    span: Span = field(default=NOWHERE, compare=False)


DomainSyntax = RangeDomain | SetDomain | NamedDomain | CsvDomain
