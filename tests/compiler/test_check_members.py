"""Members of a family that are placed apart, against the joint values of all inputs in plain Python."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cspec.compiler.pipeline import check_spec
from cspec.lang.diagnostics import Diagnostic, Source, SpecError
from cspec.tests.cli.tools import save_network

NETWORK = Path(__file__).parent.parent / "golden" / "bad" / "net.safetensors"
SPEC = """
task largest {{
  input  x[4]: 0..5
  require {require}
  output early: bool
  tokens [x]
  answer early: {{ false: 0, true: 1 }}
}}
model by_half for largest {{
  for i in 0..3 {{ half[i] = x[i] // 2 }}
  first = x[0] > x[1]
  early = (if first then half[0] else half[1]) > max(half[2], half[3])
}}
network mlp = torch("net.safetensors")
pairs few for largest {{ size 1_000 }}
align apart: by_half -> mlp {{ {placed} at hidden[1] via rotation size 1 }}
claim holds: iia(apart) >= 0.9
"""
Inputs = tuple[int, int, int, int]


def warnings(require: str, placed: str, folder: Path) -> list[Diagnostic]:
    (folder / "net.safetensors").write_bytes(NETWORK.read_bytes())
    try:
        found = check_spec(Source(folder / "spec.cspec", SPEC.format(require=require, placed=placed))).warnings
    except SpecError as error:  # so few inputs make few items
        found = error.diagnostics
    return [warning for warning in found if warning.code == "CS423"]


def missing(admits: Callable[[Inputs], bool], members: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
    """How many joint values of halves no input has, of how many, and the first."""
    inputs = [x for x in itertools.product(range(6), repeat=4) if admits(x)]
    joint = {tuple(x[i] // 2 for i in members) for x in inputs}
    single = [sorted({values[k] for values in joint}) for k in range(len(members))]
    absent = [values for values in itertools.product(*single) if values not in joint]
    return len(absent), len(absent) + len(joint), absent[0]


@pytest.mark.parametrize(
    ("require", "admits", "members"),
    [
        ("x[0] // 2 != x[1] // 2", lambda x: x[0] // 2 != x[1] // 2, (0, 1)),
        ("x[0] + x[1] > 3 and x[2] > 1", lambda x: x[0] + x[1] > 3 and x[2] > 1, (0, 1, 2)),
        ("(x[0] // 2 + x[1] // 2 + x[3] // 2) % 2 == 0",
         lambda x: (x[0] // 2 + x[1] // 2 + x[3] // 2) % 2 == 0, (0, 1, 3)),
    ],
    ids=["apart", "in part", "by parity"],
)  # fmt: skip
def test_joint_values_that_no_input_has_are_counted(
    require: str, admits: Callable[[Inputs], bool], members: tuple[int, ...], tmp_path: Path
) -> None:
    (found,) = warnings(require, ", ".join(f"half[{i}]" for i in members), tmp_path)
    count, of, first = missing(admits, members)
    assert f"{count} of their {of} joint values" in found.message
    given = " with ".join(f"`half[{i}]` = {value}" for i, value in zip(members, first, strict=True))
    assert found.notes == (f"for one, {given}: decided by enumeration",)
    assert found.severity == "warning"


@pytest.mark.parametrize(
    ("require", "placed"),
    [
        ("x[0] // 2 != x[2] // 2", "half[0], half[1]"),  # what is tied is not placed
        ("x[0] // 2 != x[1] // 2", "half[0], first"),  # another variable may be tied to a member
    ],
)
def test_what_is_not_apart_is_not_warned_of(require: str, placed: str, tmp_path: Path) -> None:
    assert warnings(require, placed, tmp_path) == []


LARGE = """
task recall {
  input  x[6]: 0..15
  require all(x[i] != x[j] for i in 0..5 for j in 0..5 where i < j)
  output odd: bool
  tokens [x]
  answer odd: { false: 0, true: 1 }
}
model by_parts for recall {
  for i in 0..5 { part[i] = x[i] }
  odd = sum(part[i] * (i + 1) for i in 0..5) % 2 == 1
}
network mlp = torch("net.safetensors")
pairs few for recall { size 1_000 }
align apart: by_parts -> mlp { for i in 0..5 { part[i] at hidden[1][2 * i..2 * i + 1] } }
claim holds: iia(apart) >= 0.9
"""


def test_of_too_many_values_to_list_pairs_are_looked_for_among_random_inputs(tmp_path: Path) -> None:
    """Six numbers of sixteen, no two the same: of two of them the sixteen equal pairs are those of no input."""
    save_network(
        tmp_path / "net.safetensors",
        {
            "embed.weight": np.zeros((16, 1)),
            "layers.0.weight": np.zeros((16, 6)),
            "layers.0.bias": np.zeros(16),
            "head.weight": np.zeros((2, 16)),
            "head.bias": np.zeros(2),
        },
        {"inputs": 6, "vocab": 16, "embed": 1, "hidden": [16]},
    )
    found = check_spec(Source(tmp_path / "spec.cspec", LARGE)).warnings
    (warning,) = [each for each in found if each.code == "CS423"]
    assert "members of `part` are interchanged apart, and 16 of their 256 joint values" in warning.message
    (note,) = warning.notes
    assert note.startswith("for one, `part[0]` = 0 with `part[1]` = 0: by sampling: on none of ")
