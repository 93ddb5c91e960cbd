"""A comparison of two measured graphs as text: edges that stand out otherwise first, then those that moved."""

from ..runtime.results.compare_graphs import EdgeChange, EdgeNews, GraphChange, surely_moved
from ..runtime.results.moves import Move
from .page import Page, Style
from .render_graph import STANDS_OUT, order_text
from .render_moves import render_move

_ORDER: tuple[EdgeNews, ...] = ("appeared", "vanished", "turned", "open", "moved")
_STYLES: dict[EdgeNews, Style] = {"appeared": "bad", "vanished": "bad", "turned": "bad", "open": "open"}


def render_graph_change(graph: GraphChange, page: Page) -> list[str]:
    """All of a graph's comparison as lines that fit the page."""
    count = len(graph.edges)
    changed = f": {graph.changed} of {count} edge{'' if count == 1 else 's'} changed"
    lines = page.wrap_styled([("graph ", ""), (graph.name, "name"), ("" if graph.awaits else changed, "")])
    if graph.awaits:
        return [*lines, *page.wrap(f"not measured {graph.awaits}", 2)]
    for node in graph.nodes:
        lines += page.wrap(f"{node.name}: {node.before} before, {node.after} now: its edges are not compared", 2)
    for when, names in (("before", graph.only_before), ("now", graph.only_after)):
        lines += page.wrap(f"nodes only {when}: {', '.join(names)}", 2) if names else []
    for news in _ORDER:
        for edge in graph.edges:
            if edge.news == news:
                lines += _edge(edge, page)
    still = sum(edge.news == "" for edge in graph.edges)
    within = (
        "" if all(move.how == "exact" for edge in graph.edges for move in edge.moves) else ", as far as can be told"
    )
    lines += page.wrap(f"{still} of {count} as before{within}", 2) if count else []
    if graph.other_edges:
        lines += page.wrap(f"{graph.other_edges} not compared, which are in one result alone or of other nodes", 2)
    old, new = order_text(graph.order_before), order_text(graph.order_after)
    order = f"{new}, as before" if old == new else f"{old} before; {new} now"
    return [*lines, *page.wrap(f"order, upstream first: {order}", 2)]


def _edge(edge: EdgeChange, page: Page) -> list[str]:
    ends, before, after = f"  {edge.source} -> {edge.target}: ", STANDS_OUT[edge.before][0], STANDS_OUT[edge.after][0]
    if edge.news == "moved":
        return [*page.wrap(f"{ends}{after}, as before", 0), *_moves(edge, page)]
    style = _STYLES.get(edge.news, "")
    word = {"open": f"open ({edge.why})", "turned": "changed"}.get(edge.news, edge.news)
    lines = page.wrap_styled([(ends, ""), (word, style), (f", {before} before, {after} now", "")])
    return [*lines, *_moves(edge, page)]


def _moves(edge: EdgeChange, page: Page) -> list[str]:
    """Of an edge that moved what did; of others what they are told by, and all that surely moved."""
    shown = [move for move in edge.moves if surely_moved(move) and not move.text.startswith("random")]
    if edge.news != "moved":
        shown = [move for move in edge.moves if _tells(edge, move) or move in shown]
    return [line for move in shown for line in render_move(move, page, 4)]


def _tells(edge: EdgeChange, move: Move) -> bool:
    """Whether an edge is told by a number: by its direct change, else by its total one, beside random circuits."""
    named = {one.text for one in edge.moves}
    direct = "direct" in (edge.before, edge.after) and "direct change" in named
    what = "direct change" if direct else "total change"
    return move.text == what or (move.text == f"random {what}" and (surely_moved(move) or edge.news == "open"))
