"""Early exit: an unedited run stops where it is read."""

from dataclasses import replace

from ..plan import Plan
from .reschedule import reschedule


def exit_early(plan: Plan) -> Plan:
    """Every step that runs networks does so."""
    return reschedule(plan, lambda schedule, _: replace(schedule, exits=True))
