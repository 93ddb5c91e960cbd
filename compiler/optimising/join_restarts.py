"""Restarts: those of one training take their steps side by side, as one batch."""

from dataclasses import replace

from ..plan import FitStep, Plan, Runner
from ..schedule import Schedule
from .reschedule import reschedule


def join_restarts(plan: Plan) -> Plan:
    """As many as `at_once` has room for, of fits that train rotations of declared sizes alone.

    A step of a small network costs by its operations, not by its items. Of other families every map has parameters and
    a course of its own, and nothing is shared.
    """

    def join(schedule: Schedule, step: Runner) -> Schedule:
        if not isinstance(step, FitStep) or not trains_rotations(step):
            return schedule
        settings = step.settings
        return replace(schedule, restarts=max(1, min(settings.seeds, schedule.at_once // settings.batch)))

    return reschedule(plan, join)


def trains_rotations(step: FitStep) -> bool:
    """Whether what a fit trains are rotations of declared sizes."""
    trained = [frame for frame in step.grounding.frames if frame.found_by == "training"]
    return all(frame.family.name == "rotation" and not frame.learned_size for frame in trained)
