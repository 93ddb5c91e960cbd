"""Two results in, what differs out: which verdicts changed, and by how much each estimand moved.

Where both sides measured the same items, item by item, the difference is paired: noise that both share cancels.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ..deciding.verdicts import Grade, Outcome, PartRow, QuantityRow, Result, Verdict
from ..statistics.intervals import Interval
from ..statistics.sequences import mean_sequence
from .compare_graphs import GraphChange, compare_graph
from .moves import LoadScores, Move

if TYPE_CHECKING:  # whole domains are compared without torch
    from ..scoring.item_scores import ItemScores


@dataclass(frozen=True)
class Standing:
    """What a verdict says."""

    outcome: Outcome
    reason: str | None
    grade: Grade


@dataclass(frozen=True)
class ClaimChange:
    """A claim of both results. `bounds` says which inequalities differ; `only_...` name estimands of one side alone."""

    name: str
    before: Standing
    after: Standing
    changed: bool
    bounds: tuple[str, ...]
    moves: tuple[Move, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]


@dataclass(frozen=True)
class Side:
    """One of the two results."""

    spec: str
    plan: str
    complete: bool
    lock: str | None


@dataclass(frozen=True)
class ResultDiff:
    """What differs between two results: claims and graphs of both, in the later one's order, and the others' names."""

    before: Side
    after: Side
    claims: tuple[ClaimChange, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    graphs: tuple[GraphChange, ...] = ()
    graphs_only_before: tuple[str, ...] = ()
    graphs_only_after: tuple[str, ...] = ()

    @property
    def changed(self) -> int:
        """How many claims of both have another verdict."""
        return sum(claim.changed for claim in self.claims)

    @property
    def exit_code(self) -> int:
        """1 where a verdict changed or an edge surely stands out otherwise, 3 where that is open, else 0."""
        if self.changed or any(graph.changed for graph in self.graphs):
            return 1
        return 3 if any(graph.is_open for graph in self.graphs) else 0


class NothingToCompareError(Exception):
    """The results share no claim and no graph, or one of one name is about different tasks; says so."""


def compare_results(before: Result, after: Result, scores_before: LoadScores, scores_after: LoadScores) -> ResultDiff:
    """Compare two results claim by claim, and graph by graph.

    Args:
        before, after: the results.
        scores_before, scores_after: where the scores of each lie.

    Raises:
        NothingToCompareError: no claim and no graph is in both, or one is about another task.
    """
    common = [name for name in after if name in before]
    old, new = ({graph.name: graph for graph in result.graphs} for result in (before, after))
    if not common and not old.keys() & new.keys():
        raise NothingToCompareError(f"no claim {'or graph ' if old or new else ''}is in both results")
    for name in common:
        if _other_task(before[name], after[name]):
            raise NothingToCompareError(f"the claim `{name}` is about different tasks")
    for name in new:
        if name in old and None not in (tasks := {old[name].task, new[name].task}) and len(tasks) > 1:
            raise NothingToCompareError(f"the graph `{name}` is about different tasks")
    return ResultDiff(
        before=_side(before),
        after=_side(after),
        claims=tuple(_compare_claim(before[name], after[name], scores_before, scores_after) for name in common),
        only_before=tuple(name for name in before if name not in after),
        only_after=tuple(name for name in after if name not in before),
        graphs=tuple(
            compare_graph(old[name], graph, scores_before, scores_after) for name, graph in new.items() if name in old
        ),
        graphs_only_before=tuple(name for name in old if name not in new),
        graphs_only_after=tuple(name for name in new if name not in old),
    )


def _side(result: Result) -> Side:
    return Side(result.spec, result.plan, result.complete, result.lock)


def _other_task(before: Verdict, after: Verdict) -> bool:
    """Whether two claims measure different tasks, as far as their rows tell."""
    old, new = ({row.keys.task for row in v.quantities if row.keys is not None} for v in (before, after))
    return bool(old) and bool(new) and not old & new


def _compare_claim(before: Verdict, after: Verdict, scores_before: LoadScores, scores_after: LoadScores) -> ClaimChange:
    old, new = ({row.text: row for row in v.quantities} for v in (before, after))
    alpha = before.alpha + after.alpha
    one, two = (Standing(v.outcome, v.reason, v.grade) for v in (before, after))
    return ClaimChange(
        name=after.name,
        before=one,
        after=two,
        changed=one != two,
        bounds=_compare_bounds(before.parts, after.parts),
        moves=tuple(_move(old[t], row, alpha, scores_before, scores_after) for t, row in new.items() if t in old),
        only_before=tuple(text for text in old if text not in new),
        only_after=tuple(text for text in new if text not in old),
    )


def _compare_bounds(before: tuple[PartRow, ...], after: tuple[PartRow, ...]) -> tuple[str, ...]:
    """Inequalities with another bound, relation or tolerance, and those of one side alone."""
    old, new = ({(p.text, i): p for p, i in _numbered(parts)} for parts in (before, after))
    said = []
    for key, part in new.items():
        if key not in old:
            said.append(f"`{part.text} {_bound(part)}` is new")
        elif _bound(old[key]) != _bound(part):
            said.append(f"`{part.text}` claimed {_bound(old[key])} before, {_bound(part)} after")
    return (*said, *(f"`{part.text} {_bound(part)}` is gone" for key, part in old.items() if key not in new))


def _numbered(parts: tuple[PartRow, ...]) -> list[tuple[PartRow, int]]:
    """Each part with how many of the same left side come before it."""
    texts = [part.text for part in parts]
    return [(part, texts[:i].count(part.text)) for i, part in enumerate(parts)]


def _bound(part: PartRow) -> str:
    return f"{part.relation} {part.bound:g}" + (f" +- {part.tolerance:g}" if part.tolerance else "")


def _move(
    before: QuantityRow, after: QuantityRow, alpha: float, scores_before: LoadScores, scores_after: LoadScores
) -> Move:
    """The difference at confidence 1 - alpha, `alpha` being what both claims may err together."""
    text, ends = after.text, (before.estimate, after.estimate)
    if before.version is not None and after.version is not None and before.version != after.version:
        why = f"its definition changed: version {before.version} before, {after.version} after"
        return Move(text, *ends, "not comparable", why)
    if before.among != after.among:
        return Move(text, *ends, "not comparable", "one among the declared answers, one over all classes")
    if before.exact is not None and after.exact is not None:
        difference = float(Fraction(after.exact) - Fraction(before.exact))
        return Move(text, *ends, "exact", "", difference, difference, difference)
    why = _unpaired(before, after)
    if not why:
        assert before.keys is not None
        assert after.keys is not None
        if before.keys.scores == after.keys.scores:
            return Move(text, *ends, "same", "", 0.0, 0.0, 0.0)
        old, new = scores_before(before.keys.scores), scores_after(after.keys.scores)
        if old is not None and new is not None:
            return _paired_move(text, ends, old, new, after.among, alpha)
        why = "the store has the scores no longer"
    own = Interval(after.low, after.high).plus(Interval(before.low, before.high).scale(-1))
    return Move(text, *ends, "not paired", why, ends[1] - ends[0], own.low, own.high, 1 - alpha)


def _unpaired(before: QuantityRow, after: QuantityRow) -> str:
    """Why two rows are not of the same items; empty where they are."""
    if before.keys is None or after.keys is None:
        return "a result of an older version names no items"
    return "other items" if before.keys.items != after.keys.items else ""


def _paired_move(
    text: str, ends: tuple[float, float], old: "ItemScores", new: "ItemScores", among: bool, alpha: float
) -> Move:
    """On the common prefix: item i of a stream is the same however many were drawn.

    How many each side took may depend on its scores, so the interval is a confidence sequence.
    """
    n = min(len(old), len(new))
    left, right = ((scores.values_among if among else scores.values)[:n].numpy() for scores in (new, old))
    interval = mean_sequence(left - right, new.range[0] - old.range[1], new.range[1] - old.range[0], alpha)
    difference = float(np.mean(left - right, dtype=np.float64))
    return Move(text, *ends, "paired", "", difference, interval.low, interval.high, 1 - alpha, n)
