"""Doc strings of the file and of every declaration: in what `verify` and `graph` print and write."""

import json
from pathlib import Path

from .tools import run, small

SPEC = '''"""Are both equalities
decided first?

What follows is for the reader of the file."""

"""Two symbols."""
type pair = 0..1

"""Turns a truth value around."""
fn turned(a: bool) = not a

"""How often."""
table weight: pair -> 0..3 = { 0: 1, 1: 2 }

"""Four symbols."""
task equality {
  input  w, x, y, z: 0..3
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}

"""Both pairs."""
model both_equalities for equality {
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}

"""Wired by hand."""
network net = torch("net.safetensors")

"""Few of them."""
pairs main for equality { size 2000 }

"""In layer 1."""
align differences: both_equalities -> net over main {
  left  at hidden[1][0..3] via identity
  right at hidden[1][4..7] via identity
}

"""All of layer 2."""
circuit late = { hidden[2] }

"""What must be so.\x1b[31m

And more."""
claim represents: iia(differences) == 1 exhaustively
'''
DECLARED = {
    ("type", "pair"): "Two symbols.",
    ("fn", "turned"): "Turns a truth value around.",
    ("table", "weight"): "How often.",
    ("task", "equality"): "Four symbols.",
    ("model", "both_equalities"): "Both pairs.",
    ("network", "net"): "Wired by hand.",
    ("pairs", "main"): "Few of them.",
    ("align", "differences"): "In layer 1.",
    ("circuit", "late"): "All of layer 2.",
}


def spec(folder: Path) -> Path:
    path = small(folder, "")
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_results_hold_every_doc_string_and_the_text_says_the_first_lines(tmp_path: Path) -> None:
    path = spec(tmp_path)
    result = json.loads(run("verify", path, "--json").out)["result"]
    assert result["doc"].startswith("Are both equalities\ndecided first?\n\nWhat follows")
    found = {(row["kind"], row["name"]): row["text"] for row in result["docs"]}
    assert found == {**DECLARED, ("claim", "represents"): "What must be so.\x1b[31m\n\nAnd more."}
    lines = run("verify", path).out.splitlines()
    assert lines[1:3] == ["  Are both equalities decided first?", ""]
    assert lines[3:5] == ["represents: holds under identity [exhaustive]", "  What must be so. [31m"]
    assert "Four symbols." not in "\n".join(lines)


def test_graphs_hold_them_too(tmp_path: Path) -> None:
    assert run("graph", spec(tmp_path), "--out", tmp_path).status == 0
    graph = json.loads((tmp_path / "spec.graph.json").read_text())["graph"]
    assert graph["doc"].startswith("Are both equalities")
    assert {(row["kind"], row["name"]): row["text"] for row in graph["docs"] if row["kind"] != "claim"} == DECLARED
    dot = (tmp_path / "spec.dot").read_text()
    assert '    tooltip="Both pairs.";' in dot
    assert '  tooltip="Are both equalities\\ndecided first?' in dot
