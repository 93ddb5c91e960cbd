"""Controls: what takes a verdict back although the claim's own numbers would carry it.

A positive control must find what is there; a veto must not find what is not. Both run only once the claim itself would
hold, each once and with its whole number of items, and stop at the first that decides.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...compiler.experiments import Part
from ...compiler.plan import DecideStep, MeasuredQuantity, PlannedControl
from ..metrics import AwaitingScores
from ..statistics.part_intervals import Measured, Status, part_interval, status
from .control_rows import computed_row, control_interval, measured_row, row_not_run
from .rulings import reads_right
from .verdicts import ControlRow

FOUND = 0.90
"""What a positive control must reach."""

DIVERGENCE = "divergence"
UNTRAINED = ("random networks", "random origin")
"""Controls that may reach a share of the claim: untrained networks, measured or with the sources read in them."""
DECIDED = "another control decided"
UNREAD = "the variable is not read there"
UNSCORED = "a table lacks scores of what it answers"
SAID = {
    "random circuits": "as many components, drawn at random, meet the bound, too",
    "random vectors": "random vectors of the same length meet the bound, too",
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
    """The positive controls of a verdict that rests on a search, then the vetoes, then what is only noted."""
    found = run_positive_controls(step, run) if search else ControlRuling(None)
    for controls in (run_vetoes, run_notes):
        if found.reason is None:
            found = found.then(controls(step, measured, run))
    return found


def run_positive_controls(step: DecideStep, run: Run) -> ControlRuling:
    """Search where something must be found: the output variable at the last site reaches .90."""
    rows: list[ControlRow] = []
    for index, quantity in enumerate(step.quantities):
        control = quantity.positive_control
        if control is None or control.evaluate is None:
            continue
        found = run(control.evaluate, control.count)
        met = control_interval(step, found).low >= FOUND
        rows.append(measured_row(step, index, control.name, found, f"low end at least {FOUND:.2f}", met))
        if not met:
            return ControlRuling("search_not_shown", tuple(rows))
    return ControlRuling(None, tuple(rows))


def run_vetoes(step: DecideStep, measured: list[Measured], run: Run) -> ControlRuling:
    """For each learned estimand that the claim needs to be large: no-op, then the planned controls, cheapest first."""
    said = ControlRuling(None)
    for index, quantity in enumerate(step.quantities):
        if not quantity.learned or not bounded_below(step, index):
            continue
        said = said.then(_judge_baselines(step, index, measured[index]))
        vetoes = [control for control in quantity.vetoes if not control.note]
        for position, veto in enumerate(vetoes):
            if said.reason is not None:
                left = tuple(row_not_run(step, index, later, DECIDED) for later in vetoes[position:])
                return ControlRuling(said.reason, (*said.rows, *left), said.notes, said.open)
            said = said.then(_run_veto(step, measured, index, veto, run))
        if said.reason is not None:
            return said
    return said


def run_notes(step: DecideStep, measured: list[Measured], run: Run) -> ControlRuling:
    """What is measured beside a claim that holds: where else its bound is met, and how far off interventions lie.

    It changes no verdict, unless the file states a limit for the divergence and that is missed.
    """
    said = ControlRuling(None)
    for index, quantity in enumerate(step.quantities):
        for control in quantity.vetoes:
            if control.note and said.reason is None and (control.beside or bounded_below(step, index)):
                said = said.then(_run_note(step, measured, index, control, run))
    return said


def bounded_below(step: DecideStep, index: int) -> bool:
    """Whether the claim needs this quantity to be large."""
    strengths = [(part, part.strength(index, step.quantities[index].signed)) for part in step.parts]
    return any(strength > 0 or (strength and part.relation == "==") for part, strength in strengths)


def _direction(step: DecideStep, index: int) -> int:
    """1 where the claim needs a quantity to be large, -1 where it needs an effect to be far below 0."""
    signed = step.quantities[index].signed
    return next((part.direction(index, signed) for part in step.parts if part.strength(index, signed)), 1)


def _judge_baselines(step: DecideStep, index: int, own: Measured) -> ControlRuling:
    """Doing nothing and guessing must lie below the estimand's low end.

    Where doing nothing is perfect it tells nothing. The label of a source (full swap) is only noted.
    """
    scores, chance, direction = own.scores, step.quantities[index].chance, _direction(step, index)
    interval, end = control_interval(step, own).scale(direction), "below the low" if direction > 0 else "above the high"
    guess = "no-op" if scores.no_op is None else "guess"  # an effect has no pairs: doing nothing, it is 0
    rows = []
    for name, value in (("no-op", scores.no_op), (guess, chance)):
        if value is not None and chance is not None:
            needed = f"{end} end {direction * interval.low:.4f}"
            rows.append(computed_row(step, index, name, value, scores.n, needed, direction * value < interval.low))
        elif value is not None:
            rows.append(computed_row(step, index, name, value, scores.n))
    if scores.full_swap is not None:
        rows.append(computed_row(step, index, "full swap", scores.full_swap, scores.n))
    reached = [row for row in rows if row.met is False]
    if not reached:
        return ControlRuling(None, tuple(rows))
    most = max(row.high for row in reached if row.high is not None)
    return ControlRuling(f"vacuous: {reached[0].name}", tuple(rows), open=interval.high > most)


def _run_veto(step: DecideStep, measured: list[Measured], index: int, veto: PlannedControl, run: Run) -> ControlRuling:
    if veto.evaluate is None:
        return ControlRuling(None, (row_not_run(step, index, veto, veto.why),))
    found = run(veto.evaluate, veto.count)
    if reads_right(found.scores, step.alpha) is False:  # an effect on what is not read there is none that matches
        return ControlRuling(None, (measured_row(step, index, veto.name, found, UNREAD, True),))
    nothing = _baseline(step.quantities[index], measured[index])
    if veto.name in UNTRAINED and nothing is not None:
        return _judge_networks(step, measured[index], index, veto.name, found, nothing)
    statuses = _statuses_with(step, measured, index, veto, run)
    needed = "the claim misses with it"
    if veto.apart is not None and not _misses(statuses):
        found, needed = run(veto.apart, veto.count), f"{needed} where the models part"
        apart = _statuses_with(step, measured, index, veto, run, apart=True)
        statuses = apart if _misses(apart) else [*statuses, *apart]
    met = _misses(statuses)
    row = measured_row(step, index, veto.name, found, needed, met)
    if met:
        return ControlRuling(None, (row,))
    reason = "vacuous" if all(s == "pass" for s in statuses) else "control_unsettled"
    return ControlRuling(f"{reason}: {veto.name}", (row,))


def _misses(statuses: list[Status]) -> bool:
    return any(status.startswith("miss") for status in statuses)


def _run_note(step: DecideStep, measured: list[Measured], index: int, note: PlannedControl, run: Run) -> ControlRuling:
    if note.evaluate is None:
        return ControlRuling(None, (row_not_run(step, index, note, note.why),))
    if note.beside:
        return _run_beside(step, measured, index, note, run)
    found = run(note.evaluate, note.count)
    if note.name == DIVERGENCE:
        return _note_divergence(step, index, found)
    return _note_where_met(step, measured, index, note, found, run)


def _run_beside(
    step: DecideStep, measured: list[Measured], index: int, null: PlannedControl, run: Run
) -> ControlRuling:
    """What random circuits or vectors do, and whether they meet a claim that asks for an effect.

    What nothing else needs is not waited for: scores of answers that only they give.
    """
    assert null.evaluate is not None
    try:
        found = run(null.evaluate, null.count)
        if null.asked:
            return _note_where_met(step, measured, index, null, found, run)
    except AwaitingScores:
        return ControlRuling(None, (row_not_run(step, index, null, UNSCORED),))
    return ControlRuling(None, (measured_row(step, index, null.name, found),))


def _note_where_met(
    step: DecideStep, measured: list[Measured], index: int, note: PlannedControl, found: Measured, run: Run
) -> ControlRuling:
    """A control that was run, and whether it meets the claim's bound, too."""
    passes = all(s == "pass" for s in _statuses_with(step, measured, index, note, run))
    text = f"{note.name}, for {step.quantities[index].text}: {SAID[note.name]}"
    return ControlRuling(None, (measured_row(step, index, note.name, found),), (text,) if passes else ())


