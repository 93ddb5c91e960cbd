"""Conditions of recipes against plain Python: divisions under their guards, and variables of several models."""

from pathlib import Path

import pytest
from cspec.compiler.pipeline import check_spec
from cspec.compiler.sampling.draw_items import Population
from cspec.lang.diagnostics import Source

GOLDEN = Path(__file__).parent.parent / "golden" / "bad" / "net.safetensors"
SPEC = """
task ratios {
  input  x, y, z, u: 0..7
  output more: bool
  tokens [x, y, z, u]
  answer more: { false: 0, true: 1 }
}
model by_sum for ratios {
  part = x > y
  more = part == (z > u)
}
model by_parts for ratios {
  part  = z > u
  other = not part
  more  = (x > y) != other
}
network mlp = torch("net.safetensors")
align das: by_sum -> mlp { part at hidden[1] via rotation size 2 }
"""


def population(recipe: str, folder: Path) -> Population:
    (folder / "net.safetensors").write_bytes(GOLDEN.read_bytes())
    text = f"{SPEC}pairs main for ratios {{ {recipe} }}\nclaim c: iia(das.part) >= 0.5 exhaustively\n"
    checked = check_spec(Source(folder / "spec.cspec", text))
    measurement = checked.experiments[0].quantities[0].measurement
    return checked.populations.open(measurement.recipe)


def items(recipe: str, folder: Path):
    drawn = population(recipe, folder).draw("fit", 2000).items.inputs
    assert len(drawn) == 2000
    return drawn[:, 0].tolist(), drawn[:, 1].tolist()


def test_a_guarded_division_is_what_python_computes(tmp_path: Path) -> None:
    bases, sources = items(
        "where base.y != 0 and base.x // base.y == 1 where source.u == 0 or source.z % source.u == 0", tmp_path
    )
    assert all(y != 0 and x // y == 1 for x, y, _, _ in bases)
    assert all(u == 0 or z % u == 0 for _, _, z, u in sources)
    assert {u for *_, u in sources} == set(range(8))


def test_a_divisor_may_be_ruled_out_by_the_conditions_before(tmp_path: Path) -> None:
    bases, sources = items("where base.y > source.y where base.x // (base.y - source.y) == 2", tmp_path)
    for (x, y, *_), (_, other, *_) in zip(bases, sources, strict=True):
        assert y > other
        assert x // (y - other) == 2


def test_a_variable_is_what_its_own_model_says_where_models_share_a_name(tmp_path: Path) -> None:
    """`other` of `by_parts` reads that model's `part`, not the one of `by_sum`."""
    bases, sources = items("where base.other where not source.other", tmp_path)
    assert all(not z > u for _, _, z, u in bases)
    assert all(z > u for _, _, z, u in sources)
    assert {x > y for x, y, _, _ in bases} == {False, True}


@pytest.mark.parametrize(
    ("named", "own", "rival"),
    [
        (
            "where base.other where not source.other",
            "where not base.z > base.u where not not source.z > source.u",
            "where not base.x > base.y where not not source.x > source.y",
        ),
        ("balanced other", "balanced not z > u", "balanced not x > y"),
    ],
)
def test_items_are_known_by_what_a_variable_is_in_its_own_model(
    tmp_path: Path, named: str, own: str, rival: str
) -> None:
    """Written out over inputs it is the same population; with what `by_sum` calls `part` it would be another one."""
    assert population(named, tmp_path).key == population(own, tmp_path).key
    assert population(named, tmp_path).key != population(rival, tmp_path).key
