"""Inequalities are shown as their authors wrote them, on a network wired by hand: text, numbers and bound."""

import json
from pathlib import Path

import pytest

from .tools import DIFFERENCES, run, small

HALF = "align half: both_equalities -> net { left at hidden[1][0..1] via identity }\n"
"""Two of the four neurons that hold `left` together: an interchange is right on neither all items nor none."""


def decided(spec: Path) -> list[dict[str, object]]:
    done = run("verify", spec, "--json")
    return [part for verdict in json.loads(done.out)["result"]["verdicts"] for part in verdict["parts"]]


@pytest.mark.parametrize(
    ("claim", "text", "relation", "bound", "value"),
    [
        ("1 - iia(half) >= .3", "1 - iia(half)", ">=", 0.3, lambda s: 1 - s),
        ("1 - iia(half) <= .7", "1 - iia(half)", "<=", 0.7, lambda s: 1 - s),
        (".3 <= iia(half)", "iia(half)", ">=", 0.3, lambda s: s),
        (".9 >= 1 - iia(half)", "1 - iia(half)", "<=", 0.9, lambda s: 1 - s),
        ("2 * iia(half) - .5 >= 1", "2 * iia(half) - 0.5", ">=", 1, lambda s: 2 * s - 0.5),
        ("iia(half) + .25 <= 1", "iia(half) + 0.25", "<=", 1, lambda s: s + 0.25),
        ("-iia(half) >= -.7", "-iia(half)", ">=", -0.7, lambda s: -s),
        ("iia(half) >= accuracy(net) - .5", "iia(half) - accuracy(net)", ">=", -0.5, lambda s: s - 1),
        ("1 - iia(half) - accuracy(net) <= 0", "1 - iia(half) - accuracy(net)", "<=", 0, lambda s: -s),
        (".5 == 1 - iia(half) +- .4", "1 - iia(half)", "==", 0.5, lambda s: 1 - s),
    ],
)
def test_the_left_side_is_as_it_was_written(tmp_path: Path, claim, text, relation, bound, value) -> None:
    ends = f"claim plain: iia(half) >= .01 exhaustively\nclaim c: {claim} exhaustively\n"
    plain, part = decided(small(tmp_path, HALF + ends))
    score = plain["estimate"]
    assert 0 < score < 1
    assert (part["text"], part["relation"], part["bound"]) == (text, relation, bound)
    for name in ("estimate", "low", "high"):
        assert part[name] == pytest.approx(value(score), abs=1e-12)
    holds = {
        ">=": part["estimate"] >= bound, "<=": part["estimate"] <= bound, "==": abs(part["estimate"] - bound) <= 0.4
    }  # fmt: skip
    assert part["status"] == ("passes" if holds[relation] else "misses")


def test_verify_and_graph_print_it(tmp_path: Path) -> None:
    spec = small(tmp_path, DIFFERENCES + "claim c: 1 - iia(differences) <= .3 and .5 <= accuracy(net) exhaustively\n")
    printed = " ".join(run("verify", spec).out.split())
    assert "1 - iia(differences) = 0.0000 exactly, claimed <= 0.3: passes" in printed
    assert "accuracy(net) = 1.0000 exactly, claimed >= 0.5: passes" in printed
    run("graph", spec, "--out", tmp_path / "out")
    drawn = (tmp_path / "out" / "spec.svg").read_text()
    assert ">1 - iia(differences)<" in drawn
    parts = json.loads((tmp_path / "out" / "spec.graph.json").read_text())["graph"]["claims"][0]["parts"]
    assert [(p["text"], p["relation"], p["bound"]) for p in parts] == [
        ("1 - iia(differences)", "<=", 0.3),
        ("accuracy(net)", ">=", 0.5),
    ]


def test_how_it_is_written_moves_no_lock(tmp_path: Path) -> None:
    """`1 - s >= .3` and `.3 <= 1 - s` are one criterion: a lock of the one fits the other."""
    spec = small(tmp_path, HALF + "claim c: 1 - iia(half) >= .3 exhaustively\n")
    assert run("lock", spec).status == 0
    small(tmp_path, HALF + "claim c: 0.7 - iia(half) >= 0 exhaustively\n")
    assert run("verify", spec, "--locked").status in (0, 1)
