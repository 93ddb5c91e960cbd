"""Causal models as they are written."""

from dataclasses import dataclass, field

from ..diagnostics import NOWHERE, Span
from .domains import DomainSyntax
from .expressions import ExpressionSyntax
from .leaves import Name
from .members import ForSyntax, Indexed


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class ModelSyntax:
    """Equations, in loops or not; unrolled, there is no loop among them."""

    name: Name
    task: Name
    equations: tuple[Equation | ForSyntax[Equation], ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
