"""What this version checks and cannot run yet: refused where something is to be run, and never silently."""

from ..lang.claims import Accuracy, Claim, Estimand, Iia, Reading
from ..lang.diagnostics import Diagnostic, Label
from ..lang.effects import Effect, Mean
from ..lang.program import Program
from .check_effects_run import find_effect_obstacle


def check_runnable(program: Program) -> tuple[Diagnostic, ...]:
    """An error for each estimand that no engine can measure yet."""
    return tuple(
        Diagnostic(
            "CS480",
            f"`{_name(estimand)}` is checked, and cannot be run yet",
            Label(estimand.span),
            help="`cspec check` and `cspec compile --emit terms` take it; to verify other claims, move it to a file "
            "of its own",
        )
        for claim in program.claims.values()
        for estimand in measured_by(claim)
        if not is_run(estimand, program)
    )


def runs(claim: Claim, program: Program) -> bool:
    """Whether all that a claim measures can be run."""
    return all(is_run(estimand, program) for estimand in measured_by(claim))


def is_run(estimand: Estimand, program: Program) -> bool:
    """Whether an engine can measure an estimand."""
    if isinstance(estimand, Iia):
        return estimand.origin is None
    if isinstance(estimand, Effect | Mean):
        return not find_effect_obstacle(estimand, program)
    return isinstance(estimand, Accuracy | Reading)


def measured_by(claim: Claim) -> tuple[Estimand, ...]:
    """The estimands of a claim, each once."""
    terms = (term for part in claim.parts for term in (*part.left.terms, *part.right.terms))
    return tuple(dict.fromkeys(term.estimand for term in terms))


def _name(estimand: Estimand) -> str:
    if isinstance(estimand, Iia):
        return f"{estimand.kind}(... from {estimand.origin})"
    return f"{getattr(estimand, 'kind', 'mean')}(...)"
