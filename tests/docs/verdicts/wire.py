"""Writes the networks of this folder: the equalities of two pairs of symbols, wired by hand, and three that differ.

python tests/docs/verdicts/wire.py
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

BITS = 6
"""Symbols are the corners of a cube of so many dimensions."""


def wire() -> dict[str, np.ndarray]:
    """Layer 1: how two symbols differ, bit by bit; 2: `w == x` and `y == z`, 0 or 1; 3: whether these two differ."""
    points = np.arange(2**BITS)[:, None] >> np.arange(BITS) & 1
    pair = np.zeros((2 * BITS, 2 * BITS))
    for bit in range(BITS):
        pair[2 * bit, [bit, BITS + bit]] = 1, -1
        pair[2 * bit + 1, [bit, BITS + bit]] = -1, 1
    return {
        "embed.weight": points,
        "layers.0.weight": np.kron(np.eye(2), pair),
        "layers.0.bias": np.zeros(4 * BITS),
        "layers.1.weight": np.kron(np.eye(2), -np.ones((1, 2 * BITS))),
        "layers.1.bias": np.ones(2),
        "layers.2.weight": np.array([[1, -1], [-1, 1]]),
        "layers.2.bias": np.zeros(2),
        "head.weight": 4 * np.array([[1, 1], [-1, -1]]),
        "head.bias": np.array([-2, 2]),
    }


def networks() -> dict[str, dict[str, np.ndarray]]:
    """The network; `blind` to `y == z`; `faint`, whose logits are 100,000 times as small; `twin`, twice as large."""
    wired = wire()
    blind = wired | {"layers.2.weight": np.array([[-1, 0], [0, 0]]), "layers.2.bias": np.array([1, 0])}
    faint, twin = (wired | {name: wired[name] * scale for name in ("head.weight", "head.bias")} for scale in (1e-5, 2))
    return {"wired": wired, "blind": blind, "faint": faint, "twin": twin}


def main(folder: Path = Path(__file__).parent) -> None:
    """Write every network."""
    config = {"architecture": "mlp", "vocab": 2**BITS, "inputs": 4, "embed": BITS, "hidden": [4 * BITS, 2, 2]}
    config |= {"classes": 2, "frozen": ["embed.weight"]}
    for name, tensors in networks().items():
        plain = {key: np.ascontiguousarray(tensor, dtype=np.float32) for key, tensor in tensors.items()}
        save_file(plain, folder / f"{name}.safetensors", metadata={"cspec.config": json.dumps(config)})


if __name__ == "__main__":
    main()
