"""Sweeps: sites are tried in the order in which each can go on from what was kept of the one before."""

from collections.abc import Sequence
from dataclasses import replace

from ..groundings import Place, Positions
from ..plan import EncodeStep, FitStep, Plan, Runner
from ..row_layout import RowLayout
from ..weigh_network import stage_of
from .reschedule import rewrite_runners


def order_sweeps(plan: Plan) -> Plan:
    """Alternatives from the input to the output, at one stage from the last position to the first."""
    return rewrite_runners(plan, lambda step: _sweep(plan, step))


def _sweep(plan: Plan, step: Runner) -> Runner:
    schedule = replace(step.schedule, sweeps=True)
    if not isinstance(step, FitStep):
        return replace(step, schedule=schedule)
    encode = plan.step(step.fit)
    assert isinstance(encode, EncodeStep)
    layout, facts = encode.encoding.layout, step.network.file.facts

    def depth(places: Sequence[Place]) -> tuple[int, float]:
        parts = [part for place in places for part in place.parts]
        first = min(stage_of(facts, *part.activation) for part in parts)
        return first, -min(earliest(part.positions, layout) for part in parts)

    order = tuple(tuple(sorted(range(len(line)), key=lambda index: depth(line[index]))) for line in step.search.lines)
    return replace(step, schedule=schedule, order=order)


def earliest(positions: Positions, layout: RowLayout) -> float:
    """Where the first of some positions is in a row, as far as that is known before rows are made: to compare by."""
    found = [0.0]
    for position in positions:
        if isinstance(position, int):
            found.append(position)
        elif position.slot is not None:
            found.append(layout.columns(position.slot)[0])
        elif position.index is not None:
            found.append(position.index if position.index >= 0 else layout.width + 1 + position.index)
        else:
            found.append(layout.width if position.part == "last" else 0)
    return min(found[1:], default=float(layout.width))
