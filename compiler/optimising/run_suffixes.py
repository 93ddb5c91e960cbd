"""Suffixes: runs with edits begin at the first edited stage, and answers are given by the captured last state."""

from dataclasses import replace

from ..plan import Plan
from .reschedule import reschedule


def run_suffixes(plan: Plan) -> Plan:
    """Every step that runs networks does so."""
    return reschedule(plan, lambda schedule, _: replace(schedule, suffixes=True))
