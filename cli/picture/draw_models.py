"""A causal model as a picture: its variables from the inputs to the outputs, and where each placed one lives."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx

from ...lang.record import record
from .layered_layout import lay_out
from .svg import CHARACTER, LINE, arrow, moved, rectangle, text, width_of

BOX = 38.0
WIDEST_DOMAIN = 16
PLACE_COLUMNS = 53
"""Characters of a line of the list of places, where the graph is no wider: two models then fit beside each other."""
STEP = 14.0
GLUE = "\0"
"""A space at which a line does not break."""


@record
class Panel:
    """A part of the picture, and the room that it takes."""

    width: float
    height: float
    content: list[str]


def draw_model(graph: "nx.DiGraph[str]", model: str) -> Panel:
    """One model's graph under its name, and below it the places of its variables."""
    nodes, unread = _choose(graph, model)
    shown = {node: (data["variable"], _shorten(data["domain"])) for node, data in nodes.items()}
    widths = {node: max(map(width_of, lines)) + 14 for node, lines in shown.items()}
    edges = [edge for edge in graph.edges if set(edge) <= set(nodes)]
    layout = lay_out(widths, edges)
    content = []
    for start, end in edges:
        (x, y), (to_x, to_y) = layout.middles[start], layout.middles[end]
        ends = (x + widths[start] / 2, y), (to_x - widths[end] / 2, to_y)
        content.append(arrow([ends[0], *layout.bends[start, end], ends[1]]))
    for node, (x, y) in layout.middles.items():
        name, domain = shown[node]
        content += _box(nodes[node], x, y, widths[node])
        content.append(text(x, y - 3, name, "head middle"))
        content.append(text(x, y + 12, domain, "small middle"))
    head = f"model {model}"
    content = [text(0, 12, head, "head"), moved(0, 22, content)]
    lines = _list_places(nodes, max(PLACE_COLUMNS, int(layout.width / CHARACTER)))
    if unread:
        lines += [(0.0, f"not read: {', '.join(unread)}")]
    top = 28 + layout.height
    for i, (x, said) in enumerate(lines):
        content.append(text(x, top + LINE * (i + 1) - 4, said, "quiet"))
    width = max(layout.width, width_of(head), *(x + width_of(said) for x, said in lines), 0.0)
    return Panel(width, top + LINE * len(lines) + 6, content)


def _choose(graph: "nx.DiGraph[str]", model: str) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The nodes that are drawn, in topological order, and the names of the inputs that nothing reads.

    A family that nothing reads and no alignment places is drawn by its members: of an output, they are the outputs.
    """
    order = list(nx.topological_sort(graph))
    nodes = {node: dict(graph.nodes[node]) for node in order if graph.nodes[node]["model"] == model}
    unread = []
    for node, data in list(nodes.items()):
        if graph.out_degree(node) or data["places"]:
            continue
        if data["kind"] == "input":
            unread.append(nodes.pop(node)["variable"])
        elif "members" in data:
            for member in data["members"]:
                nodes[f"{model}.{member}"]["kind"] = data["kind"]
            del nodes[node]
    return nodes, unread


def _box(data: Mapping[str, Any], x: float, y: float, width: float) -> list[str]:
    """Inputs are filled, outputs have two lines around them, and what is placed in a network is marked."""
    kind = "input" if data["kind"] == "input" else "box"
    kind += " placed" if data["places"] else ""
    left, top = x - width / 2, y - BOX / 2
    round_it = 3.0 if data["kind"] == "input" else 12.0
    boxes = [rectangle(left, top, width, BOX, kind, round_it)]
    if data["kind"] == "output":
        boxes.append(rectangle(left + 3, top + 3, width - 6, BOX - 6, "box", round_it - 3))
    return boxes


def _list_places(nodes: Mapping[str, Mapping[str, Any]], columns: int) -> list[tuple[float, str]]:
    """Each alignment's places, `bounds: above at resid_post[0] @ last via rotation`, as lines with their indent."""
    at: dict[tuple[str, str, str], list[str]] = {}
    for data in nodes.values():
        for place in data["places"]:
            at.setdefault((place["alignment"], place["site"], place["map"]), []).append(data["variable"])
    lines: list[tuple[float, str]] = []
    for (alignment, site, how), variables in sorted(at.items(), key=lambda item: _first_seen(nodes, item[0][0])):
        site = re.sub(r"(?<!\]), | (?=@)|(?<=@) ", _glue, site)
        first, *others = textwrap.wrap(
            f"{alignment}: {', '.join(variables)} at {site} {how.replace(' ', GLUE)}",
            columns - 2,
            break_on_hyphens=False,
        )
        lines += [(0.0, first), *((STEP, other) for other in others)]
    return [(x, said.replace(GLUE, " ")) for x, said in lines]


def _glue(found: "re.Match[str]") -> str:
    return found[0].replace(" ", GLUE)


def _first_seen(nodes: Mapping[str, Mapping[str, Any]], alignment: str) -> int:
    names: Sequence[str] = [place["alignment"] for data in nodes.values() for place in data["places"]]
    return names.index(alignment)


def _shorten(domain: str) -> str:
    return domain if len(domain) <= WIDEST_DOMAIN else domain[: WIDEST_DOMAIN - 3] + "..."