def _note_divergence(step: DecideStep, index: int, found: Measured) -> ControlRuling:
    """How far off natural activations the interventions lie, against the file's limit where it states one."""
    limit = step.divergence_limit
    if limit is None:
        return ControlRuling(None, (measured_row(step, index, DIVERGENCE, found),))
    met = float(found.scores.mean(True)) <= limit
    row = measured_row(step, index, DIVERGENCE, found, f"mean at most {limit:g}", met)
    return ControlRuling(None if met else "off_distribution", (row,))


def _judge_networks(
    step: DecideStep, own: Measured, index: int, name: str, found: Measured, nothing: float
) -> ControlRuling:
    """Untrained networks may reach a share of the estimand's rise above what doing nothing and guessing reach."""
    direction = _direction(step, index)
    interval, rise = (control_interval(step, one).scale(direction) for one in (found, own))
    most, most_yet = (nothing + step.share * (end - nothing) for end in (rise.low, rise.high))
    met = interval.high <= most
    needed = f"high end at most {most:.4f}" if direction > 0 else f"low end at least {-most:.4f}"
    row = measured_row(step, index, name, found, needed, met)
    if met:
        return ControlRuling(None, (row,))
    reason = "vacuous" if interval.low > most else "control_unsettled"
    return ControlRuling(f"{reason}: {name}", (row,), open=interval.high <= most_yet)


