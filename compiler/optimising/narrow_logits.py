"""Logits where they are read: at the answers' positions, and in fits only those of declared answers."""

from dataclasses import replace

from ..plan import FitStep, Plan
from .reschedule import reschedule


def narrow_logits(plan: Plan) -> Plan:
    """Evaluations read every class at the answers, fits the declared ones."""
    return reschedule(
        plan,
        lambda schedule, step: replace(schedule, logits="declared" if isinstance(step, FitStep) else "where read"),
    )
