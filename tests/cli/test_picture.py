"""The picture that `cspec graph` draws: well-formed, complete, and nothing that was not measured looks measured."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from cspec.cli.picture.draw_searches import draw_search, split_place
from cspec.cli.picture.layered_layout import ROW, lay_out
from cspec.cli.picture.svg import returning_arrow
from hypothesis import given, settings
from hypothesis import strategies as st

from .tools import DIFFERENCES, run, sampled, small

CLAIMS = """
claim represents: iia(differences) == 1 exhaustively
claim both: iia(differences) >= 0.5 and iia(differences.left) <= 0.5 exhaustively expect refuted
"""
SEARCHED = """
align found: both_equalities -> net {
  left in [hidden[1], hidden[2][0], hidden[2][1]] via identity size 1
}
claim searched: iia(found) >= 0.9
"""
SELF_REPAIR = Path(__file__).parents[2] / "specs" / "self_repair"
SVG = "{http://www.w3.org/2000/svg}"


def draw(spec: Path) -> ET.Element:
    """The picture of a spec."""
    done = run("graph", spec, "--out", spec.parent / "out")
    assert (done.status, done.err) == (0, "")
    return ET.parse(spec.parent / "out" / f"{spec.stem}.svg").getroot()


def texts(picture: ET.Element) -> list[str]:
    """Every line of text, in order."""
    return [element.text or "" for element in picture.iter(f"{SVG}text")]


def classes(picture: ET.Element, tag: str) -> list[str]:
    return [element.get("class", "") for element in picture.iter(f"{SVG}{tag}")]


def test_everything_of_the_spec_is_named(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + CLAIMS)
    before = texts(draw(spec))
    assert before.count("not verified") == 2
    run("verify", spec)
    picture = draw(spec)
    shown = texts(picture)
    for name in ("model both_equalities", "w", "x", "y", "z", "left", "right", "same", "represents", "both"):
        assert name in shown
    joined = " ".join(shown)
    assert "differences: left at hidden[1][0..3] via identity" in joined
    assert "differences: right at hidden[1][4..7] via identity" in joined
    assert ("holds" in shown, "refuted" in shown, "not verified" in shown) == (True, True, False)
    assert shown.count("1.0000 exactly") == 3, "one value for each inequality"
    assert len(classes(picture, "circle")) == 3
    assert classes(picture, "path").count("edge") == 6
    assert sum("placed" in kind for kind in classes(picture, "rect")) == 2


def test_a_page_has_its_own_colours_in_the_dark(tmp_path: Path) -> None:
    style = draw(small(tmp_path, DIFFERENCES)).find(f"{SVG}style")
    assert style is not None
    assert style.text is not None
    used, (light, dark) = set(re.findall(r"var\((--\w+)\)", style.text)), style.text.split("@media")
    for half in (light.split("}")[0], dark.split("}")[0]):
        assert used == set(re.findall(r"(--\w+):", half))


def test_text_is_escaped(tmp_path: Path) -> None:
    doc = '"""Is a < b & "c" > d?\x07"""\n'
    spec = small(tmp_path, DIFFERENCES + CLAIMS)
    spec.write_text(doc + spec.read_text(), encoding="utf-8")
    assert 'Is a < b & "c" > d??' in texts(draw(spec))


def test_cells_that_were_not_searched_stay_empty(tmp_path: Path) -> None:
    spec = sampled(tmp_path, SEARCHED)
    assert run("verify", spec).status == 0
    picture = draw(spec)
    graph = json.loads((tmp_path / "out" / "spec.graph.json").read_text())
    (search,) = graph["graph"]["searches"]
    assert [row["place"] for row in search["rows"]] == [
        "hidden[1] size 1",
        "hidden[2][0] size 1",
        "hidden[2][1] size 1",
    ]
    shown = texts(picture)
    assert "search of iia(found) for left, size 1" in shown
    scores = [f"{row['select']:.3f}" for row in search["rows"]]
    assert [text for text in shown if re.fullmatch(r"\d\.\d{3}", text)] == [*scores[1:], scores[0]]
    kinds = classes(picture, "rect")
    assert (kinds.count("cell"), kinds.count("none"), kinds.count("chosen")) == (3, 3, 1)


def test_what_was_not_admitted_has_no_score() -> None:
    def row(place: str, select: float | None) -> dict[str, object]:
        return {"place": place, "select": select, "steps": 10, "chosen": False}

    rows = [row("resid_post[0] @ last", 0.0), row("resid_post[1] @ last", None), row("resid_post[0] @ {x}", 0.5)]
    panel = draw_search({"estimand": "iia(a)", "variables": ["v"], "rows": rows})
    picture = ET.fromstring(f'<svg xmlns="{SVG[1:-1]}">{"".join(panel.content)}</svg>')
    kinds = classes(picture, "rect")
    assert (kinds.count("cell"), kinds.count("none")) == (2, 2)
    assert [text for text in texts(picture) if re.fullmatch(r"\d\.\d{3}", text)] == ["0.000", "0.500"]
    assert texts(picture)[2] == "resid_post[1]", "the last layer stands on top"


@pytest.mark.parametrize(
    ("place", "site", "other"),
    [
        ("hidden[2]", "hidden[2]", ""),
        ("hidden[2][0..3] size 2", "hidden[2]", "[0..3] size 2"),
        ("resid_post[10] @ {name}.first size learned", "resid_post[10]", "{name}.first size learned"),
        ("head_out[1, 2] @ last", "head_out[1, 2]", "last"),
        ('module("model.layers.3") @ -2 size 4', 'module("model.layers.3")', "-2 size 4"),
        ("logits", "logits", ""),
    ],
)
def test_sites_and_the_rest(place: str, site: str, other: str) -> None:
    assert split_place(place) == (site, other)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12).flatmap(lambda n: st.sets(st.tuples(*[st.integers(0, n - 1)] * 2)).map(lambda e: (n, e))))
def test_layouts_read_from_left_to_right_and_nothing_overlaps(drawn: tuple[int, set[tuple[int, int]]]) -> None:
    count, pairs = drawn
    widths = {f"n{i}": 20.0 + 7 * i for i in range(count)}
    edges = sorted((f"n{a}", f"n{b}") for a, b in pairs if a < b)
    layout = lay_out(widths, edges)
    assert set(layout.middles) == set(widths)
    for start, end in edges:
        path = [layout.middles[start], *layout.bends[start, end], layout.middles[end]]
        assert all(left[0] < right[0] for left, right in pairwise(path))
    for node, (x, y) in layout.middles.items():
        assert widths[node] / 2 <= x + 1e-9
        assert x + widths[node] / 2 <= layout.width + 1e-9
        assert y + 1e-9 >= ROW / 2
        assert y + ROW / 2 <= layout.height + 1e-9
        for other, (there, below) in layout.middles.items():
            apart = abs(x - there) >= (widths[node] + widths[other]) / 2 - 1e-9 or abs(y - below) >= ROW - 1e-9
            assert node == other or apart


def test_an_edge_that_passes_a_rank_goes_around_its_nodes() -> None:
    layout = lay_out(dict.fromkeys("abc", 30.0), [("a", "b"), ("b", "c"), ("a", "c")])
    ((_, y),) = layout.bends["a", "c"]
    assert abs(y - layout.middles["b"][1]) > ROW / 2


def test_a_measured_graph_shows_its_edges_and_what_random_circuits_do(tmp_path: Path) -> None:
    for name in ("self_repair.cspec", "self_repair.safetensors"):
        shutil.copy(SELF_REPAIR / name, tmp_path)
    spec = tmp_path / "self_repair.cspec"
    assert "graph skills on wired" not in texts(draw(spec)), "nothing is drawn that was not measured"
    assert run("verify", spec).status == 0
    picture = draw(spec)
    shown = texts(picture)
    assert {"graph skills on wired", "measured exactly over all 4,096 items", "backup: differences -> correct"} <= {
        *shown
    }
    graph = json.loads((tmp_path / "out" / "self_repair.graph.json").read_text())
    edges = graph["graph"]["measured"][0]["edges"]
    outstanding = [edge for edge in edges if edge["stands_out"] != "none"]
    assert [text for text in shown if " -> " in text and ":" not in text] == [
        f"{edge['source']} -> {edge['target']}" for edge in outstanding
    ]
    assert f"not above random circuits: {len(edges) - len(outstanding)} of 12" in shown
    assert shown.count("0.5000 exactly, random 0.0000 exactly") == len(outstanding) == 7
    kinds = classes(picture, "path")
    assert (kinds.count("edge"), kinds.count("edge indirect")) == (1 + 5, 2), (
        "the model's only edge, and those measured"
    )
    dot = (tmp_path / "out" / "self_repair.dot").read_text()
    assert dot.count('[label="0.500"]') == 5
    assert dot.count('[label="0.500", style=dashed]') == 2


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_measured_graphs(tmp_path: Path) -> None:
    spec = tmp_path / "self_repair.cspec"
    for name in ("self_repair.cspec", "self_repair.safetensors"):
        shutil.copy(SELF_REPAIR / name, tmp_path)
    assert run("verify", spec).status == 0
    draw(spec)
    path = tmp_path / "out" / "self_repair.dot"
    drawn = subprocess.run(["dot", "-Tplain", path], capture_output=True, text=True, check=True).stdout
    assert sum(line.startswith("edge ") for line in drawn.splitlines()) == 1 + 7


def test_arrows_that_return_leave_boxes_downwards() -> None:
    found = returning_arrow((100.0, 40.0), (20.0, 30.0), 90.0, "edge")
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", found.split('"')[1])]
    xs, ys = numbers[::2], numbers[1::2]
    assert (xs[0], ys[0], xs[-1], ys[-1]) == (100.0, 40.0, 20.0, 30.0)
    assert (xs[1], xs[2]) == (100.0, 20.0)
    assert (ys[0] + 3 * ys[1] + 3 * ys[2] + ys[3]) / 8 == pytest.approx(90.0, abs=0.1)
