"""Members of a family that are placed apart, against the joint values of all inputs in plain Python."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from cspec.compiler.pipeline import check_spec
from cspec.lang.diagnostics import Diagnostic, Source, SpecError

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
