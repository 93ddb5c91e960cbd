"""`shuffled` and `noise` on a network wired by hand, where how often an answer changes is a theorem.

Both neurons of layer 1 hold whether `a` is 1, and the network says whether they differ by more than a half.
"""

import json
from pathlib import Path
from statistics import NormalDist

import numpy as np
from safetensors.numpy import save_file

from .tools import verify

FILLER = 8_192
SPEC = f"""
task t {{
  input  a: 0..1
  input  filler: 0..{FILLER - 1}
  output one: bool
  tokens [a, filler]
  answer one: {{ false: 0, true: 1 }}
}}
model m for t {{ one = a == 1 }}
network net = torch("net.safetensors") ungated
pairs p for t {{ size 4_000  split .15 .05 .8 }}
circuit apart = {{ hidden[1][0], hidden[1][1] }}
"""
MOVES = 2 * NormalDist().cdf(-0.5)
"""A standard normal number is farther than a half from 0."""
BOTH_MOVE = 2 * NormalDist().cdf(-(0.5**1.5))
"""The difference of two independent ones is."""
CLAIMS = {
    "hidden[1]": 0.0,  # one donor: both neurons agree
    "{hidden[1] := shuffled}": 0.5,
    "{apart := shuffled}": 0.5,
    "{hidden[1][0] := shuffled}": 0.5,
    "{apart := apart + noise(1)}": BOTH_MOVE,
    "{hidden[1] := hidden[1] + noise(1)}": BOTH_MOVE,
    "{hidden[1][1] := hidden[1][1] + noise(1)}": MOVES,
    "{hidden[1][1] := hidden[1][1] - noise(0.5) - noise(0.5)}": 2 * NormalDist().cdf(-(0.5**0.5)),
}


def test_units_are_drawn_each_by_itself(tmp_path: Path) -> None:
    tensors = {
        "embed.weight": np.eye(1, FILLER, 1).T,  # token 1
        "layers.0.weight": np.array([[1, 0], [1, 0]]),
        "layers.0.bias": np.zeros(2),
        "layers.1.weight": np.array([[1, -1], [-1, 1]]),
        "layers.1.bias": np.zeros(2),
        "head.weight": 4 * np.array([[-1, -1], [1, 1]]),
        "head.bias": np.array([2, -2]),
    }
    config = {"architecture": "mlp", "vocab": FILLER, "inputs": 2, "embed": 1, "hidden": [2, 2], "classes": 2}
    metadata = {"cspec.config": json.dumps(config | {"activation": "relu"})}
    save_file(
        {name: np.asarray(one, np.float32) for name, one in tensors.items()}, tmp_path / "net.safetensors", metadata
    )
    lines = (
        f"claim c{i}: change({text} -> one on net) == {value:.4f} +- 0.07"
        for i, (text, value) in enumerate(CLAIMS.items())
    )
    (spec := tmp_path / "spec.cspec").write_text(SPEC + "\n".join(lines) + "\n")
    done = verify(spec, tmp_path / "store")
    assert {text: done.said(f"c{i}") for i, text in enumerate(CLAIMS)} == dict.fromkeys(CLAIMS, "holds")
    assert done.quantity("c0")["estimate"] == 0
