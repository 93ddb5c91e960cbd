"""Claims as they are written: estimands, comparisons, expectations."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .alignments import FamilySyntax
from .effects import EffectSyntax, MeanSyntax
from .expressions import ExpressionSyntax
from .leaves import Decimal, Name
from .members import ForSyntax, Indexed
from .networks import NetworkReference


@record
class AccuracySyntax:
    network: NetworkReference
    task: Name | None
    over: tuple[Name, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class OnSyntax:
    """`on N` or `frozen on N`."""

    network: NetworkReference
    frozen: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class EstimandSyntax:
    """`iia(A.x -> y on N over P via FAMILY from B)`, or another estimand of an alignment.

    Clauses are kept as often as they are written.
    """

    kind: Name
    alignment: Name
    members: tuple[Indexed, ...] | None
    reader: Indexed | None
    on: tuple[OnSyntax, ...]
    over: tuple[tuple[Name, ...], ...]
    via: tuple[FamilySyntax, ...]
    origin: tuple[Name, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


@record
class ClaimOperation:
    """`+`, `-`, `*` or `negate` on quantities."""

    operator: str
    operands: tuple["Quantity", ...]
    span: Span = field(default=NOWHERE, compare=False)


Quantity = Decimal | AccuracySyntax | EstimandSyntax | ClaimOperation | EffectSyntax | MeanSyntax


@record
class ComparisonSyntax:
    left: Quantity
    relation: str
    right: Quantity
    tolerance: Decimal | None
    case: "CaseSyntax | None" = None
    span: Span = field(default=NOWHERE, compare=False)
    relation_span: Span = field(default=NOWHERE, compare=False)


@record
class CaseSyntax:
    """Which case of an `all` a comparison is: the loops' variables, their values, and the condition it needs.

    `all_span` is that of the whole `all(...)`, the same for all of its cases.
    """

    variables: tuple[Name, ...]
    values: tuple[ExpressionSyntax, ...]
    where: ExpressionSyntax | None
    all_span: Span = field(default=NOWHERE, compare=False)


@record
class Expectation:
    outcome: Name
    reason: Name | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class ClaimSyntax:
    """Unrolled, there is no loop among the parts.

    `text_span` runs from the first comparison to the end of the claim.
    """

    name: Name
    parts: tuple[ComparisonSyntax | ForSyntax[ComparisonSyntax], ...]
    confidence: Decimal | None
    exhaustively: bool
    expect: Expectation | None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    text_span: Span = field(default=NOWHERE, compare=False)
