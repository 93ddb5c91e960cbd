"""Rows of controls: what each one reached and what `holds` needs of it, for the reader of a verdict."""

from ...compiler.plan import DecideStep, PlannedControl
from ..statistics.intervals import Interval
from ..statistics.part_intervals import Measured, measured_interval
from .verdicts import ControlRow


def control_interval(step: DecideStep, found: Measured) -> Interval:
    """A control's interval at the claim's alpha, scored among the declared answers."""
    return measured_interval(found, among=True, alpha=step.alpha)


def measured_row(
    step: DecideStep, index: int, name: str, found: Measured, needed: str = "", met: bool | None = None
) -> ControlRow:
    """A control that was run for the quantity at `index`; without a need it is only noted."""
    interval, estimate = control_interval(step, found), float(found.scores.mean(among=True))
    text = step.quantities[index].text
    return ControlRow(name, text, estimate, interval.low, interval.high, found.method, found.scores.n, needed, met)


def computed_row(
    step: DecideStep, index: int, name: str, value: float, n: int, needed: str = "", met: bool | None = None
) -> ControlRow:
    """A control that is computed from the pairs: nothing is run, and nothing estimated."""
    return ControlRow(name, step.quantities[index].text, value, value, value, "exact", n, needed, met)


def row_not_run(step: DecideStep, index: int, control: PlannedControl, why: str) -> ControlRow:
    """A control that was not run, and why."""
    return ControlRow(control.name, step.quantities[index].text, None, None, None, None, 0, "", None, why)
