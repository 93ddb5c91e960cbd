"""Decide: from the scores of a claim's quantities to its verdict, by the truth table of outcomes.

A claim is a conjunction of parts; each part has an interval for T, and what was learned by search decides what a miss
may be called. Vetoes then take back what the evidence does not carry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..compiler.plan import DecideStep, MeasuredQuantity
from .fit import Fitted
from .intervals import clopper_pearson
from .part_intervals import Measured, among_answers, part_interval, status
from .rows import control_row, part_row, quantity_row
from .scores import Scores
from .verdicts import ControlRow, Expectation, Grade, Outcome, Verdict

GATE = 0.90
FEWEST_CHANGING = 100
POSITIVE_CONTROL = 0.90
CONTROLS_TO_COME = "controls not run: random networks, random subspace, scrambled model"


@dataclass(frozen=True)
class Evaluated:
    """A quantity with its scores, the key of its items, and the fit of the network that was measured.

    `remarks` say of its items what a reader must know.
    """

    quantity: MeasuredQuantity
    scores: Scores
    items: str
    fitted: Fitted | None
    map_key: str | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Ruling:
    outcome: Outcome
    reason: str | None = None
    search: bool = False


def run_decide(
    step: DecideStep,
    evaluated: list[Evaluated],
    control: Callable[[str], Scores],
    looked_before: bool,
) -> Verdict:
    """The verdict of a claim.

    Args:
        step: the claim.
        evaluated: its quantities, in the step's order.
        control: runs a positive control by its key; called only where the claim itself would hold.
        looked_before: another look was taken at one of its test chunks.
    """
    exhaustive = step.claim.exhaustively
    measured = [Measured(e.scores, e.items) for e in evaluated]
    ruling = _rule(step, evaluated, measured)
    controls: list[ControlRow] = []
    notes: list[str] = []
    if ruling.outcome == "holds" and ruling.search:
        rows, found = _positive_controls(step, evaluated, control)
        controls += rows
        if not found:
            ruling = _Ruling("inconclusive", "search_not_shown")
    if ruling.outcome == "holds":
        learned = [e for e in evaluated if e.quantity.learned]
        bounded_below = [e for i, e in enumerate(evaluated) if e.quantity.learned and _bounded_below(step, i)]
        if any(_no_better_than_nothing(e, step.alpha, exhaustive) for e in bounded_below):
            ruling = _Ruling("inconclusive", "vacuous: no-op")
        elif learned:
            notes.append(CONTROLS_TO_COME)
    notes += _notes(step, evaluated, ruling)
    parts = [part_interval(part, measured, step.alpha, exhaustive) for part in step.parts]
    grade: Grade = "exhaustive" if exhaustive else "exploratory" if looked_before else "statistical"
    if ruling.search and grade in ("statistical", "exhaustive"):
        grade = "search"
    return Verdict(
        name=step.claim.name,
        claim=step.claim.text,
        doc=step.claim.doc,
        outcome=ruling.outcome,
        reason=ruling.reason,
        grade=grade,
        expected=_expected(step),
        expectation=meets(step.claim.expect, step.claim.expect_reason, ruling.outcome, ruling.reason),
        alpha=step.alpha,
        parts=tuple(
            part_row(part, found, [q.text for q in step.quantities])
            for part, found in zip(step.parts, parts, strict=True)
        ),
        quantities=tuple(
            replace(
                quantity_row(e.quantity, e.scores, e.fitted, e.map_key, step.alpha, exhaustive, _among(step, index)),
                remarks=e.remarks,
            )
            for index, e in enumerate(evaluated)
        ),
        controls=tuple(controls),
        notes=tuple(notes),
    )


def meets(expect: Outcome, expect_reason: str | None, outcome: Outcome, reason: str | None) -> Expectation:
    """Met, failed, or open: inconclusive though something else was expected."""
    same_reason = expect_reason is None or (reason or "").split(":")[0] == expect_reason
    if outcome == expect and same_reason:
        return "met"
    return "open" if outcome == "inconclusive" else "failed"


def _rule(step: DecideStep, evaluated: list[Evaluated], measured: list[Measured]) -> _Ruling:
    """The truth table, then the vetoes that need no further run, in their order."""
    ruling = _table(step, measured, shift=0)
    settled = ruling.outcome in ("holds", "refuted", "unsupported")
    if settled and any(e.quantity.gated and not _solves(e.scores, step) for e in evaluated):
        return _Ruling("inconclusive", "task_not_solved")
    interchanged = [e.scores for e in evaluated if e.scores.no_op is not None]
    if not step.claim.exhaustively and any(scores.changing() < FEWEST_CHANGING for scores in interchanged):
        return _Ruling("inconclusive", "too_few_changed")
    if any(e.scores.near for e in evaluated):
        shifted = {_table(step, measured, shift).outcome for shift in (-1, 1)}
        if shifted != {ruling.outcome}:
            return _Ruling("inconclusive", "numeric")
    return ruling


def _table(step: DecideStep, measured: list[Measured], shift: int) -> _Ruling:
    """All parts together: refuted before unsupported before inconclusive before holds."""
    rulings = [_part_outcome(step, index, measured, shift) for index in range(len(step.parts))]
    for outcome in ("refuted", "unsupported", "inconclusive"):
        for ruling in rulings:
            if ruling.outcome == outcome:
                return ruling
    return _Ruling("holds", search=any(ruling.search for ruling in rulings))


def _part_outcome(step: DecideStep, index: int, measured: list[Measured], shift: int) -> _Ruling:
    """One row of the truth table. A refutation is held to alpha / parts, everything else to alpha."""
    part, exhaustive = step.parts[index], step.claim.exhaustively

    def at(alpha: float) -> str:
        return status(part, part_interval(part, measured, alpha, exhaustive, shift), exhaustive)

    learned = [(c, step.quantities[i].learned) for c, i in part.coefficients]
    plus = any(is_learned and c > 0 for c, is_learned in learned)
    minus = any(is_learned and c < 0 for c, is_learned in learned)
    found = at(step.alpha)
    if found == "straddle":
        return _Ruling("inconclusive", "straddles")
    if found == "pass":
        return _Ruling("holds", search=minus or (part.relation == "==" and plus))
    if found == "miss above":  # an upper bound is missed: there, T counts against the claim
        plus, minus = minus, plus
    if plus:
        return _Ruling("unsupported")
    return _Ruling("refuted") if at(step.alpha / len(step.parts)) == found else _Ruling("inconclusive", "straddles")


def _solves(scores: Scores, step: DecideStep) -> bool:
    """The gate: the network solves the task on the items' bases."""
    if step.claim.exhaustively:
        return scores.base_right >= GATE * scores.n
    return clopper_pearson(scores.base_right, scores.n, step.alpha).low >= GATE


