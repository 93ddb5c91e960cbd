"""Decide: from the scores of a claim's quantities to its verdict, as outcomes say."""

from dataclasses import replace

from ...compiler.plan import DecideStep
from ..statistics.part_intervals import among_answers, part_interval
from ..statistics.sequential import Look, run_looks
from .cases import Walk, cases_notes, cases_rows
from .controls import Run
from .rows import part_row, quantity_row
from .rulings import Evaluated, Ruling
from .verdicts import Expectation, Grade, Outcome, Verdict, outcome_text


def run_decide(walk: Walk, look: Look, control: Run, looked_before: bool) -> Verdict:
    """The verdict of a claim.

    Args:
        walk: the claim, as far as it has to be looked at.
        look: measures its quantities on a number of items, in the step's order.
        control: runs a control by its key; called only where the claim itself would hold.
        looked_before: another look was taken at one of its test chunks.
    """
    step = walk.step
    decision = run_looks(step, look, control, walk.least)
    ruling, evaluated = decision.ruling, decision.evaluated
    measured = [e.measured for e in evaluated]
    said = (ruling.why,) if ruling.why else ()
    seen = step.parts if evaluated else ()
    parts = tuple(part_row(part, part_interval(part, measured, step.alpha), evaluated) for part in seen)
    cases = cases_rows(walk, parts) if evaluated else ()
    notes = (
        *said,
        *decision.controls.notes,
        *_notes(evaluated, ruling),
        *cases_notes(cases),
        *decision.notes,
    )
    return Verdict(
        name=step.claim.name,
        claim=step.claim.text,
        doc=step.claim.doc,
        outcome=ruling.outcome,
        reason=ruling.reason,
        grade=_grade(step, ruling, looked_before),
        expected=_expected(step),
        expectation=meets(step.claim.expect, step.claim.expect_reason, ruling.outcome, ruling.reason),
        alpha=step.alpha,
        parts=parts,
        quantities=tuple(quantity_row(e, step.alpha, among=_among(step, index)) for index, e in enumerate(evaluated)),
        controls=decision.controls.rows,
        notes=notes,
        cases=cases,
    )


def meets(expect: Outcome, expect_reason: str | None, outcome: Outcome, reason: str | None) -> Expectation:
    """Met, failed, or open: inconclusive though something else was expected."""
    same_reason = expect_reason is None or (reason or "").split(":")[0] == expect_reason
    if outcome == expect and same_reason:
        return "met"
    return "open" if outcome == "inconclusive" else "failed"


def check_stable(step: DecideStep, verdict: Verdict, earlier: tuple[str, ...]) -> Verdict:
    """The verdict, or `inconclusive(unstable)` where the same claim on the same content was decided otherwise before.

    `earlier` are the outcomes, with their reasons, that were ever reached for the step's key.
    """
    other = [said for said in earlier if said != outcome_text(verdict.outcome, verdict.reason)]
    if not other:
        return verdict
    reached = ", ".join([outcome_text(verdict.outcome, verdict.reason), *other])
    return replace(
        verdict,
        outcome="inconclusive",
        reason="unstable",
        expectation=meets(step.claim.expect, step.claim.expect_reason, "inconclusive", "unstable"),
        notes=(*verdict.notes, f"the same claim on the same content was decided more than once: {reached}"),
    )


def _grade(step: DecideStep, ruling: Ruling, looked_before: bool) -> Grade:
    grade: Grade = "exhaustive" if step.claim.exhaustively else "exploratory" if looked_before else "statistical"
    return "search" if ruling.search and grade != "exploratory" else grade


def _notes(evaluated: list[Evaluated], ruling: Ruling) -> list[str]:
    notes = []
    if ruling.outcome == "unsupported":
        notes.append("the declared search found no such map, which refutes nothing")
    freed = [e.quantity.text for e in evaluated if e.quantity.ungated]
    if freed:
        notes.append(f"decided whatever the network's accuracy, since its network is `ungated`: {', '.join(freed)}")
    exempt = [e for e in evaluated if not e.quantity.gated and not e.quantity.ungated]
    ungated = [e.quantity.text for e in exempt if e.scores.no_op is not None]
    if ungated:
        notes.append(
            f"decided whatever the network's accuracy (bounded from above, or untrained): {', '.join(ungated)}"
        )
    return notes


def _among(step: DecideStep, index: int) -> bool:
    return any(among_answers(part) and any(i == index for _, i in part.coefficients) for part in step.parts)


def _expected(step: DecideStep) -> str:
    return outcome_text(step.claim.expect, step.claim.expect_reason)
