"""Controls: what takes a verdict back although the claim's own numbers would carry it.

A positive control must find what is there; a veto must not find what is not. Both run only once the claim itself would
hold, each once and with its whole number of items, and stop at the first that decides.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..compiler.experiments import Part
from ..compiler.plan import DecideStep
from .part_intervals import Measured, measured_interval, part_interval, status
from .rows import control_row
from .verdicts import ControlRow

FOUND = 0.90
"""What a positive control must reach."""

DIVERGENCE = "divergence"
SAID = {
    "input_carries": "the same maps meet the bound at the input, where nothing is computed yet",
    "child": "the same maps meet the bound one stage later, too: what was found may be a child of the variable",
}
"""What is said where a note's control meets the claim's bound."""

Run = Callable[[str, int | None], Measured]
"""Runs an evaluation by its key on a number of items that is fixed in advance (None: the whole domain)."""


@dataclass(frozen=True)
class ControlRuling:
    """What the controls say: `reason` takes `holds` back (None: they leave it); rows and notes for the reader.

    `open` tells that more of the claim's own items could change it.
    """

    reason: str | None
    rows: tuple[ControlRow, ...] = ()
    notes: tuple[str, ...] = ()
    open: bool = False

    def then(self, other: "ControlRuling") -> "ControlRuling":
        """This ruling and a later one, which decides."""
        return ControlRuling(other.reason, (*self.rows, *other.rows), (*self.notes, *other.notes), other.open)


def run_controls(step: DecideStep, search: bool, measured: list[Measured], run: Run) -> ControlRuling:
    """The positive controls of a verdict that rests on a search, then the vetoes."""
    found = run_positive_controls(step, run) if search else ControlRuling(None)
    if found.reason is None:
        found = found.then(run_vetoes(step, measured, run))
    return found if found.reason is not None else found.then(run_notes(step, measured, run))


def run_positive_controls(step: DecideStep, run: Run) -> ControlRuling:
    """Search where something must be found: the output variable at the last site reaches .90."""
    rows = []
    for quantity in step.quantities:
        control = quantity.positive_control
        if control is None or control.evaluate is None:
            continue
        found = run(control.evaluate, control.count)
        interval = measured_interval(found, among=True, alpha=step.alpha)
        needed = f"low end at least {FOUND:.2f}"
        rows.append(control_row(f"{control.name}, for {quantity.text}", found, interval, needed))
        if interval.low < FOUND:
            return ControlRuling("search_not_shown", tuple(rows))
    return ControlRuling(None, tuple(rows))


def run_vetoes(step: DecideStep, measured: list[Measured], run: Run) -> ControlRuling:
    """For each learned estimand that the claim needs to be large: no-op, then the planned controls, cheapest first."""
    said = ControlRuling(None)
    for index, quantity in enumerate(step.quantities):
        if not quantity.learned or not bounded_below(step, index):
            continue
        no_op = measured[index].scores.no_op
        own = measured_interval(measured[index], among=True, alpha=step.alpha)
        if no_op is not None and own.low <= no_op:
            return said.then(ControlRuling("vacuous: no-op", open=own.high > no_op))
        vetoes = [control for control in quantity.vetoes if not control.note]
        for position, veto in enumerate(vetoes):
            if veto.evaluate is None:
                why = f"control not run: {veto.name}, for {quantity.text} ({veto.why})"
                said = said.then(ControlRuling(None, notes=(why,)))
                continue
            found = run(veto.evaluate, veto.count)
            judge = _judge_networks if veto.name == "random networks" else _judge_replacement
            said = said.then(judge(step, measured, index, veto.name, found, run))
            if said.reason is not None:
                left = ", ".join(later.name for later in vetoes[position + 1 :])
                notes = (f"controls not run, since one decided: {left}",) if left else ()
                return said.then(ControlRuling(said.reason, notes=notes, open=said.open))
    return said


def run_notes(step: DecideStep, measured: list[Measured], run: Run) -> ControlRuling:
    """What never changes a verdict, and a reader must know: where else the claim's bound is met, and the divergence."""
    said = ControlRuling(None)
    for index, quantity in enumerate(step.quantities):
        for control in quantity.vetoes:
            if not control.note or not bounded_below(step, index):
                continue
            title = f"{control.name}, for {quantity.text}"
            if control.evaluate is None:
                said = said.then(ControlRuling(None, notes=(f"{title}: {control.why}",)))
                continue
            found = run(control.evaluate, control.count)
            judge = _note_divergence if control.name == DIVERGENCE else _note_replacement
            said = said.then(judge(step, measured, index, control.name, found, run))
            if said.reason is not None:
                return said
    return said


