"""Recipes of items as they are written."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .expressions import ExpressionSyntax
from .leaves import Decimal, Integer, Name
from .members import Indexed


@record
class SplitSyntax:
    shares: tuple[Decimal, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class HoldoutSyntax:
    """`holdout x, y[0] [in RANGE or SET]`; the membership is kept as one per file text, without its element."""

    names: tuple[Indexed, ...]
    low: ExpressionSyntax | None
    high: ExpressionSyntax | None
    alternatives: tuple[ExpressionSyntax, ...] | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class BalancedSyntax:
    """`balanced EXPRESSION, ...`, or `uniform`, which balances by nothing (`cells` is then empty)."""

    cells: tuple[ExpressionSyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class PairsSyntax:
    name: Name
    task: Name
    sizes: tuple[Integer, ...]
    splits: tuple[SplitSyntax, ...]
    holdouts: tuple[HoldoutSyntax, ...]
    where: tuple[ExpressionSyntax, ...]
    balanced: tuple[BalancedSyntax, ...] = ()
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
