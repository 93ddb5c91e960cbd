"""`all` over an ordered type: backwards from the last value to the first that fails, on a network wired by hand."""

import json
import shutil
from pathlib import Path

import pytest

from .tools import HEAD, PLAIN, run

SPEC = (
    HEAD % 3
    + """
for k in 0..3 {
  align upto[k]: both_equalities -> net { left at hidden[1][0..k] via identity }
}
"""
)
"""`left` is in neurons 0..3 of layer 1 together: no fewer hold it whole."""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    shutil.copy(PLAIN, tmp_path / "net.safetensors")
    return tmp_path / "spec.cspec"


def verified(spec: Path, claim: str) -> dict[str, object]:
    spec.write_text(SPEC + f"claim c: {claim}\n")
    document = json.loads(run("verify", spec, "--json").out)
    (verdict,) = document["result"]["verdicts"]
    return {**verdict, "read": [quantity["text"] for quantity in verdict["quantities"]]}


@pytest.mark.parametrize(
    ("claim", "outcome", "first", "stopped", "left", "read"),
    [
        ("all(iia(upto[t]) == 1 for t in 0..3)", "refuted", "t = 3", "t = 2", ["t = 0", "t = 1"], ["[2]", "[3]"]),
        ("all(iia(upto[t]) <= 0.95 for t in 0..3)", "refuted", None, "t = 3", ["t = 0", "t = 1", "t = 2"], ["[3]"]),
        ("all(iia(upto[t]) >= 0.4 for t in 0..3)", "holds", "t = 0", None, [], ["[0]", "[1]", "[2]", "[3]"]),
        ("all(iia(upto[t]) == 1 for t in 0..3 where t != 2)", "refuted", "t = 3", "t = 1", ["t = 0"], ["[1]", "[3]"]),
        ("all(iia(upto[t]) == 1 for t in 3..3) and iia(upto[0]) <= 0.95", "holds", "t = 3", None, [], ["[0]", "[3]"]),
    ],
)
def test_it_stops_at_the_first_failure(
    spec: Path, claim: str, outcome: str, first: str | None, stopped: str | None, left: list[str], read: list[str]
) -> None:
    verdict = verified(spec, f"{claim} exhaustively")
    assert verdict["outcome"] == outcome
    assert verdict["cases"] == [{"first": first, "stopped": stopped, "not_looked_at": left}]
    assert sorted(verdict["read"]) == [f"iia(upto{index})" for index in read]  # type: ignore[call-overload]


def test_two_of_them_and_a_plain_part_are_each_run(spec: Path) -> None:
    verdict = verified(
        spec,
        "all(iia(upto[s]) == 1 for s in 2..3) and all(iia(upto[t]) >= 0.4 for t in 0..1)"
        " and accuracy(net) >= 0.5 exhaustively",
    )
    assert verdict["cases"] == [
        {"first": "s = 3", "stopped": "s = 2", "not_looked_at": []},
        {"first": "t = 0", "stopped": None, "not_looked_at": []},
    ]


def test_the_text_says_what_was_not_looked_at(spec: Path) -> None:
    spec.write_text(SPEC + "claim c: all(iia(upto[t]) == 1 for t in 0..3) exhaustively expect refuted\n")
    done = run("verify", spec)
    assert done.status == 0
    assert "every case from `t = 3` on passes; not looked at: `t = 0`, `t = 1`" in " ".join(done.out.split())
    assert "upto[1]" not in done.out.partition("\n\n")[2].replace("all(iia(upto[t])", "")
