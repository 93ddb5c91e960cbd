"""What expressions may use besides variables: tables, and functions of the file."""

from dataclasses import dataclass, field

from ...diagnostics import NOWHERE, Span
from ...domains import Domain
from ...expressions import Expression
from ...program import OpenTable, Table
from ...record import record


@record
class Function:
    """A pure function: its parameters' domains, and its body, whose variables are the parameters."""

    name: str
    parameters: dict[str, Domain]
    body: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass
class Library:
    """Tables and functions by name; None where one is broken and already reported."""

    tables: dict[str, Table | OpenTable | None] = field(default_factory=dict)
    functions: dict[str, Function | None] = field(default_factory=dict)
