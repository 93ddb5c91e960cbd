"""Where activations lie changes no number: what one layer adds to all, and the next one takes away, is not seen."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from .tools import Verified, verify

FAR = 2048.0
"""Float32 holds what layer 1 is, multiples of 1/1024 below 1, exactly with this added to it and without."""

SPEC = """
task larger {
  input  x, y: 0..63
  output above: bool
  tokens [x, y]
  answer above: { false: 0, true: 1 }
}
model by_quarters for larger {
  quarter: 0..3 = x // 16
  above = 16 * quarter + y > 63
}
network net = torch("net.safetensors") ungated
align block: by_quarters -> net over main { quarter at hidden[1] }
pairs main for larger { size 600 split .4 .1 .5 }
claim read:    probe(block.quarter) >= 0.01
claim natural: divergence(block.quarter) <= 9.99
claim moved:   change(y -> block.quarter) >= 0.01
"""


def write_network(folder: Path, far: float) -> Path:
    """Layer 1 holds a sum of both symbols and each of them, in steps of 1/256; layer 2 takes the offset away again."""
    symbols = np.arange(64) / 256
    first = np.array([[1, 0.25], [1, 0], [0, 1]])
    second = np.array([[256, 0, 64], [0, 256, -64]])
    tensors: dict[str, NDArray[np.float64]] = {
        "embed.weight": symbols[:, None],
        "layers.0.weight": first,
        "layers.0.bias": np.full(3, far),
        "layers.1.weight": second,
        "layers.1.bias": np.array([0, 5]) - second.sum(1) * far,
        "head.weight": np.array([[1, -1], [-1, 1]]),
        "head.bias": np.array([0, -30]),
    }
    config = {"architecture": "mlp", "vocab": 64, "inputs": 2, "embed": 1, "hidden": [3, 2], "classes": 2}
    plain = {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
    save_file(plain, folder / "net.safetensors", metadata={"cspec.config": json.dumps(config)})
    (path := folder / "spec.cspec").write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Verified]:
    """What is said of the network with a small offset, and with a large one."""
    found = {}
    for far in (1.0, FAR):
        folder = tmp_path_factory.mktemp("network")
        found[far] = verify(write_network(folder, far), folder / "store")
    return found


@pytest.mark.parametrize("claim", ["read", "natural", "moved"])
def test_an_offset_of_a_layer_changes_no_number(claim: str, verified: dict[float, Verified]) -> None:
    near, far = (done.quantity(claim)["estimate"] for done in verified.values())
    assert far == pytest.approx(near, abs=1e-6)
    assert 0.05 < near < 0.99
