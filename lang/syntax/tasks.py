"""Types and tasks as they are written."""

from dataclasses import dataclass, field

from ..diagnostics import NOWHERE, Span
from .domains import DomainSyntax
from .expressions import ExpressionSyntax
from .leaves import Integer, Name
from .members import ForSyntax, Indexed, PositionSyntax


@dataclass(frozen=True)
class TypeSyntax:
    name: Name
    domain: DomainSyntax
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class DeclaredSyntax:
    """A name, or a family of `count` members: `x[4]`."""

    name: Name
    count: Integer | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Group:
    """`input a, b[4]: DOMAIN` or `output y: DOMAIN`."""

    names: tuple[DeclaredSyntax, ...]
    domain: DomainSyntax
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class RequireSyntax:
    condition: ExpressionSyntax
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class TokensSyntax:
    names: tuple[Indexed, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class AnswerEntry:
    value: Name | Integer
    answer: Integer
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class AnswerSyntax:
    """`answer NAME [@ POSITION]: { value: class, ... }`, or a word in place of the braces (`index`)."""

    output: Indexed
    position: PositionSyntax | None
    reading: tuple[AnswerEntry, ...] | Name
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class TaskSyntax:
    """`lines` are the conditions and answers, in loops or not, in the order written; unrolled, they hold no loop."""

    name: Name
    inputs: tuple[Group, ...]
    outputs: tuple[Group, ...]
    tokens: tuple[TokensSyntax, ...]
    lines: "tuple[TaskLine | ForSyntax[TaskLine], ...]"
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


TaskLine = RequireSyntax | AnswerSyntax
