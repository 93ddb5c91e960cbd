"""Metrics as they are written."""

from dataclasses import dataclass, field

from ..diagnostics import NOWHERE, Span
from .expressions import ExpressionSyntax
from .leaves import Decimal, Name
from .members import Indexed
from .texts import TemplateSyntax


@dataclass(frozen=True)
class AnswerKey:
    """`[answer]`: what the run answers."""

    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class LookupSyntax:
    """`judge[answer]`, `good[d][ask]`: a table, which may have an index, and its keys."""

    table: Name
    keys: tuple[AnswerKey | ExpressionSyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class ReadingSyntax:
    """`prob("yes")`, `logprob(good[ask])`."""

    function: Name
    text: TemplateSyntax | LookupSyntax
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class MetricOperation:
    """`+`, `-`, `*` or `negate` on its operands."""

    operator: str
    operands: tuple["MetricExpressionSyntax", ...]
    span: Span = field(default=NOWHERE, compare=False)


MetricExpressionSyntax = LookupSyntax | ReadingSyntax | Decimal | MetricOperation


@dataclass(frozen=True)
class MetricSyntax:
    """`metric NAME: LOW..HIGH = EXPRESSION`."""

    name: Indexed
    low: Decimal
    high: Decimal
    expression: MetricExpressionSyntax
    span: Span = field(default=NOWHERE, compare=False)
