"""Claims as they are written: estimands, comparisons, expectations."""

from dataclasses import dataclass, field

from ..diagnostics import NOWHERE, Span
from .alignments import FamilySyntax
from .leaves import Decimal, Name
from .members import Indexed


@dataclass(frozen=True)
class NetworkReference:
    """`N`, or a word before it in parentheses: `random(N)`."""

    network: Name
    wrapper: Name | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class AccuracySyntax:
    network: NetworkReference
    task: Name | None
    over: tuple[Name, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class OnSyntax:
    """`on N` or `frozen on N`."""

    network: NetworkReference
    frozen: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class EstimandSyntax:
    """`iia(A.x -> y on N over P via FAMILY)`, or another estimand of an alignment. Clauses as often as written."""

    kind: Name
    alignment: Name
    members: tuple[Indexed, ...] | None
    reader: Indexed | None
    on: tuple[OnSyntax, ...]
    over: tuple[tuple[Name, ...], ...]
    via: tuple[FamilySyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class ClaimOperation:
    """`+`, `-`, `*` or `negate` on quantities."""

    operator: str
    operands: tuple["Quantity", ...]
    span: Span = field(default=NOWHERE, compare=False)


Quantity = Decimal | AccuracySyntax | EstimandSyntax | ClaimOperation


@dataclass(frozen=True)
class ComparisonSyntax:
    left: Quantity
    relation: str
    right: Quantity
    tolerance: Decimal | None
    span: Span = field(default=NOWHERE, compare=False)
    relation_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Expectation:
    outcome: Name
    reason: Name | None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class ClaimSyntax:
    """`text_span` runs from the first comparison to the end of the claim."""

    name: Name
    parts: tuple[ComparisonSyntax, ...]
    confidence: Decimal | None
    exhaustively: bool
    expect: Expectation | None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    text_span: Span = field(default=NOWHERE, compare=False)
