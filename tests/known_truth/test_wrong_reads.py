"""`cae` of a network that always says what is no value of the output: every answer is wrong, and no variable is."""

import json
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from .tools import verify

WIRED = Path(__file__).parents[1] / "docs" / "verdicts" / "wired.safetensors"
SPEC = """
task equality {{
  input  w, x, y, z: 0..63
  output same: bool
  tokens [w, x, y, z]
  answer same: {{ false: 0, true: 1 }} {among}
}}
model equalities for equality {{ left: bool = w == x  right: bool = y == z  same = left == right }}
network net = torch("net.safetensors") ungated
pairs main for equality {{ size 2_000 }}
pairs other for equality {{ size 2_000  where w != y }}
align decided: equalities -> net over main {{ left at hidden[2][0]  right at hidden[2][1] }}
claim alone: cae(decided) == {value:.3f} +- 0.06
claim none: cae(decided) - cae(decided over other) == 0 +- 0.1
"""


def add_a_class_that_is_always_best(path: Path) -> None:
    with safe_open(WIRED, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)
        config = json.loads(file.metadata()["cspec.config"])
    weight, bias = tensors["head.weight"].copy(), tensors["head.bias"].copy()
    weight.resize((3, weight.shape[1]))
    bias.resize(3)
    bias[2] = 100
    save_file(
        tensors | {"head.weight": weight, "head.bias": bias},
        path,
        metadata={"cspec.config": json.dumps(config | {"classes": 3})},
    )


@pytest.mark.parametrize(("among", "value"), [("", 13 / 21), ("among answers", 0.0)])
def test_an_answer_that_is_no_value_of_the_output_is_a_wrong_read(among: str, value: float, tmp_path: Path) -> None:
    """Of 7 sets the rest alone leaves 3 reads, one of the variables 2, both 1: (1/3 + 2 (1/2 + 1/2 + 1)) / 7."""
    add_a_class_that_is_always_best(tmp_path / "net.safetensors")
    (spec := tmp_path / "spec.cspec").write_text(SPEC.format(among=among, value=value))
    done = verify(spec, tmp_path / "store")
    assert done.status == 0
    # a difference compares the declared answers, and there it is always right
    assert [quantity["estimate"] for quantity in done.verdicts["none"]["quantities"]] == [0, 0]
