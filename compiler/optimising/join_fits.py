"""Fits of small networks of one shape: all restarts of all of them take their steps side by side, as one batch."""

from collections.abc import Iterator
from dataclasses import replace

from ..budgets import SOURCE_ROOM
from ..network_facts import MlpFacts
from ..plan import EvaluateStep, FitStep, ItemsStep, Plan, Runner
from ..schedule import Schedule
from .join_restarts import trains_rotations
from .reschedule import reschedule


def join_fits(plan: Plan) -> Plan:
    """The fits of the networks that an evaluation chooses among, which it needs all: as many as `at_once` has room for.

    They are on the same items, and differ in the network alone, an MLP. A step of it costs by its operations, not by
    its items.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for step in plan.steps():
        if isinstance(step, EvaluateStep):
            for group in _groups(plan, step):
                groups.update((key, group) for key in group if key not in groups)

    def join(schedule: Schedule, step: Runner) -> Schedule:
        return replace(schedule, beside=groups[step.key]) if step.key in groups else schedule

    return reschedule(plan, join)


def _groups(plan: Plan, evaluation: EvaluateStep) -> Iterator[tuple[str, ...]]:
    """The keys of fits that stand side by side, more than one each time."""
    fits = [plan.step(candidate.fit) for candidate in evaluation.candidates if candidate.fit is not None]
    left = [fit for fit in fits if isinstance(fit, FitStep) and _may_join(fit)]
    while left:
        first = left[0]
        alike = [fit for fit in left if _alike(fit, first)]
        together = min(len(alike), _room(plan, first))
        if together > 1:
            yield tuple(fit.key for fit in alike[:together])
        left = [fit for fit in left if fit not in alike[: max(1, together)]]


def _may_join(fit: FitStep) -> bool:
    """Whether nothing but rotations is to be found, in an MLP's own activations."""
    trained = all(frame.found_by == "training" for frame in fit.grounding.frames)
    plain = isinstance(fit.network.file.facts, MlpFacts) and not fit.search.open and fit.outer is None
    return plain and trained and trains_rotations(fit)


def _alike(one: FitStep, other: FitStep) -> bool:
    """Whether two fits differ in their networks' weights alone."""

    def rest(fit: FitStep) -> tuple[object, ...]:
        return fit.network.file, fit.grounding, fit.score, fit.fit, fit.select, fit.settings, fit.variables

    return rest(one) == rest(other)


def _room(plan: Plan, fit: FitStep) -> int:
    """How many such fits run together, by their batches and by what is kept of their items."""
    encode = plan.step(fit.fit)
    (items,) = (step for step in map(plan.step, plan.needs(encode.key)) if isinstance(step, ItemsStep))
    facts = fit.network.file.facts
    assert isinstance(facts, MlpFacts)
    read = sum(len(part.dims) for frame in fit.grounding.frames for part in frame.parts) * len(fit.variables)
    kept = 4 * items.count * (read + max(facts.inputs * facts.embed, *facts.hidden))
    return min(fit.schedule.at_once // (fit.settings.batch * fit.settings.seeds), SOURCE_ROOM // max(1, kept))
