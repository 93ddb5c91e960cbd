"""From a spec's dependency graph to its picture: models, searches, measured graphs and claims, below each other."""

import textwrap
from collections.abc import Iterable, Sequence

import networkx as nx

from .draw_claims import draw_claims
from .draw_measured import draw_measured
from .draw_models import Panel, draw_model
from .draw_searches import draw_search
from .svg import CHARACTER, LINE, drawing, moved, rectangle, text

EDGE, SPACE = 24.0, 30.0
WIDTH = 860.0


def render_picture(graph: "nx.DiGraph[str]", title: str, doc: str) -> str:
    """The picture of what `build_graph` gives: variables, places, searched sites, measured edges, claims and verdicts.

    Below the `title` stands the first paragraph of `doc`.
    """
    models = dict.fromkeys(data["model"] for _, data in graph.nodes(data=True))
    rows = [
        *_beside([draw_model(graph, model) for model in models]),
        *_beside([draw_search(search) for search in graph.graph["searches"]]),
        *_beside([draw_measured(measured) for measured in graph.graph.get("measured", ())]),
        *([[draw_claims(graph.graph["claims"])]] if graph.graph["claims"] else []),
    ]
    width = max([WIDTH, *(_width(row) + 2 * EDGE for row in rows)])
    content = [text(EDGE, EDGE + 12, title, "title")]
    top = EDGE + 34
    for said in textwrap.wrap(" ".join(doc.strip().split("\n\n")[0].split()), int((width - 2 * EDGE) / CHARACTER)):
        content.append(text(EDGE, top, said, "quiet"))
        top += LINE
    top += 8
    for row in rows:
        left = EDGE
        for panel in row:
            content.append(moved(left, top, panel.content))
            left += panel.width + SPACE
        top += max(panel.height for panel in row) + SPACE
    height = top - SPACE + EDGE
    page = rectangle(0.5, 0.5, width - 1, height - 1, "page", 8)
    description = (
        "causal models, where their variables live, what searches and graphs measured, and the verdicts of the claims"
    )
    return drawing(width, height, f"{title}: a picture of the spec", description, [page, *content])


def _beside(panels: Iterable[Panel]) -> list[list[Panel]]:
    """Panels in rows: as many beside each other as fit."""
    rows: list[list[Panel]] = []
    for panel in panels:
        if rows and _width([*rows[-1], panel]) <= WIDTH - 2 * EDGE:
            rows[-1].append(panel)
        else:
            rows.append([panel])
    return rows


def _width(row: Sequence[Panel]) -> float:
    return sum(panel.width for panel in row) + SPACE * (len(row) - 1)