def _positive_controls(
    step: DecideStep, evaluated: list[Evaluated], control: Callable[[str], Scores]
) -> tuple[list[ControlRow], bool]:
    """Run the search where it must find something: the output variable at the last site."""
    rows, found = [], True
    keys: Mapping[str, str] = {
        e.quantity.positive_control: e.quantity.text for e in evaluated if e.quantity.positive_control is not None
    }
    for key, text in keys.items():
        scores = control(key)
        interval = clopper_pearson(scores.right(among=True), scores.n, step.alpha)
        rows.append(control_row(f"last site, for {text}", scores, interval, f"low end at least {POSITIVE_CONTROL:.2f}"))
        found &= interval.low >= POSITIVE_CONTROL
    return rows, found


def _bounded_below(step: DecideStep, index: int) -> bool:
    """Whether the claim needs this quantity to be large."""
    return any(i == index and (c > 0 or part.relation == "==") for part in step.parts for c, i in part.coefficients)


def _no_better_than_nothing(evaluated: Evaluated, alpha: float, exhaustive: bool) -> bool:
    """Whether a learned estimand's lower bound does not exceed what changing nothing gives on the same items."""
    scores = evaluated.scores
    if scores.no_op is None:
        return False
    low = float(scores.exact(True)) if exhaustive else clopper_pearson(scores.right(True), scores.n, alpha).low
    return low <= scores.no_op


def _notes(step: DecideStep, evaluated: list[Evaluated], ruling: _Ruling) -> list[str]:
    notes = []
    if ruling.outcome == "unsupported":
        notes.append("the declared search found no such map, which refutes nothing")
    ungated = [e.quantity.text for e in evaluated if not e.quantity.gated and e.scores.no_op is not None]
    if ungated:
        notes.append(f"not gated by the network's accuracy (bounded from above, or untrained): {', '.join(ungated)}")
    return notes


def _among(step: DecideStep, index: int) -> bool:
    return any(among_answers(part) and any(i == index for _, i in part.coefficients) for part in step.parts)


def _expected(step: DecideStep) -> str:
    reason = step.claim.expect_reason
    return step.claim.expect if reason is None else f"{step.claim.expect}({reason})"
