"""Controls: what takes a verdict back although the claim's own numbers would carry it.

A positive control must find what is there; a veto must not find what is not. Both run only once the claim itself would
hold, and stop at the first that decides.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ..compiler.plan import DecideStep, MeasuredQuantity
from .intervals import Interval, clopper_pearson
from .part_intervals import Measured, part_interval, status
from .rows import control_row
from .scores import Scores
from .verdicts import ControlRow

FOUND = 0.90
"""What a positive control must reach."""
SHARE = 0.5
"""The share of a claim's rise above the no-op that untrained networks may reach."""

Run = Callable[[str], Measured]
"""Runs a control by the key of its evaluation."""


@dataclass(frozen=True)
class ControlRuling:
    """What the controls say: `reason` takes `holds` back (None: they leave it); rows and notes for the reader."""

    reason: str | None
    rows: tuple[ControlRow, ...] = ()
    notes: tuple[str, ...] = ()

    def then(self, other: "ControlRuling") -> "ControlRuling":
        """This ruling and a later one, which decides."""
        return ControlRuling(other.reason, (*self.rows, *other.rows), (*self.notes, *other.notes))


def run_positive_controls(step: DecideStep, run: Run) -> ControlRuling:
    """Search where something must be found: the output variable at the last site reaches .90."""
    rows = []
    for quantity in step.quantities:
        if quantity.positive_control is None:
            continue
        scores = run(quantity.positive_control).scores
        interval = clopper_pearson(scores.right(among=True), scores.n, step.alpha)
        name = f"last site, for {quantity.text}"
        rows.append(control_row(name, scores, interval, f"low end at least {FOUND:.2f}"))
        if interval.low < FOUND:
            return ControlRuling("search_not_shown", tuple(rows))
    return ControlRuling(None, tuple(rows))


def run_vetoes(step: DecideStep, measured: list[Measured], run: Run) -> ControlRuling:
    """For each learned estimand that the claim needs to be large: no-op, then the planned controls, cheapest first."""
    rows: list[ControlRow] = []
    notes: list[str] = []
    for index, quantity in enumerate(step.quantities):
        if not quantity.learned or not bounded_below(step, index):
            continue
        scores = measured[index].scores
        low = _interval(scores, step).low
        if scores.no_op is not None and low <= scores.no_op:
            return ControlRuling("vacuous: no-op", tuple(rows), tuple(notes))
        for veto in quantity.vetoes:
            if veto.evaluate is None:
                notes.append(f"control not run: {veto.name}, for {quantity.text} ({veto.why})")
                continue
            found = run(veto.evaluate)
            verdict, row = _judge(step, measured, index, veto.name, quantity, found)
            rows.append(row)
            if verdict is not None:
                left = [v.name for v in quantity.vetoes[quantity.vetoes.index(veto) + 1 :]]
                if left:
                    notes.append(f"controls not run, since one decided: {', '.join(left)}")
                return ControlRuling(f"{verdict}: {veto.name}", tuple(rows), tuple(notes))
    return ControlRuling(None, tuple(rows), tuple(notes))


def bounded_below(step: DecideStep, index: int) -> bool:
    """Whether the claim needs this quantity to be large."""
    return any(i == index and (c > 0 or part.relation == "==") for part in step.parts for c, i in part.coefficients)


def _judge(
    step: DecideStep, measured: list[Measured], index: int, name: str, quantity: MeasuredQuantity, found: Measured
) -> tuple[str | None, ControlRow]:
    """`vacuous`, `control_unsettled` or None, and the row that says why."""
    interval = _interval(found.scores, step)
    title = f"{name}, for {quantity.text}"
    if name == "random networks":
        own, no_op = _interval(measured[index].scores, step), measured[index].scores.no_op or 0.0
        most = no_op + SHARE * (own.low - no_op)
        row = control_row(title, found.scores, interval, f"high end at most {most:.4f}")
        return (None if interval.high <= most else "vacuous" if interval.low > most else "control_unsettled"), row
    row = control_row(title, found.scores, interval, "the claim to miss with it")
    replaced = [*measured[:index], found, *measured[index + 1 :]]
    exhaustive = step.claim.exhaustively
    statuses = [status(p, part_interval(p, replaced, step.alpha, exhaustive), exhaustive) for p in step.parts]
    if any(s.startswith("miss") for s in statuses):
        return None, row
    return ("vacuous" if all(s == "pass" for s in statuses) else "control_unsettled"), row


def _interval(scores: Scores, step: DecideStep) -> Interval:
    """A score's interval among the declared answers; a point for a whole domain."""
    if step.claim.exhaustively:
        value = float(scores.exact(among=True))
        return Interval(value, value)
    return clopper_pearson(scores.right(among=True), scores.n, step.alpha)
