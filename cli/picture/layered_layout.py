"""A layered drawing of a directed acyclic graph: from nodes with widths to places on a plane, causes at the left.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (1981): ranks by
longest paths, few crossings by barycentres, rows by least squares.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ...lang.record import record

GAP, ROW = 28.0, 50.0
"""Between two ranks, and between the middles of two nodes of one rank."""
THIN = 16.0
"""Room for an edge that passes a rank."""
SWEEPS = 12

Node = str | tuple[str, str, int]
"""A node by its name, or the place where an edge (from, to) passes a rank."""


@record
class Layout:
    """The middle of each node, the points that each edge passes (without its ends), and the size of it all."""

    middles: dict[str, tuple[float, float]]
    bends: dict[tuple[str, str], list[tuple[float, float]]]
    width: float
    height: float


def lay_out(widths: Mapping[str, float], edges: Sequence[tuple[str, str]]) -> Layout:
    """Lay out nodes of these widths, given in topological order."""
    if not widths:
        return Layout({}, {}, 0.0, 0.0)
    ranks = _rank(list(widths), edges)
    layers: list[list[Node]] = [[] for _ in range(1 + max(ranks.values()))]
    for node in widths:
        layers[ranks[node]].append(node)
    links: list[tuple[Node, Node]] = []
    for start, end in edges:
        passed: list[Node] = [(start, end, rank) for rank in range(ranks[start] + 1, ranks[end])]
        for rank, place in enumerate(passed, ranks[start] + 1):
            layers[rank].append(place)
        links += pairwise([start, *passed, end])
    _order(layers, links)
    y = _rows(layers, links)
    columns = [max((widths[n] for n in layer if isinstance(n, str)), default=0.0) for layer in layers]
    x = [sum(columns[:rank]) + GAP * rank + column / 2 for rank, column in enumerate(columns)]
    middles = {node: (x[ranks[node]], y[node]) for node in widths}
    bends = {
        (start, end): [(x[rank], y[start, end, rank]) for rank in range(ranks[start] + 1, ranks[end])]
        for start, end in edges
    }
    return Layout(middles, bends, sum(columns) + GAP * (len(columns) - 1), max(y.values()) + ROW / 2)


def _rank(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest path to each node; one that nothing leads to stands right before its first reader."""
    parents, children = _neighbours(edges)
    ranks: dict[Node, int] = {}
    for node in nodes:
        ranks[node] = max((ranks[parent] + 1 for parent in parents[node]), default=0)
    return {
        node: ranks[node] if parents[node] else min((ranks[child] for child in children[node]), default=1) - 1
        for node in nodes
    }


def _neighbours(links: Sequence[tuple[Node, Node]]) -> tuple[dict[Node, list[Node]], dict[Node, list[Node]]]:
    """What leads to each node, and where each leads."""
    before, after = defaultdict[Node, list[Node]](list), defaultdict[Node, list[Node]](list)
    for start, end in links:
        before[end].append(start)
        after[start].append(end)
    return before, after


def _order(layers: list[list[Node]], links: Sequence[tuple[Node, Node]]) -> None:
    """Order every layer, in place, by the means of its neighbours, forth and back; the fewest crossings win."""
    before, after = _neighbours(links)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, links)
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for layer in layers if forth else reversed(layers):
            at = {node: i for other in layers for i, node in enumerate(other)}
            near = before if forth else after
            means = {n: sum(at[m] for m in near[n]) / len(near[n]) if near[n] else float(at[n]) for n in layer}
            layer.sort(key=means.__getitem__)
        found = _crossings(layers, links)
        if found < fewest:
            best, fewest = [list(layer) for layer in layers], found
    for layer, ordered in zip(layers, best, strict=True):
        layer[:] = ordered


def _crossings(layers: Sequence[Sequence[Node]], links: Sequence[tuple[Node, Node]]) -> int:
    """How many pairs of edges between the same two layers cross."""
    rank = {node: r for r, layer in enumerate(layers) for node in layer}
    at = {node: i for layer in layers for i, node in enumerate(layer)}
    between = defaultdict[int, list[tuple[int, int]]](list)
    for start, end in links:
        between[rank[start]].append((at[start], at[end]))
    return sum(
        (a[0] - b[0]) * (a[1] - b[1]) < 0 for ends in between.values() for i, a in enumerate(ends) for b in ends[:i]
    )


def _rows(layers: Sequence[Sequence[Node]], links: Sequence[tuple[Node, Node]]) -> dict[Node, float]:
    """How far down each node stands: near its neighbours, and apart from those of its own layer."""
    before, after = _neighbours(links)
    y: dict[Node, float] = {}
    for layer in layers:
        for i, node in enumerate(layer):
            y[node] = i * ROW
    for sweep in range(SWEEPS):
        near = (before, after)[sweep % 2]
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = [sum(y[m] for m in near[n]) / len(near[n]) if near[n] else y[n] for n in layer]
            apart = [_apart(one, other) for one, other in pairwise(layer)]
            for node, found in zip(layer, _spread(wanted, apart), strict=True):
                y[node] = found
    top = min(y.values())
    return {node: value - top + ROW / 2 for node, value in y.items()}


def _apart(one: Node, other: Node) -> float:
    """How far the middles of two neighbours of one layer must be apart."""
    return sum(ROW / 2 if isinstance(node, str) else THIN / 2 for node in (one, other))


def _spread(wanted: Sequence[float], apart: Sequence[float]) -> list[float]:
    """The nearest places to those wanted, in least squares, that keep order and distance (isotonic regression)."""
    offsets = [sum(apart[:i]) for i in range(len(wanted))]
    pools: list[tuple[float, int]] = []  # mean and count, of what is pushed together
    for value, offset in zip(wanted, offsets, strict=True):
        mean, count = value - offset, 1
        while pools and pools[-1][0] > mean:
            other, n = pools.pop()
            mean, count = (other * n + mean * count) / (n + count), n + count
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
