"""Wire two networks by hand that decide `same = (w == x) == (y == z)` over four symbols, and prove what they do.

In go no data and no training: every weight is written below, with its reason. Out come two checkpoints beside this
file, `handwired_equality.safetensors` and `rotated.safetensors`. `--check` runs every interchange of the whole domain
through them with plain numpy and prints each interchange intervention accuracy (IIA) as an exact fraction.

Every weight is a fraction whose denominator is a power of two and every sum stays small, so float32 adds and
multiplies them without rounding, in whatever order: the fractions that `--check` prints are no measurements.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

Array = NDArray[np.float32]
Bools = NDArray[np.bool_]

FOLDER = Path(__file__).resolve().parent
SYMBOLS = 4
INPUTS = ("w", "x", "y", "z")
OFFSET = 4.0
REFLECTIONS = (
    (-1, -1, +1, -1, +1, +1, -1, +1),
    (-1, +1, +1, +1, +1, +1, -1, -1),
    (+1, +1, -1, +1, -1, +1, +1, -1),
    (+1, +1, -1, -1, +1, +1, -1, +1),
    (+1, -1, +1, -1, -1, -1, +1, -1),
    (-1, +1, -1, -1, +1, +1, +1, -1),
)
"""Signs, picked at random among those whose product spreads every neuron over all eight (see `mixing_rotation`)."""


# --- the networks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron: points `[symbol, coordinate]`, weights `[out, in]`, biases `[out]`."""

    points: Array
    layers: tuple[tuple[Array, Array], ...]
    head: tuple[Array, Array]

    @property
    def tensors(self) -> dict[str, Array]:
        """The tensors under the names of the checkpoint format."""
        named = {"embed.weight": self.points, "head.weight": self.head[0], "head.bias": self.head[1]}
        for index, (weight, bias) in enumerate(self.layers):
            named |= {f"layers.{index}.weight": weight, f"layers.{index}.bias": bias}
        return {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in named.items()}

    @property
    def config(self) -> str:
        """The metadata entry `cspec.config`."""
        return json.dumps(
            {
                "architecture": "mlp",
                "vocab": len(self.points),
                "inputs": len(INPUTS),
                "embed": self.points.shape[1],
                "hidden": [len(bias) for _, bias in self.layers],
                "classes": len(self.head[1]),
                "activation": "relu",
                "frozen": ["embed.weight"],
            }
        )

    def activations(self, symbols: NDArray[np.int64], layer: int) -> Array:
        """`hidden[layer]` of symbols `[input, 4]`."""
        state: Array = self.points[symbols].reshape(len(symbols), -1)
        for weight, bias in self.layers[:layer]:
            state = np.maximum(state @ weight.T + bias, 0)
        return state

    def margins(self, state: Array, layer: int) -> Array:
        """Logit of `true` minus logit of `false`, from `hidden[layer]` on."""
        for weight, bias in self.layers[layer:]:
            state = np.maximum(state @ weight.T + bias, 0)
        logits = state @ self.head[0].T + self.head[1]
        margins: Array = logits[:, 1] - logits[:, 0]
        return margins


def floats(rows: object) -> Array:
    return np.array(rows, dtype=np.float32)


def wire_plain() -> Network:
    """Layer 1 holds coordinate differences, layer 2 the two equalities, layer 3 whether they differ."""
    # Symbols are the corners of the unit square, so two symbols are equal exactly when both coordinates are.
    points = floats([[0, 0], [1, 0], [0, 1], [1, 1]])

    # hidden[0] is (w0, w1, x0, x1, y0, y1, z0, z1). A pair of ReLUs holds one absolute difference: relu(a - b) and
    # relu(b - a) sum to |a - b|. Neurons 0..3 compare w with x, neurons 4..7 compare y with z.
    one_pair = floats(
        [
            [1, 0, -1, 0],  # relu(w0 - x0)
            [-1, 0, 1, 0],  # relu(x0 - w0)
            [0, 1, 0, -1],  # relu(w1 - x1)
            [0, -1, 0, 1],  # relu(x1 - w1)
        ]
    )
    differences = np.kron(np.eye(2, dtype=np.float32), one_pair), np.zeros(8, dtype=np.float32)

    # The four neurons of a pair sum to its city-block distance: 0 if equal, else 1 or 2. So relu(1 - distance) is 1
    # for equal symbols and 0 for all others.
    equalities = floats([[-1, -1, -1, -1, 0, 0, 0, 0], [0, 0, 0, 0, -1, -1, -1, -1]]), floats([1, 1])

    # Of two numbers that are 0 or 1, relu(a - b) + relu(b - a) is 1 if they differ, else 0.
    exclusive_or = floats([[1, -1], [-1, 1]]), floats([0, 0])

    # Logits (false, true) are (2, -2) if the equalities differ, else (-2, 2): the margin is always 4.
    head = floats([[4, 4], [-4, -4]]), floats([-2, 2])
    return Network(points, (differences, equalities, exclusive_or), head)


