"""Metrics as they are written."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .expressions import ExpressionSyntax
from .leaves import Decimal, Name
from .members import Indexed
from .texts import TemplateSyntax


@record
class AnswerKey:
    """`[answer]`: what the run answers."""

    span: Span = field(default=NOWHERE, compare=False)


@record
class LookupSyntax:
    """`judge[answer]`, `good[d][ask]`: a table, which may have an index, and its keys."""

    table: Name
    keys: tuple[AnswerKey | ExpressionSyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class ReadingSyntax:
    """`prob("yes")`, `logprob(good[ask])`."""

    function: Name
    text: TemplateSyntax | LookupSyntax
    span: Span = field(default=NOWHERE, compare=False)


@record
class MetricOperation:
    """`+`, `-`, `*` or `negate` on its operands."""

    operator: str
    operands: tuple["MetricExpressionSyntax", ...]
    span: Span = field(default=NOWHERE, compare=False)


MetricExpressionSyntax = LookupSyntax | ReadingSyntax | Decimal | MetricOperation


@record
class MetricSyntax:
    """`metric NAME: LOW..HIGH = EXPRESSION`."""

    name: Indexed
    low: Decimal
    high: Decimal
    expression: MetricExpressionSyntax
    span: Span = field(default=NOWHERE, compare=False)
