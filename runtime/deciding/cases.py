"""`all` over an ordered type: from the last value backwards, until one fails.

Each value is looked at by itself, on as many items as decide it, at the claim's alpha. What is reported is a value from
which every later one passes, so a wrong report means that the first value that is wrong, seen from the end, passed:
one test at alpha, however many values there are. Values before the first failure are not looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ...compiler.plan import Case, DecideStep
from ..statistics.sequential import Look, run_looks
from .verdicts import CasesRow, PartRow

UNDECIDED = ("straddles", "budget", "awaiting_scores")
"""Reasons that leave a value open: it has not failed, so that one before it may still refute the claim."""


@dataclass(frozen=True)
class Walk:
    """A claim as far as it has to be looked at: `step` with the parts that are left, each with its case.

    `least` is how many items decided the values that were looked at (None: no value was, or whole domains).
    """

    step: DecideStep
    passed_over: tuple[Case, ...] = ()
    least: int | None = None


def walk_cases(step: DecideStep, look_at: Callable[[DecideStep], Look]) -> Walk:
    """Go through every `all` over an ordered type from its end.

    Args:
        step: the claim.
        look_at: what measures the quantities of a part of the claim.
    """
    passed_over: list[int] = []
    least = None
    for group in _ordered(step):
        cases = list(_cases(step, group))
        while cases:
            alone = keep_parts(step, cases.pop())
            found = run_looks(alone, look_at(alone), None)
            sizes = [e.scores.n for e in found.evaluated if e.quantity.budget is not None]
            least = max([*sizes, *([] if least is None else [least])], default=None)
            if found.ruling.outcome != "holds" and found.ruling.reason not in UNDECIDED:
                break
        passed_over += [index for case in cases for index in case]
    if not passed_over:
        return Walk(step, (), least)
    left = [index for index in range(len(step.parts)) if index not in passed_over]
    return Walk(keep_parts(step, left), tuple(dict.fromkeys(_case(step, i) for i in sorted(passed_over))), least)


def keep_parts(step: DecideStep, indices: list[int]) -> DecideStep:
    """The claim with some of its parts alone; a refutation stays one of a claim of all of them."""
    parts = [step.parts[index] for index in indices]
    read = sorted({i for part in parts for _, i in part.coefficients})
    place = {index: new for new, index in enumerate(read)}
    moved = (replace(p, coefficients=tuple((c, place[i]) for c, i in p.coefficients)) for p in parts)
    cases = tuple(step.claim.cases[index] for index in indices) if step.claim.cases else ()
    return replace(
        step,
        claim=replace(step.claim, cases=cases),
        quantities=tuple(step.quantities[index] for index in read),
        parts=tuple(moved),
        stated=step.stated or len(step.parts),
    )


def cases_rows(walk: Walk, parts: tuple[PartRow, ...]) -> tuple[CasesRow, ...]:
    """Of each `all` over an ordered type, from where on its values pass, and which were not looked at."""
    rows = []
    for group in _ordered(walk.step):
        first = stopped = None
        for case in reversed(list(_cases(walk.step, group))):
            if any(parts[index].status != "passes" for index in case):
                stopped = _case(walk.step, case[0]).text
                break
            first = _case(walk.step, case[0]).text
        over = tuple(case.text for case in walk.passed_over if case.group == group)
        rows.append(CasesRow(first, stopped, over))
    return tuple(rows)


def cases_notes(rows: tuple[CasesRow, ...]) -> list[str]:
    """The rows in words."""
    notes = []
    for row in rows:
        found = (
            f"every case from `{row.first}` on passes"
            if row.first
            else f"the last case, `{row.stopped}`, does not pass"
        )
        over = f"; not looked at: {', '.join(f'`{text}`' for text in row.not_looked_at)}" if row.not_looked_at else ""
        notes.append(found + over)
    return notes


def _ordered(step: DecideStep) -> list[int]:
    """The `all`s over ordered types, by number."""
    return list(dict.fromkeys(case.group for case in step.claim.cases if case is not None and case.ordered))


def _cases(step: DecideStep, group: int) -> Iterator[list[int]]:
    """The parts of each value of an `all`, by index, in the order of the values."""
    found: dict[str, list[int]] = {}
    for index, case in enumerate(step.claim.cases):
        if case is not None and case.group == group:
            found.setdefault(case.text, []).append(index)
    yield from found.values()


def _case(step: DecideStep, index: int) -> Case:
    case = step.claim.cases[index]
    assert case is not None
    return case
