"""What a loop runs through: a range or a type -> its values, within a stated bound."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from ..checks.definitions.domains import Domains
from ..diagnostics import Label, Span
from ..domains import Domain
from ..scope import Reporter
from ..syntax.domains import NamedDomain
from ..syntax.expressions import ExpressionSyntax, LoopDomain, LoopRange, Number, Symbol, Truth
from ..syntax.leaves import Name
from .bindings import Bindings, LoopValue
from .static_index import report_not_static
from .static_values import static_value

MAX_LINES = 10_000
"""Lines that the loops of one declaration may give; for a loop around declarations, all that it gives together."""
MAX_STEPS = 50_000
"""Steps that the loops and comprehensions of one declaration may take."""
MAX_COPIES = 500_000
"""Names, numbers and operators that a loop around declarations may write out."""


class TooMuchError(Exception):
    """The bound is passed and reported: the rest of the declaration is not unrolled."""


@dataclass
class LoopBudget:
    """What the loops of one declaration, or one loop around declarations, have given so far."""

    report: Reporter
    lines: int = 0
    steps: int = 0
    copies: int = 0

    def spend_line(self, span: Span) -> None:
        """One more line; raises TooMuchError."""
        self.lines += 1
        if self.lines > MAX_LINES:
            self._stop(MAX_LINES, "lines", span)

    def spend_steps(self, count: int, span: Span) -> None:
        """Further steps; raises TooMuchError."""
        self.steps += count
        if self.steps > MAX_STEPS:
            self._stop(MAX_STEPS, "steps", span)

    def spend_copy(self, span: Span) -> None:
        """One more part of a declaration written out; raises TooMuchError."""
        self.copies += 1
        if self.copies > MAX_COPIES:
            self._stop(MAX_COPIES, "names, numbers and operators", span)

    def _stop(self, most: int, what: str, span: Span) -> NoReturn:
        message = f"the loops give more than {most:,} {what}"
        self.report.error("CS142", message, span, help="loops are written out before anything runs: make them shorter")
        raise TooMuchError


@dataclass
class LoopValues:
    """Finds the values of loop variables; `taken` are names that a loop variable may not have."""

    domains: Domains
    report: Reporter
    budget: LoopBudget
    taken: Mapping[str, Span]

    def of(
        self,
        variable: Name,
        domain: LoopDomain,
        bindings: Bindings,
        unrolled: Callable[[ExpressionSyntax, Bindings], ExpressionSyntax],
    ) -> Sequence[LoopValue]:
        """The values of a loop variable, in order; none after an error. `unrolled` writes out a bound."""
        known = {**self.taken, **bindings.spans}
        if variable.text in known:
            self.report_hidden(variable, known[variable.text])
        if isinstance(domain, LoopRange):
            low, high = (unrolled(end, bindings) for end in (domain.low, domain.high))
            values = self._range(domain, low, high)
            self.budget.spend_steps(values.stop - values.start, domain.span)  # longer ones have no len()
            return [Number(value, variable.span) for value in values]
        return self._named(domain, variable.span)

    def report_hidden(self, variable: Name, other: Span) -> None:
        """A loop variable has the name of something else."""
        self.report.error(
            "CS143",
            f"the loop variable `{variable.text}` hides another name",
            variable.span,
            related=[Label(other, "the other one")],
            help="choose another name for the loop variable",
        )

    def _named(self, syntax: NamedDomain, span: Span) -> Sequence[LoopValue]:
        found = self.domains.check_domain(syntax)
        if found is None:
            return []
        self.budget.spend_steps(found.size, syntax.span)
        return values_of(found, span)

    def _range(self, domain: LoopRange, low: ExpressionSyntax, high: ExpressionSyntax) -> range:
        ends: list[int] = []
        for end in (low, high):
            value = static_value(end)
            if type(value) is not int:
                report_not_static("a loop's bound", end, self.report)
                return range(0)
            ends.append(value)
        first, last = ends
        if first > last and static_value(domain.low) is not None and static_value(domain.high) is not None:
            help = f"write `{last}..{first}`; both ends belong to a range"
            self.report.error("CS113", f"the range `{first}..{last}` is empty", domain.span, help=help)
        return range(first, max(first, last + 1))


def values_of(domain: Domain, span: Span) -> list[LoopValue]:
    """Every value of a domain, in order, as what a loop variable stands for."""
    return [value_of(domain, value, span) for value in range(domain.low, domain.high + 1)]


def value_of(domain: Domain, value: int, span: Span) -> LoopValue:
    """One value of a domain."""
    if domain.labels is None:
        return Number(value, span)
    return Truth(bool(value), span) if domain.is_boolean else Symbol(domain.labels[value], domain, span)
