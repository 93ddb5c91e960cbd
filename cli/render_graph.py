"""A measured graph as text: every edge with its numbers beside those of random circuits, and the order of the nodes."""

from collections.abc import Iterator

from ..runtime.graphs.measured_graph import GraphEdge, MeasuredGraph, NumberRow, PathsRow
from .page import INDENT, Page, Style, columns, interval, is_readable, number

STANDS_OUT: dict[str, tuple[str, Style]] = {
    "direct": ("a direct edge", "good"),
    "indirect": ("an indirect edge", "good"),
    "none": ("no edge", ""),
    "unread": ("not read", ""),
}

LISTED = 6
"""Pairs that are not measured, up to which they are listed."""


def render_measured_graph(graph: MeasuredGraph, page: Page) -> str:
    """A graph as lines that fit the page, what its author says of it first."""
    lines = page.wrap_styled([("graph ", ""), (graph.name, "name"), (f" on {graph.network} [measured]", "")])
    lines += page.wrap_doc(graph.doc, 2)
    if graph.awaits:
        return "\n".join([*lines, *page.wrap(f"not measured: {graph.awaits}", 2)]) + "\n"
    for node in graph.nodes:
        read = "" if node.reads_right is None else f", read right on {number(node.reads_right)} of the bases"
        lines += page.wrap(f"{node.name}: {node.circuit} -> {node.metric}{read}", 2)
    if not graph.edges:
        return "\n".join([*lines, *page.wrap("one node has no other to measure an effect on", 2)]) + "\n"
    lines += page.wrap(_items(graph), 2)
    if graph.network_accuracy is not None:
        lines += page.wrap(f"the network answers {number(graph.network_accuracy)} of the bases right", 2)
    beside = any(edge.null is not None for edge in graph.edges)
    for edge in graph.edges:
        lines += _edge(edge, graph.reads_variables and edge.along, beside, page)
    if not beside:
        lines += page.wrap(f"no random circuits: {'; '.join(dict.fromkeys(edge.why for edge in graph.edges))}", 2)
    if graph.unreached:
        lines += page.wrap(_unreached(graph), 2)
    lines += page.wrap(f"order, upstream first: {order_text(graph.order)}", 2)
    if graph.clipped:
        lines += page.wrap(f"values of up to {graph.clipped:,} items were cut to a metric's bounds", 2)
    if graph.near_ties:
        lines += page.wrap(_near(graph), 2)
    return "\n".join(lines) + "\n"


def order_text(order: tuple[tuple[str, ...], ...]) -> str:
    """Groups of nodes; those that reach each other in braces."""
    return ", ".join(group[0] if len(group) == 1 else f"{{{', '.join(group)}}}" for group in order)


def _near(graph: MeasuredGraph) -> str:
    values = " or the values that a variable is read as" if any(n.reads_right is not None for n in graph.nodes) else ""
    return f"the two best logits{values} of up to {graph.near_ties:,} items are closer than 1e-4"


def _items(graph: MeasuredGraph) -> str:
    if graph.whole_domain:
        return f"counted exactly over all {graph.n:,} items of the whole domain"
    return f"{graph.n:,} items; all intervals hold together at {graph.confidence:g}, each at {1 - graph.alpha:.6g}"


def _edge(edge: GraphEdge, along: bool, beside: bool, page: Page) -> Iterator[str]:
    """One edge; in short where direct ones lead `along`. `beside`: random circuits are measured of some edge."""
    said, style = STANDS_OUT[edge.stands_out]
    said += ", along direct ones" * (along and edge.is_found)
    yield from page.wrap_styled([(f"  {edge.source} -> {edge.target}: ", ""), (said, style)])
    if along or not edge.is_found:
        yield from page.wrap(_in_short(edge), INDENT)
    else:
        head = ("", "effect", "", "change", "") if edge.own.total.effect is not None else ("", "change", "")
        rows = [head, *_paths("", edge.own)]
        yield from columns(rows if edge.null is None else [*rows, *_paths("random ", edge.null)], INDENT)
    if edge.null is None:
        yield from page.wrap(f"no random circuits beside it: {edge.why}", INDENT) if beside else ()
    elif edge.is_found and edge.null.circuits:
        yield from page.wrap(_circuits(edge.null), INDENT)
    if edge.repaired:
        yield from page.wrap(_repair(edge.own), INDENT)


def _in_short(edge: GraphEdge) -> str:
    """The changes alone, beside those of random circuits."""
    said = []
    for name, own, null in (
        ("change", edge.own.total, None if edge.null is None else edge.null.total),
        ("direct change", edge.own.direct, None if edge.null is None else edge.null.direct),
    ):
        if own is not None:
            beside = "" if null is None else f", of random circuits {' '.join(_number(null.change))}"
            said.append(f"{name} {' '.join(_number(own.change))}{beside}")
    return "; ".join(said)


def _paths(before: str, paths: PathsRow) -> Iterator[tuple[str, ...]]:
    named = (("total", paths.total), ("direct", paths.direct), ("indirect", paths.indirect))
    for name, row in named:
        if row is not None:
            effect = () if row.effect is None else _number(row.effect)
            yield (f"{before}{name}", *effect, *_number(row.change))
    if paths.interaction is not None:
        yield (f"{before}interaction", *_number(paths.interaction))


def _number(row: NumberRow) -> tuple[str, str]:
    if row.exact is None:
        return number(row.estimate), interval(row.low, row.high)
    return number(row.estimate), f"= {row.exact}" if is_readable(row.exact) else "exactly"


def _circuits(null: PathsRow) -> str:
    """How far random circuits differ: by their direct change, which without other nodes is all of it."""
    changes = [own for _, own in null.circuits]
    what = "direct change" if null.direct is not None else "change"
    n = len(changes)
    return f"{n} random circuit{'s' * (n != 1)}, {what} of each from {number(min(changes))} to {number(max(changes))}"


def _unreached(graph: MeasuredGraph) -> str:
    """Which nodes nothing gets to from which; of many pairs how many there are."""
    if len(graph.unreached) > LISTED:
        pairs = len(graph.unreached) + len(graph.edges)
        return f"{len(graph.unreached)} of {pairs} pairs are not measured: nothing of what is set gets to what is read"
    sources = dict[str, list[str]]()
    for source, target in graph.unreached:
        sources.setdefault(source, []).append(target)
    said = (f"of {source} on {', '.join(targets)}" for source, targets in sources.items())
    return f"not measured, since nothing of it gets there: {'; '.join(said)}"


def _repair(own: PathsRow) -> str:
    assert own.direct is not None
    assert own.direct.effect is not None
    assert own.total.effect is not None
    assert own.made_up is not None
    direct, whole, back = own.direct.effect.estimate, own.total.effect.estimate, own.made_up.estimate
    share = min(1.0, -back / direct)
    return (
        f"self-repair: {number(direct)} with the other nodes held, {number(whole)} in all: they make up for"
        f" {share:.0%} of it"
    )
