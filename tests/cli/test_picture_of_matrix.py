"""The picture of a measured graph of many nodes: a square for each edge, where its row and column meet."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

from cspec.cli.picture.draw_measured import MOST_EDGES, draw_measured

NODES = [f"a_node_with_quite_a_long_name_{number}" for number in range(20)]


def number(value: float) -> dict[str, Any]:
    return {"estimate": value, "low": value, "high": value, "exact": None}


def edge(source: int, target: int, stands_out: str, change: float) -> dict[str, Any]:
    effect = {"effect": None, "change": number(change)}
    own = {"total": effect, "direct": effect, "indirect": effect}
    ends = {"source": NODES[source], "target": NODES[target], "along": False, "repaired": False}
    return {**ends, "own": own, "null": None, "why": "", "stands_out": stands_out}


def graph(edges: list[dict[str, Any]], unreached: list[tuple[str, str]]) -> dict[str, Any]:
    nodes = [{"name": name, "circuit": "hidden[1]", "metric": "correct", "reads_right": None} for name in NODES]
    said = {"name": "g", "network": "net", "awaits": "", "whole_domain": True, "n": 16, "confidence": 0.95}
    return {**said, "nodes": nodes, "edges": edges, "order": [[name] for name in NODES], "unreached": unreached}


def drawn(measured: dict[str, Any]) -> tuple[dict[str, list[ET.Element]], list[ET.Element]]:
    """Rectangles by their class, and texts."""
    root = ET.fromstring("<g>" + "".join(draw_measured(measured).content) + "</g>")
    found: dict[str, list[ET.Element]] = {}
    for each in root.iter("rect"):
        found.setdefault(each.get("class", ""), []).append(each)
    return found, list(root.iter("text"))


def middle(square: ET.Element) -> tuple[float, float, float]:
    x, y, side = (float(square.get(name, "0")) for name in ("x", "y", "width"))
    return x + side / 2, y + side / 2, side


def test_every_edge_is_a_square_in_its_row_and_its_column() -> None:
    far = [edge(source, target, "direct", 0.5) for source in range(6) for target in range(10, 16)]
    near = [edge(18, 2, "indirect", 0.125), edge(3, 19, "none", 0.0), edge(4, 5, "unread", 0.0)]
    rectangles, texts = drawn(graph([*far, *near], [(NODES[0], NODES[1])]))
    (_, *hollow), filled = rectangles["box"], rectangles["tip"]
    rows = {t.text: float(t.get("y", "0")) - 4 for t in texts if t.get("class") == "end"}
    columns = {t.text: float(t.get("x", "0")) - 4 for t in texts if t.get("transform") is not None}
    assert list(rows) == list(columns) == NODES
    at = {(round(x, 1), round(y, 1)) for x, y, _ in map(middle, filled)}
    assert at == {(round(columns[e["target"]], 1), round(rows[e["source"]], 1)) for e in far}
    ((x, y, side),) = map(middle, hollow)
    assert (round(x, 1), round(y, 1)) == (round(columns[NODES[2]], 1), round(rows[NODES[18]], 1))
    assert side < middle(filled[0])[2], "a smaller change is a smaller square"
    signs = {t.text: (float(t.get("x", "0")), float(t.get("y", "0")) - 4) for t in texts if t.text in ("-", "?")}
    assert {sign: (round(x, 1), round(y, 1)) for sign, (x, y) in signs.items()} == {
        "-": (round(columns[NODES[1]], 1), round(rows[NODES[0]], 1)),
        "?": (round(columns[NODES[5]], 1), round(rows[NODES[4]], 1)),
    }
    shown = [t.text or "" for t in texts]
    assert f"the {MOST_EDGES} largest of {len(far) + 1} edges:" in shown
    assert sum(" -> a_node" in line for line in shown) == MOST_EDGES


def test_labels_lie_apart() -> None:
    """Each is a line of its own, 12 px high, and ends before the squares begin."""
    rectangles, texts = drawn(graph([], []))
    left = float(rectangles["box"][0].get("x", "0"))
    for along, labels in (
        ("y", [t for t in texts if t.get("class") == "end"]),
        ("x", [t for t in texts if t.get("transform") is not None]),
    ):
        places = [float(label.get(along, "0")) for label in labels]
        assert len(places) == 20
        assert min(after - before for before, after in pairwise(places)) >= 12
    assert all(float(t.get("x", "0")) < left for t in texts if t.get("class") == "end")
