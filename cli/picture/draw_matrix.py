"""A measured graph of many nodes or edges as a matrix: what each node, a row, does to each other one, a column."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...runtime.results.dependency_graph import outstanding_change
from .draw_models import Panel
from .svg import LINE, line, rectangle, text, text_upwards, width_of

CELL = 17.0
LEAST = 3.0
"""The side of the square of an edge whose change is next to nothing."""
EVERY = 5
"""After so many rows and columns there is a line."""
LEGEND = (
    "what a row's node changes in what a column's reads is the area of its square; filled: directly; hollow: by others"
)
SIGNS = {"-": "not measured, since nothing of it gets there", "?": "what is read is not read right"}


def draw_matrix(graph: Mapping[str, Any], edges: Sequence[Mapping[str, Any]]) -> Panel:
    """Nodes in the order of the graph, upstream first, so that squares above the diagonal lead on and others back."""
    names = [name for group in graph["order"] for name in group] or [node["name"] for node in graph["nodes"]]
    at = {name: index for index, name in enumerate(names)}
    read = {node["name"]: f"{node['circuit']} -> {node['metric']}" for node in graph["nodes"]}
    left, top = max(map(width_of, names)) + 8, max(map(width_of, names)) + 8
    side = CELL * len(names)
    content = [rectangle(left, top, side, side, "box")]
    for index in range(EVERY, len(names), EVERY):
        place = CELL * index
        content.append(line(left + place, top, left + place, top + side, "rule"))
        content.append(line(left, top + place, left + side, top + place, "rule"))
    for index, name in enumerate(names):
        middle = CELL * (index + 0.5)
        content.append(text(left - 6, top + middle + 4, name, "end"))
        content.append(text_upwards(left + middle + 4, top - 6, name))
        content.append(text(left + side + 8, top + middle + 4, read[name], "quiet"))
        content.append(rectangle(left + CELL * index, top + CELL * index, CELL, CELL, "input"))

    def middle_of(source: str, target: str) -> tuple[float, float]:
        return left + CELL * (at[target] + 0.5), top + CELL * (at[source] + 0.5)

    changes = [outstanding_change(edge, edge["own"])["estimate"] for edge in edges]
    for edge, change in zip(edges, changes, strict=True):
        share = max(0.0, change) / max([1e-9, *changes])
        size = LEAST + (CELL - 3 - LEAST) * share**0.5
        x, y = middle_of(edge["source"], edge["target"])
        kind = "tip" if edge["stands_out"] == "direct" else "box"  # filled, or hollow
        content.append(rectangle(x - size / 2, y - size / 2, size, size, kind))
    unread = [(edge["source"], edge["target"]) for edge in graph["edges"] if edge["stands_out"] == "unread"]
    legend = [LEGEND]
    for pairs, sign in ((graph["unreached"], "-"), (unread, "?")):
        legend += [f"{sign}  {SIGNS[sign]}"] if pairs else []
        for source, target in pairs:
            x, y = middle_of(source, target)
            content.append(text(x, y + 4, sign, "small middle"))
    bottom = top + side
    content += [text(0, bottom + LINE * (index + 1), said, "small") for index, said in enumerate(legend)]
    width = max(left + side + 8 + max(map(width_of, read.values())), *map(width_of, legend))
    return Panel(width, bottom + LINE * len(legend) + 10, content)
