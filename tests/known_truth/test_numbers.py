"""A network that reads numbers, wired by hand: every share of agreement is counted over the whole domain by numpy."""

import json
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from cspec.cli.main import main
from numpy.typing import NDArray
from safetensors.numpy import save_file

from .tools import verify

Array = NDArray[np.float32]

DOMAIN = np.array(list(product(range(-2, 2), range(-1, 3), range(3, 6), range(2))), dtype=np.float32)  # [96, 4]

# Of whole numbers relu(n) - relu(n - 1) is 1 where n is above 0, else 0: n is w + x for `left`, y + up - 4 for `right`.
# Both differ where relu(left - right) + relu(right - left) is 1.
TENSORS: dict[str, Array] = {
    name: np.array(value, dtype=np.float32)
    for name, value in {
        "layers.0.weight": [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]],
        "layers.0.bias": [0, -1, -4, -5],
        "layers.1.weight": [[1, -1, 0, 0], [0, 0, 1, -1]],
        "layers.1.bias": [0, 0],
        "layers.2.weight": [[1, -1], [-1, 1]],
        "layers.2.bias": [0, 0],
        "head.weight": [[4, 4], [-4, -4]],
        "head.bias": [-2, 2],
    }.items()
}

SPEC = """
task signs {
  input  w: -2..1
  input  x: -1..2
  input  y: 3..5
  input  up: bool
  output same: bool
  vector [w, x, y, up]
  answer same: { false: 0, true: 1 }
}
model both for signs {
  left:  bool = w + x > 0
  right: bool = y > 4 or y == 4 and up
  same = left == right
}
model first for signs {
  named = w
  same  = (named + x > 0) == (y > 4 or y == 4 and up)
}
network net = torch("net.safetensors")
align sums: both -> net {
  left  at hidden[1][0..1] via identity
  right at hidden[1][2..3] via identity
}
align half: both -> net {
  left  at hidden[1][0] via identity
  right at hidden[1][2] via identity
}
align fed: first -> net { named at hidden[0][0] via identity }
claim solves: accuracy(net) == 1 exhaustively
claim sums:   iia(sums) == 1 exhaustively
claim fed:    iia(fed) == 1 exhaustively
claim half:   iia(half) <= 0.9 exhaustively
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    config = {"architecture": "mlp", "inputs": 4, "hidden": [4, 2, 2], "classes": 2}
    save_file(TENSORS, tmp_path / "net.safetensors", metadata={"cspec.config": json.dumps(config)})
    path = tmp_path / "spec.cspec"
    path.write_text(SPEC, encoding="utf-8")
    return path


def layer(index: int, state: Array) -> Array:
    active: Array = np.maximum(state @ TENSORS[f"layers.{index}.weight"].T + TENSORS[f"layers.{index}.bias"], 0)
    return active


def agreement(units: tuple[tuple[int, ...], ...]) -> Fraction:
    """The mean, over sets and halves, of how often the network says what the model does: all bases and sources."""
    n = len(DOMAIN)
    left, right = DOMAIN[:, 0] + DOMAIN[:, 1] > 0, DOMAIN[:, 2] + DOMAIN[:, 3] > 4
    hidden = layer(0, DOMAIN)
    shares = []
    for members in ((0,), (1,), (0, 1)):
        base, *sources = (grid.ravel() for grid in np.meshgrid(*[np.arange(n)] * (1 + len(members)), indexing="ij"))
        values, state = [left[base], right[base]], hidden[base].copy()
        for variable, source in zip(members, sources, strict=True):
            values[variable] = (left, right)[variable][source]
            state[:, units[variable]] = hidden[source][:, units[variable]]
        logits = layer(2, layer(1, state)) @ TENSORS["head.weight"].T + TENSORS["head.bias"]
        label = values[0] == values[1]
        agree = np.where(label, logits[:, 1] > logits[:, 0], logits[:, 0] > logits[:, 1])
        changed = label != (left == right)[base]
        shares += [Fraction(int(agree[half].sum()), int(half.sum())) for half in (changed, ~changed)]
    return sum(shares, Fraction(0)) / len(shares)


@pytest.mark.parametrize("engine", ["hooks", "fused", "pyvene"])
def test_numbers_are_fed_as_they_are(spec: Path, engine: str) -> None:
    done = verify(spec, spec.parent / "store", "--engine", engine)
    assert {claim: done.said(claim) for claim in done.verdicts} == dict.fromkeys(done.verdicts, "holds")
    assert agreement(((0, 1), (2, 3))) == 1
    expected = agreement(((0,), (2,)))
    assert 0.5 < expected < 0.9
    assert done.quantity("half")["estimate"] == float(expected)


@pytest.mark.parametrize(
    ("written", "instead", "code", "message"),
    [
        ("vector [w, x, y, up]", "vector [w, x, y]", "CS510", "expected 4 numbers, found 3"),
        ("vector [w, x, y, up]", "tokens [w, x, y, up]", "CS514", "expected numbers, found tokens"),
        ("vector [w, x, y, up]", 'prompt "{w} {x} {y} {up}"', "CS514", "expected numbers, found a text"),
        ("input  x: -1..2", "input  x: -16777217..-16777215", "CS526", "`x` reaches -16777217"),
        ("answer same: { false: 0, true: 1 }", 'answer same: { false: "a", true: "b" }', "CS513", "no tokenizer"),
        ("at hidden[0][0]", "at hidden[0][4]", "CS321", "hidden[0]"),
    ],
)
def test_what_the_network_does_not_read_is_refused(
    spec: Path, capsys: pytest.CaptureFixture[str], written: str, instead: str, code: str, message: str
) -> None:
    spec.write_text(SPEC.replace(written, instead), encoding="utf-8")
    assert main(["check", str(spec)]) == 2
    error = capsys.readouterr().err
    assert f"error[{code}]" in error
    assert message in error


def test_the_largest_number_that_is_told_apart_is_fed(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC.replace("input  x: -1..2", "input  x: -16777216..-16777215"), encoding="utf-8")
    main(["check", str(spec)])
    assert "CS526" not in capsys.readouterr().err
