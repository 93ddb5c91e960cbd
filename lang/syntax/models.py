"""Causal models as they are written."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .domains import DomainSyntax
from .expressions import ExpressionSyntax
from .leaves import Name
from .members import ForSyntax, Indexed


@record
class Equation:
    """`name: DOMAIN = EXPRESSION`; unrolled, a member's index is part of its name."""

    target: Indexed
    domain: DomainSyntax | None
    expression: ExpressionSyntax
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def name(self) -> Name:
        """The variable's name."""
        return self.target.name


@record
class ModelSyntax:
    """Equations, in loops or not; unrolled, there is no loop among them."""

    name: Name
    task: Name
    equations: tuple[Equation | ForSyntax[Equation], ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
