"""Decide: from the scores of a claim's quantities to its verdict, by the truth table of outcomes.

A claim is a conjunction of parts; each part has an interval for T, and what was learned by search decides what a miss
may be called. Vetoes then take back what the evidence does not carry.
"""

from dataclasses import dataclass, replace

from ..compiler.plan import DecideStep, MeasuredQuantity
from .controls import ControlRuling, Run, run_positive_controls, run_vetoes
from .fitted import Fitted
from .intervals import clopper_pearson
from .part_intervals import Measured, among_answers, part_interval, status
from .rows import part_row, quantity_row
from .scores import Scores
from .verdicts import ControlRow, Expectation, Grade, Outcome, QuantityKeys, Verdict

GATE = 0.90
FEWEST_CHANGING = 100


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
    keys: QuantityKeys | None = None


@dataclass(frozen=True)
class _Ruling:
    outcome: Outcome
    reason: str | None = None
    search: bool = False


def run_decide(
    step: DecideStep,
    evaluated: list[Evaluated],
    control: Run,
    looked_before: bool,
) -> Verdict:
    """The verdict of a claim.

    Args:
        step: the claim.
        evaluated: its quantities, in the step's order.
        control: runs a control by its key; called only where the claim itself would hold.
        looked_before: another look was taken at one of its test chunks.
    """
    exhaustive = step.claim.exhaustively
    measured = [Measured(e.scores, e.items) for e in evaluated]
    ruling = _rule(step, evaluated, measured)
    controls: list[ControlRow] = []
    notes: list[str] = []
    if ruling.outcome == "holds":
        found = run_positive_controls(step, control) if ruling.search else ControlRuling(None)
        if found.reason is None:
            found = found.then(run_vetoes(step, measured, control))
        controls, notes = list(found.rows), list(found.notes)
        if found.reason is not None:
            ruling = _Ruling("inconclusive", found.reason)
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
            part_row(part, found, [q.text for q in step.quantities], exhaustive)
            for part, found in zip(step.parts, parts, strict=True)
        ),
        quantities=tuple(
            replace(
                quantity_row(e.quantity, e.scores, e.fitted, e.map_key, step.alpha, exhaustive, _among(step, index)),
                remarks=e.remarks,
                keys=e.keys,
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