def mixing_rotation() -> Array:
    """A rotation of R^8 in which every neuron reads every other: six reflections, one after the other.

    With a vector v of eight signs, I - v v' / 4 is a reflection, since v' v = 8. The entries of the product are odd
    eighths, so that the rotation is orthogonal in float32 exactly and not only nearly.
    """
    rotation = floats(np.eye(8))
    for signs in REFLECTIONS:
        rotation = floats(rotation @ (np.eye(8) - np.outer(signs, signs) / 4))
    return rotation


def wire_rotated() -> Network:
    """The plain network with one more layer, which holds a rotated copy of the first."""
    plain = wire_plain()
    rotation = mixing_rotation()
    # hidden[1] has at most four ones and else zeros, so its rotated copy has length at most 2: the offset keeps every
    # ReLU open, and the layer is linear on all inputs.
    copy = rotation, np.full(8, OFFSET, dtype=np.float32)
    # The next layer undoes both: it reads Q' (h - offset), which is hidden[1] again.
    weight, bias = plain.layers[1]
    undone: Array = weight @ rotation.T
    shifted: Array = bias - undone @ copy[1]
    equalities = undone, shifted
    return Network(plain.points, (plain.layers[0], copy, equalities, plain.layers[2]), plain.head)


NETWORKS: dict[str, Callable[[], Network]] = {
    "handwired_equality.safetensors": wire_plain,
    "rotated.safetensors": wire_rotated,
}


def write_atomically(path: Path, content: bytes) -> None:
    """Write a temporary file beside `path` and rename it, so that no reader ever sees half a checkpoint."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read_network(path: Path) -> Network:
    """The network of a checkpoint; the file must hold what this script wires, tensor by tensor."""
    wired = NETWORKS[path.name]()
    with safe_open(path, framework="numpy") as file:
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping, only has keys())
        config = file.metadata()["cspec.config"]
    if config != wired.config or stored.keys() != wired.tensors.keys():
        raise SystemExit(f"{path.name} is not what this script writes: run it without --check")
    for name, tensor in wired.tensors.items():
        if stored[name].dtype != tensor.dtype or not np.array_equal(stored[name], tensor):
            raise SystemExit(f"{path.name}: {name} is not what this script writes: run it without --check")
    return wired


# --- the check -------------------------------------------------------------------------------------------------------

DOMAIN = np.array(list(product(range(SYMBOLS), repeat=len(INPUTS))))  # [256, 4]
LEFT: Bools = DOMAIN[:, 0] == DOMAIN[:, 1]
RIGHT: Bools = DOMAIN[:, 2] == DOMAIN[:, 3]
SAME: Bools = LEFT == RIGHT
EVERY = np.arange(len(DOMAIN))

Label = Callable[[int, Sequence[NDArray[np.int64]]], Bools]
"""The model's answer for one base and, source by source, arrays of inputs."""


@dataclass(frozen=True)
class Counts:
    """Agreements and items of a set's two halves, and the smallest distance of a network's answer from a tie."""

    changed: Fraction
    kept: Fraction
    items: int
    margin: float

    @property
    def iia(self) -> Fraction:
        return (self.changed + self.kept) / 2


def count_set(network: Network, layer: int, blocks: Sequence[Sequence[int]], label: Label) -> Counts:
    """Interchange the blocks at once, each from a source of its own, over all bases and all sources."""
    hidden = network.activations(DOMAIN, layer)
    sources = [grid.ravel() for grid in np.meshgrid(*[EVERY] * len(blocks), indexing="ij")]
    agreed, total, margin = [0, 0], [0, 0], np.inf
    for base in range(len(DOMAIN)):
        state = np.repeat(hidden[base : base + 1], len(sources[0]), axis=0)
        for block, source in zip(blocks, sources, strict=True):
            state[:, block] = hidden[source][:, block]
        margins = network.margins(state, layer)
        labels = label(base, sources)
        # A tie (margin 0) agrees with neither answer.
        agree = np.where(labels, margins > 0, margins < 0)
        changed = labels != SAME[base]
        for half, members in enumerate((changed, ~changed)):
            agreed[half] += int(np.count_nonzero(agree & members))
            total[half] += int(np.count_nonzero(members))
        margin = min(margin, float(np.abs(margins).min()))
    return Counts(Fraction(agreed[0], total[0]), Fraction(agreed[1], total[1]), sum(total), margin)


