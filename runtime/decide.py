"""Decide: from the scores of a claim's quantities to its verdict, as outcomes say."""

from dataclasses import replace

from ..compiler.plan import Case, DecideStep
from .controls import Run
from .part_intervals import among_answers, part_interval
from .rows import part_row, quantity_row
from .rulings import Evaluated, Ruling
from .sequential import Look, run_looks
from .verdicts import Expectation, Grade, Outcome, PartRow, Verdict


def run_decide(step: DecideStep, look: Look, control: Run, looked_before: bool) -> Verdict:
    """The verdict of a claim.

    Args:
        step: the claim.
        look: measures its quantities on a number of items, in the step's order.
        control: runs a control by its key; called only where the claim itself would hold.
        looked_before: another look was taken at one of its test chunks.
    """
    decision = run_looks(step, look, control)
    ruling, evaluated = decision.ruling, decision.evaluated
    measured = [e.measured for e in evaluated]
    said = (ruling.why,) if ruling.why else ()
    seen = step.parts if evaluated else ()
    parts = tuple(part_row(part, part_interval(part, measured, step.alpha), evaluated) for part in seen)
    cases = _case_notes(step.claim.cases if evaluated else (), parts)
    notes = (*said, *decision.controls.notes, *_notes(evaluated, ruling), *cases, *decision.notes)
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


def outcome_text(outcome: Outcome, reason: str | None) -> str:
    """`holds`, `inconclusive(budget)`."""
    return outcome if reason is None else f"{outcome}({reason})"


def _grade(step: DecideStep, ruling: Ruling, looked_before: bool) -> Grade:
    grade: Grade = "exhaustive" if step.claim.exhaustively else "exploratory" if looked_before else "statistical"
    return "search" if ruling.search and grade != "exploratory" else grade


def _notes(evaluated: list[Evaluated], ruling: Ruling) -> list[str]:
    notes = []
    if ruling.outcome == "unsupported":
        notes.append("the declared search found no such map, which refutes nothing")
    freed = [e.quantity.text for e in evaluated if e.quantity.ungated]
    if freed:
        notes.append(f"not gated by the network's accuracy, since its network is `ungated`: {', '.join(freed)}")
    exempt = [e for e in evaluated if not e.quantity.gated and not e.quantity.ungated]
    ungated = [e.quantity.text for e in exempt if e.scores.no_op is not None]
    if ungated:
        notes.append(f"not gated by the network's accuracy (bounded from above, or untrained): {', '.join(ungated)}")
    return notes


def _case_notes(cases: tuple[Case | None, ...], parts: tuple[PartRow, ...]) -> list[str]:
    """Of each `all` over an ordered type, the first value from which every later one passes."""
    groups: dict[int, list[tuple[Case, PartRow]]] = {}
    for case, part in zip(cases, parts, strict=False):
        if case is not None and case.ordered:
            groups.setdefault(case.group, []).append((case, part))
    notes = []
    for group in groups.values():
        passing: list[Case] = []
        for case, part in reversed(group):
            if part.status != "passes":
                break
            passing.append(case)
        if passing:
            notes.append(f"every case from `{passing[-1].text}` on passes")
        else:
            notes.append(f"the last case, `{group[-1][0].text}`, does not pass")
    return notes


def _among(step: DecideStep, index: int) -> bool:
    return any(among_answers(part) and any(i == index for _, i in part.coefficients) for part in step.parts)


def _expected(step: DecideStep) -> str:
    return outcome_text(step.claim.expect, step.claim.expect_reason)
