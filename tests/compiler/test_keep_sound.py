"""Errors of a file come in one run: what rests on nothing wrong is checked, and nothing follows from an error."""

from pathlib import Path

import pytest
from cspec.compiler.pipeline import check_spec
from cspec.lang.diagnostics import Source, SpecError

TASK = """
task equality {
  input  w, x, y, z: 0..7
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}
"""
MODEL = """
model both for equality {
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}
"""
TASK += MODEL
OTHER = """
task sum {
  input  a, b: 0..3
  output big: bool
  tokens [a, b]
  answer big: { false: 0, true: 1 }
}
model adds for sum {
  total: 0..3 = a + b
  big = total > 3
}
"""
PARTIAL = """
model finds for equality {
  place = the i in 0..7 where i == w and i != x
  same  = if place == 9 then false else (w == x) == (y == z)
}
"""
NET = 'network mlp = torch("no.safetensors")\n'


def codes(text: str, folder: Path) -> list[str]:
    with pytest.raises(SpecError) as wrong:
        check_spec(Source(folder / "spec.cspec", text))
    return [d.code for d in wrong.value.diagnostics if d.severity == "error"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a fault of names, of a model and of a network's file, in declarations that do not rest on each other
        (TASK + OTHER + NET + "claim c: accuracy(nobody, equality) >= 0.5\n", ["CS101", "CS220", "CS502"]),
        # the network is not there, so nothing is said of what lies in it, nor of items
        (TASK + NET + "align a: both -> mlp { left at hidden[9] }\nclaim c: iia(a) >= 0.5\n", ["CS502"]),
        # a model that could not be read may leave inputs out by its `the`: no other one is checked by enumeration
        (OTHER + TASK + PARTIAL.replace("== w", "== v"), ["CS101"]),
        (OTHER + TASK.replace("== right", "== wrong"), ["CS101", "CS220"]),
        # a task that could not be read hides its models, not those of others
        (TASK.replace("bool\n", "bol\n", 1) + OTHER, ["CS101", "CS220"]),
        # a syntax error
        (TASK + OTHER + "pairs p for sum { size size }\n", ["CS001", "CS220"]),
    ],
)
def test_errors_of_several_stages_come_together(text: str, expected: list[str], tmp_path: Path) -> None:
    assert sorted(codes(text, tmp_path)) == sorted(expected)


HEADER = 'network mlp = torch("net.safetensors")\nalign das: both -> mlp { left at hidden[1] via rotation size 2 }\n'
FEW = "pairs few for equality { size 300 }\nclaim found: iia(das) >= 0.5\n"
"""Of 300 items 60 are test items: CS430."""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {"CS430"}),
        ("claim other: iia(nothing) >= 0.5\n", {"CS430", "CS101"}),
        ("type T = {a, a}\n", {"CS430", "CS114"}),
        (OTHER, {"CS430", "CS220"}),
        # it is not known what these would have made of the claim's items
        ("settings { seed: -1.5 }\n", {"CS309"}),
        (MODEL.replace("both", "rival").replace("== right", "== wrong"), {"CS101"}),
        (MODEL.replace("both", "rival").replace("left == right", "left"), {"CS222"}),
    ],
)
def test_items_are_looked_at_where_no_error_touches_them(more: str, expected: set[str], tmp_path: Path) -> None:
    network = Path(__file__).parent.parent / "golden" / "bad" / "net.safetensors"
    (tmp_path / "net.safetensors").write_bytes(network.read_bytes())
    assert set(codes(TASK + HEADER + FEW + more, tmp_path)) == expected
