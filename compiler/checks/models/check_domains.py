"""Proof that every mechanism's values lie in its domain and that nothing is divided by zero.

Over what admitted inputs and the interventions of the declared alignments can produce: by intervals where they
suffice, else by looking for a witness. From models to diagnostics.
"""

from collections.abc import Sequence
from typing import Literal

from ....lang.diagnostics import Diagnostic, Label
from ....lang.domains import BOOL, integers
from ....lang.expressions import Apply, Constant, Expression
from ....lang.program import Mechanism
from ....lang.tuples import part_values
from ...causal_model import CausalModel
from ...intervals import Interval, interval_of
from ..witnesses.effort import Effort
from ..witnesses.find_witness import Undecided, find_witness
from ..witnesses.show_witness import show_witness, warn_undecided
from .check_divisions import check_divisions


def check_domains(
    model: CausalModel, aligned: Sequence[tuple[str, ...]], effort: Effort | None = None
) -> tuple[tuple[Diagnostic, ...], frozenset[str]]:
    """Check every mechanism; also the names of mechanisms whose values cannot be relied on.

    `effort` is shared with other searches for witnesses.
    """
    effort = effort or Effort()
    found: list[Diagnostic] = []
    broken: set[str] = set()
    domains = {name: Interval(domain.low, domain.high) for name, domain in model.domains.items()}
    for mechanism in model.mechanisms:
        if broken & set(model.parents[mechanism.name]):
            broken.add(mechanism.name)
            continue
        problems: list[Diagnostic] = []
        for part in _parts(model, mechanism):
            problems += check_divisions(
                model, aligned, part.expression, domains, f"`{part.name}`", part.span, effort=effort
            )
            if not _errors(problems):
                problems += _check_range(model, aligned, part, domains, effort)
        if _errors(problems):
            broken.add(mechanism.name)
        found += (_errors(problems) or problems)[:1]
    return tuple(found), frozenset(broken)


def _errors(problems: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [problem for problem in problems if problem.severity == "error"]


def _parts(model: CausalModel, mechanism: Mechanism) -> tuple[Mechanism, ...]:
    """A mechanism, or of a tuple each part by itself: a part that leaves its domain would spill into the next one."""
    domain = mechanism.domain
    if not domain.parts:
        return (mechanism,)
    values = part_values(mechanism.expression, domain)
    names = dict(model.families).get(mechanism.name, (mechanism.name,) * len(values))
    spans = {m.name: m.span for m in model.mechanisms}
    return tuple(
        Mechanism(name, part, value, span=spans[name])
        for name, part, value in zip(names, domain.parts, values, strict=True)
    )


def _check_range(
    model: CausalModel,
    aligned: Sequence[tuple[str, ...]],
    mechanism: Mechanism,
    domains: dict[str, Interval],
    effort: Effort,
) -> list[Diagnostic]:
    domain = mechanism.domain
    possible = interval_of(mechanism.expression, domains)
    if domain.low <= possible.low and possible.high <= domain.high:
        return []
    outside = _any(
        _compare("<", mechanism.expression, domain.low),
        _compare(">", mechanism.expression, domain.high),
    )
    witness = find_witness(model, aligned, outside, mechanism.expression, effort)
    if witness is None:
        return []
    if isinstance(witness, Undecided):
        return [warn_undecided(f"`{mechanism.name}` stays in `{domain.name}`", mechanism.span, witness)]
    low, high = min(domain.low, witness.low), max(domain.high, witness.high)
    help = "change its equation or its type"
    if domain.is_integer:
        wider = f"declare `{mechanism.name}: {low}..{high}`"
        is_output = mechanism.name in (model.output, *dict(model.families).get(model.output, ()))
        help = f"change its equation, or let its task {wider}" if is_output else f"{wider}, or change its equation"
    return [
        Diagnostic(
            "CS220",
            f"`{mechanism.name}` leaves its domain: expected a value of `{domain.name}`, found {witness.value}",
            Label(mechanism.span, f"is {witness.value} here"),
            notes=show_witness(model, witness),
            help=help,
        )
    ]


def _compare(operator: Literal["<", ">"], left: Expression, right: int) -> Apply:
    constant = Constant(right, integers(right, right))
    return Apply(operator, (left, constant), BOOL)


def _any(*alternatives: Expression) -> Apply:
    return Apply("or", alternatives, BOOL)
