"""Exact numbers are printed with as many decimals as tell them from what they are not."""

from pathlib import Path

import numpy as np

from .tools import run, save_network, write

SPEC = """
task late {
  input  x: 0..1_999_999
  output after: bool
  vector [x]
  answer after: { false: 0, true: 1 }
}
model by_order for late { after = x >= 2 }
network one = torch("one.safetensors")
claim all_right: accuracy(one) == 1 exhaustively expect refuted
claim nearly: accuracy(one) >= 0.9999 exhaustively
"""


def test_one_wrong_answer_of_two_millions_is_seen(tmp_path: Path) -> None:
    """The network answers `true` from 1 on, where the model does from 2 on."""
    write(tmp_path / "spec.cspec", SPEC)
    layer = {"layers.0.weight": np.array([[1.0]]), "layers.0.bias": np.array([0.0])}
    head = {"head.weight": np.array([[0.0], [1.0]]), "head.bias": np.array([0.5, 0.0])}
    tensors = {name: value.astype(np.float32) for name, value in (layer | head).items()}
    save_network(
        tmp_path / "one.safetensors", tensors, {"architecture": "mlp", "inputs": 1, "hidden": [1], "classes": 2}
    )
    said = run("verify", tmp_path / "spec.cspec")
    assert said.status == 0
    assert "accuracy(one) = 0.9999995 exactly, claimed == 1: misses" in said.out
    assert "accuracy(one) = 0.9999995 exactly, claimed >= 0.9999: passes" in said.out
