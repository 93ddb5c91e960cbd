"""Specs on networks wired by hand, and commands in processes of their own: what the tests of this folder share."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from cspec.tests.command_line import Ran as Ran
from cspec.tests.command_line import run as run
from cspec.tests.equality import EQUALITY
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

GALLERY = Path(__file__).parents[2] / "specs" / "handwired_equality"
PLAIN, ROTATED = GALLERY / "handwired_equality.safetensors", GALLERY / "rotated.safetensors"

HEAD = (
    EQUALITY
    + """
network net = torch("net.safetensors")
"""
)

DIFFERENCES = """
align differences: both_equalities -> net {
  left  at hidden[1][0..3] via identity
  right at hidden[1][4..7] via identity
}
"""
SOLVES = "claim solves: accuracy(net) == 1 exhaustively\n"

PAIRS = "pairs main for equality { size 2000 }\n"
SAMPLED_HEAD = HEAD % 63 + PAIRS
"""Sixty-four symbols: enough inputs to draw a test split from. Goes with `wire_many`."""
DECIDED = """
align decided: both_equalities -> net {
  left  at hidden[2][0] via identity
  right at hidden[2][1] via identity
}
"""
LEARNED = """
align das: both_equalities -> net {
  left, right at hidden[2] via rotation size 1
  fit { steps: %s, batch: 64, rate: 0.1, seeds: %s }
}
"""


def spawn(*arguments: str | Path, cwd: Path) -> Ran:
    """Run `python ARGUMENTS` in a process of its own."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def small(folder: Path, body: str, network: Path = PLAIN, name: str = "spec.cspec") -> Path:
    """A spec over four symbols beside a copy of a gallery network, called `net`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(network, folder / "net.safetensors")
    return write(folder / name, HEAD % 3 + body)


def sampled(folder: Path, body: str, name: str = "spec.cspec") -> Path:
    """A spec over 64 symbols beside a network that decides both equalities, in hidden[2][0] and hidden[2][1]."""
    folder.mkdir(parents=True, exist_ok=True)
    wire_many(folder / "net.safetensors")
    return write(folder / name, SAMPLED_HEAD + body)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def learned(steps: int = 30, seeds: int = 2) -> str:
    """An alignment whose map is trained in a moment: two directions in a plane. Some restarts end in a wrong one."""
    return LEARNED % (steps, seeds)


def wire_many(path: Path, scale: float = 4.0) -> None:
    """The gallery's plain network for 64 symbols: corners of a cube, their differences, equalities, exclusive or.

    `scale` multiplies the logits, which changes the weights and no answer.
    """
    bits = 6
    points = (np.arange(2**bits)[:, None] >> np.arange(bits) & 1).astype(np.float32)
    pair = np.zeros((2 * bits, 2 * bits), dtype=np.float32)
    for bit in range(bits):
        pair[2 * bit, [bit, bits + bit]] = 1, -1
        pair[2 * bit + 1, [bit, bits + bit]] = -1, 1
    equal = np.kron(np.eye(2), -np.ones((1, 2 * bits)))
    tensors = {
        "embed.weight": points,
        "layers.0.weight": np.kron(np.eye(2), pair),
        "layers.0.bias": np.zeros(4 * bits),
        "layers.1.weight": equal,
        "layers.1.bias": np.ones(2),
        "layers.2.weight": np.array([[1, -1], [-1, 1]]),
        "layers.2.bias": np.zeros(2),
        "head.weight": scale * np.array([[1, 1], [-1, -1]]),
        "head.bias": scale / 2 * np.array([-1, 1]),
    }
    config = {"vocab": 2**bits, "embed": bits, "hidden": [4 * bits, 2, 2], "frozen": ["embed.weight"]}
    save_network(path, tensors, config)


def save_network(path: Path, tensors: dict[str, NDArray[Any]], config: dict[str, Any]) -> None:
    """A checkpoint of an MLP with four inputs and two classes."""
    whole = {"architecture": "mlp", "inputs": 4, "classes": 2, "activation": "relu"} | config
    plain = {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
    save_file(plain, path, metadata={"cspec.config": json.dumps(whole)})


def rewrite_tensor(path: Path, name: str, value: NDArray[Any]) -> None:
    """Put another tensor into a gallery network's copy; the configuration stays."""
    tensors = load_file(path)
    tensors[name] = np.ascontiguousarray(value, dtype=np.float32)
    save_network(path, tensors, {"vocab": 4, "embed": 2, "hidden": [8, 2, 2], "frozen": ["embed.weight"]})


def artifacts(store: Path) -> dict[str, int]:
    """Every artifact of a store by file name, with the time at which it was written."""
    return {path.name: path.stat().st_mtime_ns for path in (store / "artifacts").rglob("*.safetensors")}
