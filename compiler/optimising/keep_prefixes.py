"""Prefixes: positions before the first edited one enter as keys and values of an unedited run."""

from dataclasses import replace

from ..plan import Plan
from .reschedule import reschedule


def keep_prefixes(plan: Plan) -> Plan:
    """Every step that runs networks does so."""
    return reschedule(plan, lambda schedule, _: replace(schedule, prefixes=True))