def bounded_below(step: DecideStep, index: int) -> bool:
    """Whether the claim needs this quantity to be large."""
    return any(i == index and (c > 0 or part.relation == "==") for part in step.parts for c, i in part.coefficients)


def _judge_networks(
    step: DecideStep, measured: list[Measured], index: int, name: str, found: Measured, run: Run
) -> ControlRuling:
    """Untrained networks may reach a share of the estimand's rise above the no-op."""
    interval = measured_interval(found, among=True, alpha=step.alpha)
    own = measured_interval(measured[index], among=True, alpha=step.alpha)
    no_op = measured[index].scores.no_op or 0.0
    most, most_yet = (no_op + step.share * (end - no_op) for end in (own.low, own.high))
    title = f"{name}, for {step.quantities[index].text}"
    row = control_row(title, found, interval, f"high end at most {most:.4f}")
    if interval.high <= most:
        return ControlRuling(None, (row,))
    reason = "vacuous" if interval.low > most else "control_unsettled"
    return ControlRuling(f"{reason}: {name}", (row,), open=interval.high <= most_yet)


def _judge_replacement(
    step: DecideStep, measured: list[Measured], index: int, name: str, found: Measured, run: Run
) -> ControlRuling:
    """With the control in the estimand's place the claim must miss, all of it measured on whole numbers of items."""
    interval = measured_interval(found, among=True, alpha=step.alpha)
    row = control_row(f"{name}, for {step.quantities[index].text}", found, interval, "the claim to miss with it")
    parts = [part for part in step.parts if index in _read(part)]
    others = {i for part in parts for i in _read(part)} - {index}
    replaced = list(measured)
    replaced[index] = found
    for i in others:
        replaced[i] = run(step.quantities[i].evaluate, step.quantities[i].budget)
    statuses = [status(part, part_interval(part, replaced, step.alpha)) for part in parts]
    if any(s.startswith("miss") for s in statuses):
        return ControlRuling(None, (row,))
    reason = "vacuous" if all(s == "pass" for s in statuses) else "control_unsettled"
    return ControlRuling(f"{reason}: {name}", (row,))


def _note_replacement(
    step: DecideStep, measured: list[Measured], index: int, name: str, found: Measured, run: Run
) -> ControlRuling:
    """Whether the claim's bound is met with the control in the estimand's place."""
    judged = _judge_replacement(step, measured, index, name, found, run)
    (row,) = judged.rows
    met = judged.reason is not None and judged.reason.startswith("vacuous")
    notes = (f"{name}, for {step.quantities[index].text}: {SAID[name]}",) if met else ()
    return ControlRuling(None, (replace(row, needed=""),), notes)


def _note_divergence(
    step: DecideStep, measured: list[Measured], index: int, name: str, found: Measured, run: Run
) -> ControlRuling:
    """How far off natural activations the interventions lie, against the file's limit where it states one."""
    limit = step.divergence_limit
    interval = measured_interval(found, among=True, alpha=step.alpha)
    needed = "" if limit is None else f"at most {limit:g}"
    row = control_row(f"{name}, for {step.quantities[index].text}", found, interval, needed)
    missed = limit is not None and float(found.scores.mean(True)) > limit
    return ControlRuling("off_distribution" if missed else None, (row,))


def _read(part: Part) -> set[int]:
    """The quantities of a part, by index."""
    return {index for _, index in part.coefficients}
