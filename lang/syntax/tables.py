"""Tables and functions as they are written."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .domains import CsvDomain, DomainSyntax
from .expressions import ExpressionSyntax
from .leaves import Integer, Name, Text

Cell = Name | Integer | Text
"""A value in a table: a symbol or truth value, a number, or a quoted symbol."""


@record
class TableEntry:
    """`a: b`, or `(a, b): c` where there are several keys."""

    keys: tuple[Cell, ...]
    value: Cell
    span: Span = field(default=NOWHERE, compare=False)


@record
class TableSyntax:
    """`table name: KEYS -> VALUES = ...`; without types, the keys and values are texts."""

    name: Name
    keys: tuple[DomainSyntax, ...]
    domain: DomainSyntax | None
    rows: tuple[TableEntry, ...] | CsvDomain
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    rows_span: Span = field(default=NOWHERE, compare=False)


@record
class Parameter:
    """`x: D`; of `x, y: D`, both have the domain."""

    name: Name
    domain: DomainSyntax
    span: Span = field(default=NOWHERE, compare=False)


@record
class FunctionSyntax:
    """`fn name(x: D): RESULT = EXPRESSION`."""

    name: Name
    parameters: tuple[Parameter, ...]
    result: DomainSyntax | None
    body: ExpressionSyntax
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