EQUALITIES: dict[str, tuple[tuple[int, ...], Label]] = {
    "{left}": ((0,), lambda base, sources: LEFT[sources[0]] == RIGHT[base]),
    "{right}": ((1,), lambda base, sources: LEFT[base] == RIGHT[sources[0]]),
    "{left, right}": ((0, 1), lambda base, sources: LEFT[sources[0]] == RIGHT[sources[1]]),
}
"""Per set of the model `both_equalities`: which blocks are interchanged, and the model's answer."""


def answer_first(base: int, sources: Sequence[NDArray[np.int64]]) -> Bools:
    """The model `first_symbol`: the source gives w, the base gives the rest."""
    answers: Bools = (DOMAIN[sources[0], 0] == DOMAIN[base, 1]) == RIGHT[base]
    return answers


def report(title: str, sets: dict[str, Counts]) -> Fraction:
    """Print an alignment's IIA, set by set and as a whole; return the whole."""
    whole = sum((counts.iia for counts in sets.values()), Fraction(0)) / len(sets)
    print(f"{title}: IIA {whole} = {float(whole):.6f}")
    for name, counts in sets.items():
        halves = f"label changed {counts.changed}, kept {counts.kept}"
        print(f"  {name}: {counts.iia} ({halves}; {counts.items:,} items, smallest margin {counts.margin:g})")
    return whole


def report_equalities(title: str, network: Network, layer: int, left: Iterable[int], right: Iterable[int]) -> Fraction:
    """Report `both_equalities` with its variables in the given neurons of `hidden[layer]`."""
    blocks = tuple(left), tuple(right)
    return report(
        title,
        {
            name: count_set(network, layer, [blocks[variable] for variable in members], label)
            for name, (members, label) in EQUALITIES.items()
        },
    )


def best_neurons(network: Network, layer: int, label: Label) -> tuple[Fraction, tuple[int, ...]]:
    """The set of neurons, of any size, that carries one variable best when it alone is interchanged."""
    width = len(network.layers[layer - 1][1])
    sets = [subset for size in range(1, width + 1) for subset in combinations(range(width), size)]
    return max((count_set(network, layer, [subset], label).iia, subset) for subset in sets)


def check_networks() -> bool:
    """Run the whole domain through both checkpoints; whether everything that must be exact is."""
    plain, rotated = (read_network(FOLDER / name) for name in NETWORKS)
    rotation = mixing_rotation()
    right = [bool(np.array_equal(rotation @ rotation.T, np.eye(8)) and np.all(np.abs(rotation) >= 1 / 8))]
    hidden = plain.activations(DOMAIN, 1)
    right.append(np.array_equal((rotated.activations(DOMAIN, 2) - OFFSET) @ rotation, hidden))
    for name, network in zip(NETWORKS, (plain, rotated), strict=True):
        margins = network.margins(network.activations(DOMAIN, 0), 0)
        correct = int(np.count_nonzero((margins > 0) == SAME))
        print(f"{name}: {correct} of {len(DOMAIN)} inputs right, smallest margin {np.abs(margins).min():g}")
        right.append(correct == len(DOMAIN))
    right += [
        report_equalities("left in hidden[1][0..3], right in [4..7]", plain, 1, range(4), range(4, 8)) == 1,
        report_equalities("left in hidden[2][0], right in [1]", plain, 2, [0], [1]) == 1,
    ]
    report_equalities("left in hidden[1][0..1], right in [4..5]", plain, 1, [0, 1], [4, 5])
    report_equalities("exchanged: left in hidden[1][4..7], right in [0..3]", plain, 1, range(4, 8), range(4))
    report("first symbol in hidden[1][0..3]", {"{first}": count_set(plain, 1, [range(4)], answer_first)})
    report("first symbol in hidden[0][0..1]", {"{first}": count_set(plain, 0, [range(2)], answer_first)})
    report_equalities("rotated: left in hidden[2][0..3], right in [4..7]", rotated, 2, range(4), range(4, 8))
    for name in ("{left}", "{right}"):
        best, neurons = best_neurons(rotated, 2, EQUALITIES[name][1])
        print(f"rotated: of all sets of neurons of hidden[2], {list(neurons)} carry {name} best: IIA {best}")
    return all(right)


def main() -> int:
    """Write the checkpoints, or check those that are there."""
    parser = argparse.ArgumentParser(description="Write the two networks that are wired by hand beside this script.")
    parser.add_argument("--check", action="store_true", help="write nothing: prove what the written networks do")
    if parser.parse_args().check:
        passed = check_networks()
        print("everything that must be exact is exact" if passed else "SOMETHING IS NOT EXACT")
        return int(not passed)
    for name, wire in NETWORKS.items():
        network = wire()
        write_atomically(FOLDER / name, save(network.tensors, metadata={"cspec.config": network.config}))
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
