"""Writes the network: `python specs/self_repair/wire.py`. A copy carries the answer, and a backup stands by."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

VALUES, HIDDEN = 64, (12, 12)


def write_network(path: Path) -> None:
    """`odd` is copied twice. One copy is carried on to the answer; a backup adds by what the other one differs from it.

    All other neurons hold the parity of `n`, and nothing reads them.
    """
    parity = (np.arange(VALUES) % 2).astype(np.float32)[:, None]
    first = np.zeros((HIDDEN[0], 2), np.float32)
    first[:2, 0], first[2:, 1] = 1, 1
    second = np.zeros((HIDDEN[1], HIDDEN[0]), np.float32)
    second[0, 0] = 1
    second[1, :2], second[2, :2] = (-1, 1), (1, -1)
    second[3:, 5] = 1
    head = np.zeros((2, HIDDEN[1]), np.float32)
    head[1, :3] = 1, 1, -1
    tensors = {"embed.weight": parity, "head.weight": head, "head.bias": np.array([0.5, 0], np.float32)}
    for index, weight in enumerate((first, second)):
        tensors[f"layers.{index}.weight"] = weight
        tensors[f"layers.{index}.bias"] = np.zeros(len(weight), np.float32)
    config = {"architecture": "mlp", "vocab": VALUES, "inputs": 2, "embed": 1, "hidden": list(HIDDEN), "classes": 2}
    save_file(tensors, path, metadata={"cspec.config": json.dumps(config)})


if __name__ == "__main__":
    write_network(Path(__file__).with_name("self_repair.safetensors"))
