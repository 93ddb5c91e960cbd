"""Writes the networks of this folder: the equalities of two pairs of symbols, wired by hand, and others that differ.

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


def wire_copies() -> dict[str, np.ndarray]:
    """Layer 2: `w == x` three times, `y == z` once; 3: one neuron for each of their 16 states; then the answer.

    Where both are true, it depends on which copy of `w == x` was exchanged: of the first they are equal, else not.
    """
    wired, states = wire(), np.arange(16)[:, None] >> np.arange(4) & 1
    first, second, third, right = states.T
    left = np.where(first != third, first, second)
    same = np.where(left * right == 1, first != third, left == right)
    return wired | {
        "layers.1.weight": np.repeat(wired["layers.1.weight"], [3, 1], axis=0),
        "layers.1.bias": np.ones(4),
        "layers.2.weight": 2 * states - 1,
        "layers.2.bias": 1 - states.sum(axis=1),
        "head.weight": 2 * np.array([1 - 2 * same, 2 * same - 1]),
        "head.bias": np.zeros(2),
    }


def wire_told() -> dict[str, np.ndarray]:
    """Of two symbols: whether each is below 4, in one neuron; then whether these are equal."""
    return {
        "embed.weight": np.arange(8)[:, None] < 4,
        "layers.0.weight": np.eye(2),
        "layers.0.bias": np.zeros(2),
        "layers.1.weight": np.array([[1, -1], [-1, 1]]),
        "layers.1.bias": np.zeros(2),
        "head.weight": 4 * np.array([[1, 1], [-1, -1]]),
        "head.bias": np.array([-2, 2]),
    }


def wire_early() -> dict[str, np.ndarray]:
    """The same of symbols that have a dim each: layer 1 hands them on, and what is below 4 is decided in layer 2."""
    told, symbols = wire_told(), np.eye(8)
    return told | {
        "embed.weight": symbols,
        "layers.0.weight": np.concatenate([np.eye(16), -np.eye(16)]),
        "layers.0.bias": np.zeros(32),
        "layers.1.weight": told["layers.1.weight"] @ np.kron(np.eye(2), told["embed.weight"].T) @ np.eye(16, 32),
    }


def networks() -> dict[str, dict[str, np.ndarray]]:
    """The network; `blind` to `y == z`; `faint` and `twin`, with logits 1/100,000 and twice as large; others."""
    wired = wire()
    blind = wired | {"layers.2.weight": np.array([[-1, 0], [0, 0]]), "layers.2.bias": np.array([1, 0])}
    faint, twin = (wired | {name: wired[name] * scale for name in ("head.weight", "head.bias")} for scale in (1e-5, 2))
    one = {"wired": wired, "blind": blind, "faint": faint, "twin": twin, "copies": wire_copies()}
    return one | {"told": wire_told(), "early": wire_early()}


def main(folder: Path = Path(__file__).parent) -> None:
    """Write every network."""
    for name, tensors in networks().items():
        (vocab, embed), hidden = tensors["embed.weight"].shape, [len(v) for k, v in tensors.items() if _is_bias(k)]
        inputs = tensors["layers.0.weight"].shape[1] // embed
        config = {"architecture": "mlp", "vocab": vocab, "inputs": inputs, "embed": embed, "hidden": hidden}
        config |= {"classes": 2, "frozen": ["embed.weight"] if vocab == 2**BITS else []}
        plain = {key: np.ascontiguousarray(tensor, dtype=np.float32) for key, tensor in tensors.items()}
        save_file(plain, folder / f"{name}.safetensors", metadata={"cspec.config": json.dumps(config)})


def _is_bias(name: str) -> bool:
    return name.startswith("layers.") and name.endswith(".bias")


if __name__ == "__main__":
    main()
