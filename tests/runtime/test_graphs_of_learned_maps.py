"""Nodes that are learned rotations: a network wired by hand keeps two equalities in subspaces that no neurons are.

Where the network answers every input right, setting a variable changes whether an answer is right exactly where the
answer changes. It agrees with the model there if the label changes, and does not if the label stays. So the change of
a graph's edge is a number that `iia` of the variable fixes, whatever rotation was found; and for one that scores 1 it
is what the equalities say: a half.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from cspec.tests.command_line import run

ROTATED = Path(__file__).parents[2] / "specs" / "handwired_equality" / "rotated.safetensors"
SPEC = f"""
task equality {{
  input  w, x, y, z: 0..3
  output same: bool
  tokens [w, x, y, z]
  answer same: {{ false: 0, true: 1 }}
}}
model both_equalities for equality {{
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}}
network rotated = torch("{ROTATED}")
settings {{ controls {{ random: 1 }} }}
align das: both_equalities -> rotated {{
  left, right at hidden[2] via rotation size 4
  fit {{ steps: 200, batch: 256, rate: 0.02, seeds: 1 }}
}}
align before: both_equalities -> rotated {{
  left  at hidden[1][0..3] via identity
  right at hidden[1][4..7] via identity
}}
claim of_left:  iia(das.left) <= 0.9 exhaustively expect refuted
claim of_right: iia(das.right) <= 0.9 exhaustively expect refuted
graph acts on rotated exhaustively {{
  node lefts: das.left -> correct
  node rights: das.right -> correct
}}
graph flows on rotated exhaustively {{
  node early_left:  before.left -> before.left
  node early_right: before.right -> before.right
  node left:  das.left -> das.left
  node right: das.right -> das.right
}}
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("rotated")
    (folder / "e.cspec").write_text(SPEC)
    done = run("verify", folder / "e.cspec", "--allow-path", "--json")
    assert done.status == 0, done.out
    return done.document["result"]


def edges(result: Any, name: str) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
    graph = next(graph for graph in result["graphs"] if graph["name"] == name)
    return graph, {(edge["source"], edge["target"]): edge for edge in graph["edges"]}


def shares(result: Any, claim: str) -> dict[str, Fraction]:
    """In each half, how often the network answers an interchange as the model does."""
    verdict = next(verdict for verdict in result["verdicts"] if verdict["name"] == claim)
    return {cell["half"]: Fraction(cell["right"], cell["n"]) for cell in verdict["quantities"][0]["cells"]}


@pytest.mark.parametrize(
    ("source", "target", "claim"), [("lefts", "rights", "of_left"), ("rights", "lefts", "of_right")]
)
def test_what_a_learned_node_does_is_what_its_interchange_says(
    result: Any, source: str, target: str, claim: str
) -> None:
    graph, found = edges(result, "acts")
    assert graph["network_accuracy"] == 1
    agree = shares(result, claim)
    changed = (agree["changing"] + 1 - agree["keeping"]) / 2
    own = found[source, target]["own"]["total"]
    assert Fraction(own["change"]["exact"]) == changed
    assert Fraction(own["effect"]["exact"]) == -changed  # right answers can only be lost
    assert min(agree.values()) >= 0.95  # a rotation was found, so that this is no statement about chance
    assert found[source, target]["stands_out"] == "direct"


def test_a_learned_node_reads_what_is_set_before_it_and_nothing_else(result: Any) -> None:
    """Setting an equality before the rotated layer gives it the state of an input: where all are read right, that."""
    graph, found = edges(result, "flows")
    read = {node["name"]: node["reads_right"] for node in graph["nodes"]}
    exactly = [name for name in ("left", "right") if read[name] == 1]
    assert exactly, "some variable is read right of every input"
    for name in exactly:
        for source in ("early_left", "early_right"):
            changes = Fraction(1, 2) if source == f"early_{name}" else Fraction(0)
            own = found[source, name]["own"]
            assert {path: own[path]["change"]["exact"] for path in ("total", "direct", "indirect")} == {
                "total": str(changes),
                "direct": str(changes),
                "indirect": "0",
            }
    reached = {(source, name) for source in ("early_left", "early_right") for name in ("left", "right")}
    assert set(found) == reached
    assert {tuple(pair) for pair in graph["unreached"]} == {
        (a, b) for a in read for b in read if a != b and (a, b) not in reached
    }