def _statuses_with(
    step: DecideStep, measured: list[Measured], index: int, own: PlannedControl, run: Run, apart: bool = False
) -> list[Status]:
    """Where the claim's parts stand with a control in an estimand's place, all of it on whole numbers of items.

    It takes the place of every estimand with the same maps, or of the same circuit, since the claim is one about
    these. With `apart` its items are those on which its model contradicts the claim's. What stands beside a control on
    fewer items than the claim has is read on as many.
    """
    controls = {i: control for i, control in _of_the_same(step, index, own) if control.evaluate is not None}
    parts = [part for part in step.parts if set(controls) & _read(part)]
    replaced = list(measured)
    for i in {i for part in parts for i in _read(part)}:
        quantity, control = step.quantities[i], controls.get(i)
        key, count = (quantity.evaluate, quantity.budget) if control is None else (control.evaluate, control.count)
        if own.beside and count is not None and own.count is not None:
            count = min(count, own.count)
        if apart and control is not None:
            key = control.apart or key
        assert key is not None
        replaced[i] = run(key, count)
    return [status(part, part_interval(part, replaced, step.alpha)) for part in parts]


def _of_the_same(step: DecideStep, index: int, own: PlannedControl) -> list[tuple[int, PlannedControl]]:
    """The controls like one of the quantity at `index`, of every quantity of the same maps or the same circuit."""
    maps = step.quantities[index].maps

    def same(quantity: MeasuredQuantity, control: PlannedControl) -> bool:
        return control.beside == own.beside if own.beside else quantity.maps == maps

    return [
        (i, control)
        for i, quantity in enumerate(step.quantities)
        for control in quantity.vetoes
        if control.name == own.name and (i == index or same(quantity, control))
    ]


def _baseline(quantity: MeasuredQuantity, own: Measured) -> float | None:
    """What doing nothing or guessing reaches; None where doing nothing is perfect, so that it tells nothing."""
    return None if quantity.chance is None else max(quantity.chance, own.scores.no_op or 0.0)


def _read(part: Part) -> set[int]:
    """The quantities of a part, by index."""
    return {index for _, index in part.coefficients}
