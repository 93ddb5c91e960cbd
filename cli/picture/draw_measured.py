"""A measured graph as a picture: its nodes, upstream first, the edges that stand out, and the numbers of each."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ...runtime.results.dependency_graph import drawn_edges, outstanding_change
from ..page import interval, number
from .draw_matrix import draw_matrix
from .draw_models import Panel
from .layered_layout import lay_out
from .svg import LINE, arrow, dot, line, moved, rectangle, returning_arrow, text, width_of

BOX = 28.0
AXIS, GAP = 170.0, 18.0
LOOP = 13.0
"""How much further down each arrow that returns runs than the last."""
MOST_NODES, MOST_EDGES = 16, 24
"""Above either a graph is drawn as a matrix, since arrows would run over each other; so many edges are listed."""


def draw_measured(graph: Mapping[str, Any]) -> Panel:
    """A graph: arrows for the edges that stand out, dashed where other nodes carry the effect, and a list of both."""
    head = f"graph {graph['name']} on {graph['network']}"
    edges = drawn_edges(graph)
    notes = [f"{node['name']}: {node['circuit']} -> {node['metric']}" for node in graph["nodes"]]
    listed = edges
    if len(graph["nodes"]) > MOST_NODES or len(edges) > MOST_EDGES:
        nodes = draw_matrix(graph, edges)
        listed = sorted(edges, key=lambda edge: -outstanding_change(edge, edge["own"])["estimate"])[:MOST_EDGES]
        notes = [f"the {len(listed)} largest of {len(edges)} edges:"] if len(listed) < len(edges) else []
    else:
        nodes = _draw_nodes(graph, edges)
    rows = _draw_rows(listed)
    content = [text(0, 12, head, "head"), text(0, 12 + LINE, _measured(graph), "quiet")]
    top = 22 + LINE
    content.append(moved(0, top, nodes.content))
    top += nodes.height + 6
    content += [text(0, top + LINE * (i + 1) - 4, said, "quiet") for i, said in enumerate(notes)]
    top += LINE * len(notes) + 8
    content.append(moved(0, top, rows.content))
    top += rows.height
    unread = sum(edge["stands_out"] == "unread" for edge in graph["edges"])
    others = sum(edge["stands_out"] == "none" for edge in graph["edges"])
    along = len(graph["edges"]) - len(edges) - others - unread
    beside = any(edge["null"] is not None for edge in graph["edges"])
    for what, count in (
        ("indirect, along edges that are drawn", along),
        ("not above random circuits" if beside else "no change", others),
        ("not measured, since what is read is not read right", unread),
    ):
        if count:
            content.append(text(0, top + LINE - 4, f"{what}: {count} of {len(graph['edges'])}", "quiet"))
            top += LINE
    width = max(nodes.width, rows.width, *map(width_of, (head, _measured(graph), *notes)))
    return Panel(width, top + 6, content)


def _measured(graph: Mapping[str, Any]) -> str:
    if graph["awaits"]:
        return f"not measured: {graph['awaits']}"
    if graph["whole_domain"]:
        return f"measured exactly over all {graph['n']:,} items"
    return f"measured on {graph['n']:,} items, all intervals together at {graph['confidence']:g}"


def _draw_nodes(graph: Mapping[str, Any], edges: Sequence[Mapping[str, Any]]) -> Panel:
    """Nodes in the order of the graph; where nodes reach each other, arrows that return run below."""
    declared = [node["name"] for node in graph["nodes"]]
    order = {name: place for place, name in enumerate([n for group in graph["order"] for n in group] or declared)}
    widths = {name: width_of(name) + 18 for name in order}
    forth = {(e["source"], e["target"]): e for e in edges if order[e["source"]] < order[e["target"]]}
    back = [e for e in edges if order[e["source"]] > order[e["target"]]]
    apart = [pair for group in graph["order"] for pair in pairwise(group)]  # an arrow that returns then passes no node
    layout = lay_out(widths, list(dict.fromkeys([*forth, *apart])))
    content = []
    for (source, target), edge in forth.items():
        (x, y), (to_x, to_y) = layout.middles[source], layout.middles[target]
        ends = (x + widths[source] / 2, y), (to_x - widths[target] / 2, to_y)
        content.append(arrow([ends[0], *layout.bends[source, target], ends[1]], _kind(edge)))
    for i, edge in enumerate(back):
        (x, y), (to_x, to_y) = layout.middles[edge["source"]], layout.middles[edge["target"]]
        ends = (x - 7, y + BOX / 2), (to_x + 7, to_y + BOX / 2)
        content.append(returning_arrow(*ends, layout.height + LOOP * (i + 1), _kind(edge)))
    for name, (x, y) in layout.middles.items():
        content.append(rectangle(x - widths[name] / 2, y - BOX / 2, widths[name], BOX, "box placed", 6))
        content.append(text(x, y + 4, name, "head middle"))
    return Panel(layout.width, layout.height + LOOP * len(back), content)


def _kind(edge: Mapping[str, Any]) -> str:
    return "edge" if edge["stands_out"] == "direct" else "edge indirect"


def _draw_rows(edges: Sequence[Mapping[str, Any]]) -> Panel:
    """For each edge the mean change that makes it stand out, with its interval, above that of random circuits."""
    if not edges:
        return Panel(0.0, 0.0, [])
    named = max(width_of(_name(edge)) for edge in edges) + GAP
    left = named + max(width_of(_said(edge)) for edge in edges) + GAP
    changes = [
        (outstanding_change(edge, edge["own"]), edge["null"] and outstanding_change(edge, edge["null"]))
        for edge in edges
    ]
    high: float = max([1e-9, *(change["high"] for pair in changes for change in pair if change is not None)])

    def place(value: float) -> float:
        return left + AXIS * max(value, 0.0) / high

    drawn_beside = any(null is not None for _, null in changes)
    lacking = ", no random circuits" if drawn_beside else ""
    content, top, widest = [], 0.0, 0.0
    for edge, (own, null) in zip(edges, changes, strict=True):
        beside = _numbers(own) + (f", random {_numbers(null)}" if null is not None else lacking)
        widest = max(widest, width_of(beside))
        content += [text(0, top + 15, _name(edge)), text(named, top + 15, _said(edge), "quiet")]
        content += _bar(null, place, top + 15, "edge", "tip") if null is not None else []
        content += _bar(own, place, top + 8, "holds range", "holds")
        content.append(text(left + AXIS + GAP, top + 15, beside, "small"))
        top += LINE + 4
    content.append(line(left, top, left + AXIS, top, "edge"))
    content += [text(place(end), top + 15, number(end) if end else "0", "small middle") for end in (0.0, high)]
    content.append(
        text(left + AXIS + 2 * GAP, top + 15, "mean change" + "; grey: of random circuits" * drawn_beside, "small")
    )
    return Panel(left + AXIS + GAP + widest, top + LINE + 6, content)


def _name(edge: Mapping[str, Any]) -> str:
    return f"{edge['source']} -> {edge['target']}"


def _said(edge: Mapping[str, Any]) -> str:
    return f"{edge['stands_out']}{', self-repair' if edge['repaired'] else ''}"


def _bar(change: Mapping[str, Any], place: Callable[[float], float], y: float, bar: str, middle: str) -> list[str]:
    """An interval, and the estimate on it."""
    return [
        line(place(change["low"]), y, place(change["high"]), y, bar),
        dot(place(change["estimate"]), y, 3.5, middle),
    ]


def _numbers(change: Mapping[str, Any]) -> str:
    if change["exact"] is not None:
        return f"{number(change['estimate'])} exactly"
    return f"{number(change['estimate'])} {interval(change['low'], change['high'])}"
