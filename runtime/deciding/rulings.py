"""Rulings: what the scores of a claim's quantities say by themselves, before any control runs.

A claim is a conjunction of parts; each part has an interval for T, and what was learned by search decides what a miss
may be called. Vetoes then take back what the evidence does not carry.
"""

from dataclasses import dataclass

from ...compiler.plan import DecideStep, MeasuredQuantity
from ..fitting.fit_reports import FoundSize, SearchRow
from ..fitting.fitted import Fitted
from ..scoring.scores import Scores
from ..statistics.part_intervals import AS_MEASURED, Measured, Moved, part_interval, status
from ..statistics.sequences import proportion_sequence
from .verdicts import Outcome, QuantityKeys

GATE = 0.90
FEWEST_CHANGING = 100
MOST_CLIPPED = 0.01


@dataclass(frozen=True)
class Evaluated:
    """A quantity with its scores, the key of its items, the fit of the network that was measured, the key of what was
    found (maps or circuits), and sizes that the fit found.

    `remarks` say of its items what a reader must know.
    """

    quantity: MeasuredQuantity
    scores: Scores
    items: str
    fitted: Fitted | None
    map_key: str | None
    remarks: tuple[str, ...] = ()
    keys: QuantityKeys | None = None
    sizes: tuple[FoundSize, ...] = ()
    overlap: tuple[str, str] | None = None
    """Two things that an effect sets in the same units, as its fit shows."""
    ranked: tuple[SearchRow, ...] = ()
    """Everything that was scored for the circuits of an effect."""
    version: int | None = None
    """Of its estimand's definition."""
    rounding: float = 0.0
    """What each score may be off by, where a network computes it."""

    @property
    def measured(self) -> Measured:
        """Its scores, for the intervals."""
        return Measured(self.scores, self.items, rounding=self.rounding)


@dataclass(frozen=True)
class Ruling:
    """An outcome with the reason code of an inconclusive one.

    `search`: it speaks of the declared search only. `open`: more items could change it. `why` says in numbers what a
    veto that needs no further run rests on.
    """

    outcome: Outcome
    reason: str | None = None
    search: bool = False
    open: bool = False
    why: str = ""


def rule_scores(step: DecideStep, evaluated: list[Evaluated]) -> Ruling:
    """The truth table, then the vetoes that need no further run and come before the controls, in their order."""
    measured = [e.measured for e in evaluated]
    for one in evaluated:
        if one.overlap is not None:
            first, second = one.overlap
            why = f"{one.quantity.text} has no value: `{first}` and `{second}` were found in the same units"
            return Ruling("inconclusive", "overlap", why=why)
    unread = {e.quantity.text: reads for e in evaluated if (reads := reads_right(e.scores, step.alpha)) is not True}
    if unread:
        why = f"the variable must be read right on at least {GATE:.2f} of the bases of {', '.join(unread)}"
        return Ruling("inconclusive", "not_read", open=False not in unread.values(), why=why)
    ruling = rule_parts(step, measured)
    if ruling.outcome != "inconclusive":
        gates = {e.quantity.text: solves(e.scores, step.alpha) for e in evaluated if e.quantity.gated}
        unsolved = [text for text, solved in gates.items() if not solved]
        if unsolved:
            why = f"the network must be right on at least {GATE:.2f} of the bases of {', '.join(unsolved)}"
            return Ruling("inconclusive", "task_not_solved", open=False not in gates.values(), why=why)
    interchanged = [e.scores for e in evaluated if e.scores.no_op is not None]
    fewest = min((scores.changing() for scores in interchanged), default=FEWEST_CHANGING)
    if not step.claim.exhaustively and fewest < FEWEST_CHANGING:
        why = f"only {fewest} items can tell; at least {FEWEST_CHANGING} are needed"
        return Ruling("inconclusive", "too_few_changed", open=True, why=why)
    near, slack = any(e.scores.near for e in evaluated), max(one.slack for one in measured)
    if near or slack:
        against, for_it = (rule_parts(step, measured, Moved(ties)).outcome for ties in (-1, 1))
        if {against, for_it} != {ruling.outcome}:
            rounded = f"numbers that are read from the network rounded by {slack:g}"
            what = " and ".join(["the near ties"] * near + [rounded] * (slack > 0))
            why = f"with {what} all against the claim it would be {against}, with all for it {for_it}"
            return Ruling("inconclusive", "numeric", open=True, why=why)
    return ruling


def rule_values(evaluated: list[Evaluated], ruling: Ruling) -> Ruling:
    """The veto that comes after the controls: values out of their range."""
    clipped = any(e.scores.clipped > MOST_CLIPPED * e.scores.n for e in evaluated)
    if clipped and ruling.outcome != "inconclusive":
        why = f"at most {MOST_CLIPPED:.0%} of the values may be cut to the range on which the interval rests"
        return Ruling("inconclusive", "out_of_range", open=True, why=why)
    return ruling


def rule_parts(step: DecideStep, measured: list[Measured], moved: Moved = AS_MEASURED) -> Ruling:
    """All parts together: refuted before unsupported before inconclusive before holds."""
    rulings = [_rule_part(step, index, measured, moved) for index in range(len(step.parts))]
    for outcome in ("refuted", "unsupported", "inconclusive"):
        for ruling in rulings:
            if ruling.outcome == outcome:
                return ruling
    return Ruling("holds", search=any(ruling.search for ruling in rulings))


def solves(scores: Scores, alpha: float) -> bool | None:
    """The gate: whether the network solves the task on the items' bases; None where that is not known yet."""
    assert scores.base_right is not None, "what has no output is not gated"
    return _reaches_gate(scores.base_right, scores, alpha)


def reads_right(scores: Scores, alpha: float) -> bool | None:
    """Whether the variable that an effect is on is read right where nothing is set; None where not known yet."""
    return True if scores.read_right is None else _reaches_gate(scores.read_right, scores, alpha)


def _reaches_gate(right: int, scores: Scores, alpha: float) -> bool | None:
    if scores.whole_domain:
        return right >= GATE * scores.n
    share = proportion_sequence(right, scores.n, alpha)
    return True if share.low >= GATE else False if share.high < GATE else None


def _rule_part(step: DecideStep, index: int, measured: list[Measured], moved: Moved) -> Ruling:
    """One row of the truth table. A refutation is held to alpha / parts, everything else to alpha."""
    part = step.parts[index]

    def at(alpha: float) -> str:
        return status(part, part_interval(part, measured, alpha, moved))

    read = [(i, step.quantities[i]) for _, i in part.coefficients]
    learned = [(part.strength(i, quantity.signed), quantity.learned) for i, quantity in read]
    plus = any(is_learned and c > 0 for c, is_learned in learned)
    minus = any(is_learned and c < 0 for c, is_learned in learned)
    found, straddles = at(step.alpha), Ruling("inconclusive", "straddles", open=True)
    if found == "straddle":
        return straddles
    if found == "pass":
        return Ruling("holds", search=minus or (part.relation == "==" and plus))
    if found == "miss above":  # an upper bound is missed: there, T counts against the claim
        plus, minus = minus, plus
    if plus:
        return Ruling("unsupported")
    return Ruling("refuted") if at(step.refuting) == found else straddles
