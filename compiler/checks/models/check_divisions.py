"""Proof that nothing is divided by zero, or a witness: an admitted input and interventions that make a divisor 0.

A division counts only where its value matters: not in the branch of an `if` that is not chosen, nor in what an `and` or
`or` does not come to. From models and what a task requires to diagnostics.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.domains import BOOL, integers
from ....lang.expressions import Apply, Constant, Expression
from ....lang.program import Task
from ...causal_model import CausalModel, lower_inputs
from ...intervals import Interval, interval_of
from ..witnesses.effort import Effort
from ..witnesses.find_witness import Undecided, find_witness
from ..witnesses.show_witness import show_witness, warn_undecided

_REQUIRE = "guard the division: `divisor != 0 and ...`, or exclude the input by a `require` above"


def check_divisions(
    model: CausalModel,
    aligned: Sequence[tuple[str, ...]],
    expression: Expression,
    domains: Mapping[str, Interval],
    what: str,
    span: Span,
    help: str = "guard the division: `if divisor != 0 then ... else ...`",
    effort: Effort | None = None,
) -> list[Diagnostic]:
    """The first division of an expression whose divisor can be 0, or cannot be proved not to be.

    `aligned` are the variables of each alignment, `domains` the interval of each variable; `what` divides, in words,
    and stands at `span`, which is shown where the division has no place of its own; `help` is its remedy. `effort` is
    shared with other searches.
    """
    for guards, division in divisions(expression):
        divisor = division.arguments[1]
        possible = interval_of(divisor, domains)
        if possible.low > 0 or possible.high < 0:
            continue
        zero: Expression = Apply("==", (divisor, Constant(0, integers(0, 0))), BOOL)
        for guard in guards:
            zero = Apply("and", (guard, zero), BOOL)
        witness = find_witness(model, aligned, zero, divisor, effort)
        if isinstance(witness, Undecided):
            return [warn_undecided(f"{what} never divides by zero", span, witness)]
        if witness is not None:
            return [
                Diagnostic(
                    "CS223",
                    f"{what} divides by zero",
                    Label(divisor.span if divisor.span.end else span, "the divisor can be 0"),
                    notes=show_witness(model, witness),
                    help=help,
                )
            ]
    return []


def check_required_divisions(task: Task, effort: Effort | None = None) -> list[Diagnostic]:
    """The same of what a task requires, where a condition counts only on inputs that satisfy those before it."""
    inputs = lower_inputs(task)
    domains = {name: Interval(domain.low, domain.high) for name, domain in inputs.domains.items()}
    found: list[Diagnostic] = []
    for count, condition in enumerate(task.require):
        before = replace(inputs, require=task.require[:count])
        found += check_divisions(before, (), condition, domains, "this `require`", condition.span, _REQUIRE, effort)
    return found


def divisions(expression: Expression) -> Iterator[tuple[tuple[Expression, ...], Apply]]:
    """Every `//` and `%`, with the conditions (of `if`, `and`, `or`) under which its value matters."""
    if not isinstance(expression, Apply):
        return
    arguments = expression.arguments
    if expression.operator in ("//", "%"):
        yield (), expression
    guards: list[tuple[Expression, ...]] = [()] * len(arguments)
    if expression.operator == "the":
        guards = [(), (arguments[0],)]
    elif expression.operator == "if":
        guards = [(), (arguments[0],), (Apply("not", (arguments[0],), BOOL),)]
    elif expression.operator in ("and", "or"):
        for i in range(1, len(arguments)):
            left = arguments[i - 1]
            guards[i] = (*guards[i - 1], left if expression.operator == "and" else Apply("not", (left,), BOOL))
    for guard, argument in zip(guards, arguments, strict=True):
        for inner, division in divisions(argument):
            yield (*guard, *inner), division
