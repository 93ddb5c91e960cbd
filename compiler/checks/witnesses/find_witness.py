"""Witnesses: a reachable state of a model in which an expression is true, or the proof that there is none.

Reachable are admitted inputs, each without intervention or with variables of an alignment set to values that they have
on some admitted input. Exact by listing runs or by tables without whole inputs; where both are too many, by sampling.
"""

from collections.abc import Sequence
from dataclasses import replace

from ....lang.domains import BOOL
from ....lang.expressions import Apply, Expression, variables_of
from ....lang.record import record
from ...causal_model import CausalModel
from ...definedness import condition_of
from ...sampling.relations import TooLargeError
from .effort import Effort
from .searches import Witness, find_by_listing, find_by_samples, find_by_tables

SAMPLES = 1_000_000
LISTED = 1 << 17
"""Runs of a model that are listed at once; above, tables are tried first."""
MOST_LISTED = 10_000_000
"""Runs that are listed where tables grow too large; above, runs are sampled."""


@record
class Undecided:
    """No witness among so many samples: no proof either."""

    samples: int


def find_witness(
    model: CausalModel,
    aligned: Sequence[tuple[str, ...]],
    violation: Expression,
    shown: Expression,
    effort: Effort | None = None,
) -> Witness | Undecided | None:
    """A reachable state in which `violation` is true: without intervention, else under some set of an alignment.

    What is undefined is not used: a state counts only where `shown` has a value. `effort` is shared with other
    searches.
    """
    effort = effort or Effort()
    model = _as_far_as_read(model, [violation, shown])
    sampled: list[int] = []
    condition = condition_of(shown, model.hidden)
    if condition is not None:
        violation = Apply("and", (condition, violation), BOOL)
    for variables in dict.fromkeys([(), *aligned]):
        set_before = tuple(v for v in variables if _matters(model, v, violation))
        if variables and not set_before:
            continue
        try:
            witness = _find_exactly(model, set_before, violation, shown, effort)
        except TooLargeError:
            runs = effort.sampled(model, violation, SAMPLES)
            witness = find_by_samples(model, set_before, violation, shown, runs, effort)
            sampled += [runs] if witness is None else []
        if witness is not None:
            return witness
    return Undecided(min(sampled)) if sampled else None


def _as_far_as_read(model: CausalModel, expressions: Sequence[Expression]) -> CausalModel:
    """The model without the variables that the expressions do not depend on: its runs cost less, and tell the same.

    A model that may be undefined is kept whole, since all its variables tell which inputs are admitted.
    """
    if model.hidden:
        return model
    members = dict(model.families)
    waiting = [v.name for expression in expressions for v in variables_of(expression)]
    read: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in read:
            read.add(name)
            waiting += [*model.parents.get(name, ()), *members.get(name, ())]
            waiting += [model.family_of[name]] if name in model.family_of else []
    return replace(
        model,
        mechanisms=tuple(mechanism for mechanism in model.mechanisms if mechanism.name in read),
        families=tuple(family for family in model.families if family[0] in read),
    )


def _matters(model: CausalModel, variable: str, violation: Expression) -> bool:
    """Whether the expression depends on the variable, directly or through other mechanisms."""
    waiting = [v.name for v in variables_of(violation)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += model.guarded.parents.get(name, ())
    return variable in seen


def _find_exactly(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression, effort: Effort
) -> Witness | None:
    """By listing every run, or by tables without whole inputs where runs are many. Raises TooLargeError."""
    try:
        return find_by_listing(model, variables, violation, shown, effort, LISTED)
    except TooLargeError:
        pass
    try:
        budget = effort.tables(model)
        rows = budget.left
        try:
            return find_by_tables(model, variables, violation, shown, budget)
        finally:
            effort.pay(budget, rows)
    except TooLargeError:
        return find_by_listing(model, variables, violation, shown, effort, MOST_LISTED)
