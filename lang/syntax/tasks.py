"""Types and tasks as they are written."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .domains import DomainSyntax
from .expressions import ExpressionSyntax
from .leaves import Integer, Name
from .members import ForSyntax, Indexed, PositionSyntax
from .metrics import MetricSyntax
from .texts import TextsSyntax


@record
class TypeSyntax:
    name: Name
    domain: DomainSyntax
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@record
class DeclaredSyntax:
    """A name, or a family of `count` members: `x[4]`."""

    name: Name
    count: Integer | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Group:
    """`input a, b[4]: DOMAIN` or `output y: DOMAIN`."""

    names: tuple[DeclaredSyntax, ...]
    domain: DomainSyntax
    span: Span = field(default=NOWHERE, compare=False)


@record
class RequireSyntax:
    condition: ExpressionSyntax
    span: Span = field(default=NOWHERE, compare=False)


@record
class TokensSyntax:
    names: tuple[Indexed, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class VectorSyntax:
    names: tuple[Indexed, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class PromptSyntax:
    """`prompt "..." | "..."`."""

    templates: TextsSyntax
    span: Span = field(default=NOWHERE, compare=False)


@record
class AnswerEntry:
    value: Name | Integer
    answer: Integer | TextsSyntax
    span: Span = field(default=NOWHERE, compare=False)


@record
class AnswerSyntax:
    """`answer NAME [@ POSITION]: { value: class, ... }`, or a word (`index`) or texts in place of the braces.

    `among` is the word after `among` where it is there.
    """

    output: Indexed
    position: PositionSyntax | None
    reading: tuple[AnswerEntry, ...] | Name | TextsSyntax
    among: Name | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class GeneratedSyntax:
    """`answer text(n)`; `word` is what stands for `text`."""

    word: Name
    limit: Integer
    span: Span = field(default=NOWHERE, compare=False)


@record
class TaskSyntax:
    """`lines` are the conditions, answers and metrics, in the order written; unrolled, they hold no loop."""

    name: Name
    inputs: tuple[Group, ...]
    outputs: tuple[Group, ...]
    renderings: tuple[TokensSyntax | VectorSyntax | PromptSyntax, ...]
    generated: tuple[GeneratedSyntax, ...]
    lines: "tuple[TaskLine | ForSyntax[TaskLine], ...]"
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


TaskLine = RequireSyntax | AnswerSyntax | MetricSyntax
