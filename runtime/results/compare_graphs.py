"""Two measured graphs in, what differs out: edges that appeared, vanished, or moved, and by how much.

An edge stands out or not by where its interval lies, so that one near the bound may come and go by chance. It has
appeared or vanished only where a number by which it is told surely moved; else that is open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..graphs.measured_graph import EffectRow, GraphEdge, Kind, MeasuredGraph, NodeRow, NumberRow, PathsRow
from ..statistics.intervals import Interval, paired_difference
from ..statistics.sequences import mean_sequence
from .moves import LoadScores, Move

if TYPE_CHECKING:  # whole domains are compared without torch
    from ..scoring.item_scores import ItemScores

CORRECT = "correct"
"""The metric that is 1 where an answer is right, and else 0."""
EdgeNews = Literal["appeared", "vanished", "turned", "open", "moved", ""]


@dataclass(frozen=True)
class EdgeChange:
    """An edge of both graphs: how it stood out in each, and its numbers and those of random circuits.

    `news`: it `appeared` or `vanished`, or `turned` from indirect to direct or back; it stands out otherwise, but that
    is `open`, `why`; it stands out as before, and some number of its own `moved`; or it may be as it was (empty).
    """

    source: str
    target: str
    before: Kind
    after: Kind
    news: EdgeNews
    why: str
    moves: tuple[Move, ...]

    @property
    def changed(self) -> bool:
        """Whether it surely stands out otherwise."""
        return self.news in ("appeared", "vanished", "turned")


@dataclass(frozen=True)
class NodeChange:
    """A node of both graphs that sets or reads another thing in each: its edges are not compared."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class GraphChange:
    """A graph of both results: the edges that are in both, its order before and after, and what is in one alone.

    `awaits` says why nothing could be compared; `nodes` are those that became others, `only_...` names of nodes.
    `other_edges` counts edges that are not compared.
    """

    name: str
    edges: tuple[EdgeChange, ...]
    order_before: tuple[tuple[str, ...], ...]
    order_after: tuple[tuple[str, ...], ...]
    nodes: tuple[NodeChange, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    other_edges: int
    awaits: str = ""

    @property
    def changed(self) -> int:
        """How many edges surely stand out otherwise."""
        return sum(edge.changed for edge in self.edges)

    @property
    def is_open(self) -> bool:
        """Whether some edge stands out in one result alone, and may do so by chance, or nothing could be compared."""
        return bool(self.awaits) or any(edge.news == "open" for edge in self.edges)


def compare_graph(
    before: MeasuredGraph, after: MeasuredGraph, scores_before: LoadScores, scores_after: LoadScores
) -> GraphChange:
    """Compare two graphs of one name edge by edge.

    The intervals of all moves hold together with one minus the sum of what both graphs may err.
    """
    old, new = ({node.name: node for node in graph.nodes} for graph in (before, after))
    nodes = tuple(
        NodeChange(name, _node(old[name]), _node(node))
        for name, node in new.items()
        if name in old and _node(old[name]) != _node(node)
    )
    pairing = _Pairing(before, after, scores_before, scores_after)
    edges = tuple(pairing.edges({node.name for node in nodes}))
    awaits = [f"{when}: {graph.awaits}" for when, graph in (("before", before), ("after", after)) if graph.awaits]
    return GraphChange(
        name=after.name,
        edges=edges,
        order_before=before.order,
        order_after=after.order,
        nodes=nodes,
        only_before=tuple(name for name in old if name not in new),
        only_after=tuple(name for name in new if name not in old),
        other_edges=len({(e.source, e.target) for e in (*before.edges, *after.edges)}) - len(edges),
        awaits="; ".join(awaits),
    )


def _node(node: NodeRow) -> str:
    return f"{node.circuit} -> {node.metric}"


class _Pairing:
    """Two graphs, and where the scores of each lie."""

    def __init__(
        self, before: MeasuredGraph, after: MeasuredGraph, scores_before: LoadScores, scores_after: LoadScores
    ) -> None:
        self.before, self.after = before, after
        self.scores_before, self.scores_after = scores_before, scores_after
        self.alpha = before.alpha + after.alpha
        self.n = min(before.n, after.n)
        self.reads = {node.name: node.metric for node in after.nodes}
        self.held = [{node.name: node.circuit for node in graph.nodes} for graph in (before, after)]

    def edges(self, others: set[str]) -> Iterator[EdgeChange]:
        """The edges of both graphs whose ends are the same nodes, and none of `others`."""
        old = {(edge.source, edge.target): edge for edge in self.before.edges}
        for edge in self.after.edges:
            ends = (edge.source, edge.target)
            if ends in old and not others & set(ends):
                yield self._edge(old[ends], edge)

    def _edge(self, old: GraphEdge, new: GraphEdge) -> EdgeChange:
        apart = self._apart(old, new)
        own = tuple(self._paths("", old, new, old.own, new.own, apart))
        null: tuple[Move, ...] = ()
        if old.null is not None and new.null is not None:
            null = tuple(self._paths("random ", old, new, old.null, new.null, apart))
        news, why = _news(old, new, own, null)
        return EdgeChange(new.source, new.target, old.stands_out, new.stands_out, news, why, (*own, *null))

    def _apart(self, old: GraphEdge, new: GraphEdge) -> str:
        """Why direct and indirect effects are of other things; empty where they are not."""
        held = [{n: c for n, c in nodes.items() if n not in (new.source, new.target)} for nodes in self.held]
        return "" if sorted(held[0].values()) == sorted(held[1].values()) else "other nodes are held"

    def _paths(
        self, of: str, old: GraphEdge, new: GraphEdge, was: PathsRow, now: PathsRow, apart: str
    ) -> Iterator[Move]:
        """The moves of the effects and changes that both sides have: in all, directly, and by way of other nodes."""
        redefined = ""
        if old.version is not None and new.version is not None and old.version != new.version:
            redefined = f"its definition changed: version {old.version} before, {new.version} after"
        items = "" if old.items == new.items is not None else "other items"
        if old.items is None or new.items is None:
            items = "a result of an older version names no items"
        for name in ("total", "direct", "indirect"):
            one, two = getattr(was, name), getattr(now, name)
            if one is not None and two is not None:
                refused = redefined or (apart if name != "total" else "")
                counted = two.effect is None or self.reads[new.target] == CORRECT
                yield from self._effects(f"{of}{name}", one, two, refused, items, counted)

    def _effects(
        self, text: str, old: EffectRow, new: EffectRow, refused: str, items: str, counted: bool
    ) -> Iterator[Move]:
        numbers = [("change", old.change, new.change)]
        if old.effect is not None and new.effect is not None:
            numbers.insert(0, ("effect", old.effect, new.effect))
        exact = all(row.exact is not None for _, one, two in numbers for row in (one, two))
        if refused or exact or (not items and old.scores == new.scores):
            for name, one, two in numbers:
                yield _unsampled(f"{text} {name}", one, two, refused)
            return
        why = items
        if not why:
            assert old.scores is not None
            assert new.scores is not None
            was, now = self.scores_before(old.scores), self.scores_after(new.scores)
            if was is not None and now is not None:
                for name, one, two in numbers:
                    yield self._paired(f"{text} {name}", one, two, was, now, name == "effect", counted)
                return
            why = "the store has the scores no longer"
        for name, one, two in numbers:
            own = Interval(two.low, two.high).plus(Interval(one.low, one.high).scale(-1))
            ends = (one.estimate, two.estimate)
            yield Move(f"{text} {name}", *ends, "not paired", why, ends[1] - ends[0], own.low, own.high, 1 - self.alpha)

    def _paired(
        self,
        text: str,
        old: NumberRow,
        new: NumberRow,
        before: "ItemScores",
        after: "ItemScores",
        signed: bool,
        counted: bool,
    ) -> Move:
        """On the items that both have: how many was fixed beforehand. Of what is not `signed` sizes are compared.

        `counted`: sizes are sure to be 0 or 1, whatever these items show.
        """
        n = min(self.n, len(before), len(after))
        was, now = (scores.values[:n].double().numpy() for scores in (before, after))
        low, high = -before.range[1] - after.range[1], before.range[1] + after.range[1]
        if not signed:
            was, now, low, high = np.abs(was), np.abs(now), -before.range[1], after.range[1]
        moved = now - was
        if counted and not signed:
            interval = paired_difference(int((moved > 0).sum()), int((moved < 0).sum()), len(moved), self.alpha)
        else:
            interval = mean_sequence(moved, low, high, self.alpha)
        ends, difference = (old.estimate, new.estimate), float(moved.mean())
        return Move(text, *ends, "paired", "", difference, interval.low, interval.high, 1 - self.alpha, len(moved))


def _unsampled(text: str, old: NumberRow, new: NumberRow, refused: str) -> Move:
    """Of what is not compared, counted exactly, or one measurement."""
    ends = (old.estimate, new.estimate)
    if refused:
        return Move(text, *ends, "not comparable", refused)
    if old.exact is not None and new.exact is not None:
        difference = float(Fraction(new.exact) - Fraction(old.exact))
        return Move(text, *ends, "exact", "", difference, difference, difference)
    return Move(text, *ends, "same", "", 0.0, 0.0, 0.0)


def _news(old: GraphEdge, new: GraphEdge, own: tuple[Move, ...], null: tuple[Move, ...]) -> tuple[EdgeNews, str]:
    """What became of an edge, and why that is open."""
    kinds = {old.stands_out, new.stands_out}
    if len(kinds) == 1:
        return ("moved" if kinds != {"unread"} and any(map(surely_moved, own)) else ""), ""
    if "unread" in kinds:
        return "open", "what it is on is not read right in one of both"
    by = "direct" if "direct" in kinds else "total"
    deciding = {move.text: move for move in (*own, *null)}
    told = deciding.get(f"{by} change") or deciding["total change"]
    random = deciding.get(f"random {by} change") or deciding.get("random total change")
    if told.how == "not comparable":
        return "open", told.why
    rises = new.stands_out == "direct" if "direct" in kinds else new.is_found
    if told.how != "exact" and not (_moved(told, rises) or (random is not None and _moved(random, not rises))):
        return "open", "one measurement" if told.how == "same" else "within sampling error"
    return "turned" if "none" not in kinds else "appeared" if new.is_found else "vanished", ""


def surely_moved(move: Move) -> bool:
    """Whether a number surely is another one than it was."""
    return _moved(move, True) or _moved(move, False)


def _moved(move: Move, up: bool) -> bool:
    if move.low is None or move.high is None:
        return False
    return move.low > 0 if up else move.high < 0
