"""Batches: as many items at once as memory holds, by what a run of one holds."""

from dataclasses import replace

from ..budgets import NUMBERS_AT_ONCE, ROWS_AT_ONCE
from ..plan import EncodeStep, FitStep, Plan, Runner
from ..schedule import Schedule
from ..weigh_network import weigh_network
from .reschedule import reschedule


def fill_batches(plan: Plan) -> Plan:
    """Batches of every step that runs networks; logits of all positions are counted where they are asked for."""

    def fill(schedule: Schedule, step: Runner) -> Schedule:
        source = step.network if isinstance(step, FitStep) else step.candidates[0].network
        encode = plan.step(step.fit if isinstance(step, FitStep) else step.items)
        assert isinstance(encode, EncodeStep)
        weight = weigh_network(source.file, encode.encoding)
        at_once = weight.at_once
        if schedule.logits == "everywhere":
            at_once = max(1, min(at_once, NUMBERS_AT_ONCE // (weight.positions * weight.classes)))
        return replace(schedule, at_once=min(at_once, ROWS_AT_ONCE))

    return reschedule(plan, fill)
