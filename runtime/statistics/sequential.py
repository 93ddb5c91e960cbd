"""Sequential decisions: a claim is looked at on more and more items until its ruling can change no more.

Looks are taken at 256 items, 512, 1,024, .. and at the budget. Every interval of the claim and of its gate is a
confidence sequence, so that stopping at whichever look decides costs no error.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ...compiler.budgets import CHUNK
from ...compiler.plan import DecideStep
from ..deciding.controls import ControlRuling, Run, run_controls
from ..deciding.rulings import Evaluated, Ruling, rule_parts, rule_scores, rule_values
from ..metrics import AwaitingScores
from .part_intervals import Moved
from .sequences import MOST_ITEMS, items_to_settle

FIRST = CHUNK

Look = Callable[[int | None], list[Evaluated]]
"""A claim's quantities on their first items: so many, or as many as each has (None: the whole domain)."""


@dataclass(frozen=True)
class Decision:
    """The look at which a claim was decided, or the last one, and what it says."""

    evaluated: list[Evaluated]
    ruling: Ruling
    controls: ControlRuling
    notes: tuple[str, ...] = ()


def look_sizes(step: DecideStep, least: int | None = None) -> Iterator[int | None]:
    """The numbers of items, from some on, at which a claim is looked at; a whole domain is looked at once."""
    budgets = [quantity.budget for quantity in step.quantities if quantity.budget is not None]
    if not budgets:
        yield None
        return
    most = max(budgets)
    size = max(FIRST, least or 0)
    while size < most:
        yield size
        size *= 2
    yield most


def run_looks(step: DecideStep, look: Look, control: Run | None, least: int | None = None) -> Decision:
    """Look until every part is decided and no veto depends on more items, or until there are no more.

    Where a table lacks scores of answers it ends, with what was seen before, which may be nothing.

    Args:
        step: the claim.
        look: measures its quantities.
        control: runs a control; called only where the claim itself would hold (None: what holds stays so).
        least: how many items the first look has at least.
    """
    evaluated: list[Evaluated] = []
    for size in look_sizes(step, least):
        try:
            evaluated = look(size)
        except AwaitingScores as awaiting:
            waiting = Ruling("inconclusive", "awaiting_scores", why=str(awaiting))
            return Decision(evaluated, waiting, ControlRuling(None))
        ruling, controls = _rule(step, evaluated, control)
        if not ruling.open or (size is not None and all(_used_up(e, size) for e in evaluated)):
            break
    if ruling.reason != "straddles" or size is None or all(_used_up(e, size) for e in evaluated):
        return Decision(evaluated, ruling, controls)
    return Decision(evaluated, replace(ruling, reason="budget"), controls, (_project(step, evaluated),))


def _rule(step: DecideStep, evaluated: list[Evaluated], control: Run | None) -> tuple[Ruling, ControlRuling]:
    ruling, controls = rule_scores(step, evaluated), ControlRuling(None)
    if ruling.outcome == "holds" and control is not None:
        controls = run_controls(step, ruling.search, [e.measured for e in evaluated], control)
        if controls.reason is not None:
            ruling = Ruling("inconclusive", controls.reason, open=controls.open)
    return rule_values(evaluated, ruling), controls


def _used_up(evaluated: Evaluated, size: int) -> bool:
    """Whether fewer items could be drawn than were asked for."""
    budget = evaluated.quantity.budget
    return budget is not None and evaluated.scores.n < min(size, budget)


def _project(step: DecideStep, evaluated: list[Evaluated]) -> str:
    """How many items would settle what the budget left open, at the present estimates."""
    used = max(e.scores.n for e in evaluated)
    measured = [e.measured for e in evaluated]

    def settles(n: int) -> bool:
        return rule_parts(step, measured, Moved(growth=n / used)).outcome != "inconclusive"

    needed = items_to_settle(settles, used)
    ended = f"the budget of {used:,} test items ended before the claim was decided"
    if needed is None:
        return f"{ended}; the estimate is too near the bound for {MOST_ITEMS:,} to settle it"
    return f"{ended}; at the present estimates about {needed:,} would settle it"
