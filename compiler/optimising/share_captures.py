"""Sharing: what unedited runs are read for is computed once for each distinct input, and read by all steps."""

from dataclasses import replace

from ..plan import Plan
from .reschedule import reschedule


def share_captures(plan: Plan) -> Plan:
    """Every step that runs networks does so."""
    return reschedule(plan, lambda schedule, _: replace(schedule, captured=True))
