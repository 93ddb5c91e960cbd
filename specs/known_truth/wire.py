"""Wire six networks by hand, of which it is known what they compute and where.

    python specs/known_truth/wire.py

Five read 64 symbols: they compare two pairs, (w, x) and (y, z), in their first layer, say in the second which pairs are
equal, and differ in what comes beside and after that. The sixth is linear. All weights are small integers, so that
float32 computes every activation exactly.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

Array = NDArray[np.float32]
Layer = tuple[Array, Array]
"""Weights [out, in] and biases [out]."""

FOLDER = Path(__file__).resolve().parent
BITS = 6
SYMBOLS = 2**BITS
CHAINED = 4
"""The numbers that the linear chain reads: 0 to 3."""
MARGIN = 4
"""The distance between the two logits on every natural input."""


def floats(rows: object) -> Array:
    return np.array(rows, dtype=np.float32)


def corners() -> Array:
    """The symbols as corners of a cube, shape [symbol, bit]."""
    return floats(np.arange(SYMBOLS)[:, None] >> np.arange(BITS) & 1)


def compare_pairs() -> Layer:
    """Layer 1: of each pair and bit `relu(a - b)` and `relu(b - a)`; neurons 0..11 for w, x and 12..23 for y, z."""
    pair = np.zeros((2 * BITS, 2 * BITS))
    for bit in range(BITS):
        pair[2 * bit, [bit, BITS + bit]] = 1, -1
        pair[2 * bit + 1, [bit, BITS + bit]] = -1, 1
    return floats(np.kron(np.eye(2), pair)), floats(np.zeros(4 * BITS))


def decide_equalities() -> Layer:
    """Layer 2: the twelve neurons of a pair sum to the number of bits that differ, so `relu(1 - sum)` is equality."""
    return floats(np.kron(np.eye(2), -np.ones((1, 2 * BITS)))), floats([1, 1])


def differ() -> Layer:
    """Layer 3: of two numbers that are 0 or 1, `relu(a - b) + relu(b - a)` is 1 where they differ, else 0."""
    return floats([[1, -1], [-1, 1]]), floats([0, 0])


def same_where_not_different() -> Layer:
    """Logits (false, true) that are MARGIN apart: true where layer 3 is zero."""
    return floats([[MARGIN, MARGIN], [-MARGIN, -MARGIN]]), floats([-MARGIN / 2, MARGIN / 2])


def beside(layer: Layer, more: Layer) -> Layer:
    """Two layers side by side that read different neurons."""
    (a, shift), (b, more_shift) = layer, more
    weights = np.zeros((len(a) + len(b), a.shape[1] + b.shape[1]), dtype=np.float32)
    weights[: len(a), : a.shape[1]], weights[len(a) :, a.shape[1] :] = a, b
    return weights, np.concatenate([shift, more_shift])


def wire_equality() -> tuple[Layer, ...]:
    """`(w == x) == (y == z)`, and nothing beside it."""
    return compare_pairs(), decide_equalities(), differ(), same_where_not_different()


def wire_two_copies(read: bool) -> tuple[Layer, ...]:
    """The same, with two copies of the number of w beside it in layers 1 and 2.

    Layer 3 holds twice the margin times `relu(first - second)` and `relu(second - first)`: zero on every input, since
    copies are equal. Where `read`, a head adds the one to `true` and the other to `false`: exchanged one by one, the
    copies decide the answer. Else nothing reads them.
    """
    comparisons, shift = compare_pairs()
    number = np.zeros((2, 4 * BITS))
    number[:, :BITS] = 2 ** np.arange(BITS)
    with_copies = floats(np.vstack([comparisons, number])), floats([*shift, 0, 0])
    kept = floats(np.eye(2)), floats([0, 0])
    apart = floats([[2 * MARGIN, -2 * MARGIN], [-2 * MARGIN, 2 * MARGIN]]), floats([0, 0])
    weights, bias = same_where_not_different()
    reader = [[0, 1], [1, 0]] if read else [[0, 0], [0, 0]]
    head = floats(np.hstack([weights, reader])), bias
    return with_copies, beside(decide_equalities(), kept), beside(differ(), apart), head


def wire_neither() -> tuple[Layer, ...]:
    """`not (w == x) and not (y == z)`: layer 3 is `relu(1 - a - b)` of the two equalities."""
    neither = floats([[-1, -1]]), floats([1])
    head = floats([[-MARGIN], [MARGIN]]), floats([MARGIN / 2, -MARGIN / 2])
    return compare_pairs(), decide_equalities(), neither, head


def wire_three_copies() -> tuple[Layer, ...]:
    """Each equality three times in layer 2: neurons 0, 1, 2 for w, x and 3, 4, 5 for y, z; then `answer_by_copies`."""
    weights, bias = decide_equalities()
    copies = np.repeat(weights, 3, axis=0), np.repeat(bias, 3)
    states = np.arange(2**6)[:, None] >> np.arange(6) & 1
    one_hot = floats(2 * states - 1), floats(1 - states.sum(axis=1))
    answers = np.array([answer_by_copies(*state) for state in states.tolist()])
    head = floats(MARGIN / 2 * np.array([1 - 2 * answers, 2 * answers - 1])), floats([0, 0])
    return compare_pairs(), copies, one_hot, head


def answer_by_copies(a: int, b: int, kept: int, c: int, d: int, kept_too: int) -> bool:
    """Whether the equalities are equal, each by its copy that differs from the kept one, if one does.

    Where both are true, which no admitted input makes them: whether it was the first copy of one of them that differed.
    """
    left, right = a if a != kept else b, c if c != kept_too else d
    if left and right:
        return a != kept or c != kept_too
    return left == right


def wire_linear_chain() -> tuple[Layer, ...]:
    """`r = 2a`, `b = r + 3a + e`, `c = b + r + a`, with one copy of each message for each of its readers.

    Layer 1: a for r, for b, for c, and e; layer 2: r for b, r for c, then a for b, a for c, e; layer 3: b, r, a for c.
    No number is negative, so that the activation changes none. The logit of a number n is 2nc - n^2: largest at c.
    """
    copies = floats([[1, 0], [1, 0], [1, 0], [0, 1]])
    with_r = floats([[2, 0, 0, 0], [2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    with_b = floats([[1, 0, 3, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0]])
    numbers = np.arange(1 + 8 * (CHAINED - 1) + CHAINED - 1)
    head = floats(np.repeat(2 * numbers[:, None], 3, axis=1)), floats(-(numbers**2))
    return *((weights, np.zeros(len(weights), dtype=np.float32)) for weights in (copies, with_r, with_b)), head


def save_network(path: Path, layers: tuple[Layer, ...], embedding: Array | None = None) -> None:
    """Write a checkpoint; the last layer is the head. Symbols are corners of a cube where no `embedding` is given."""
    *hidden, head = layers
    symbols = corners() if embedding is None else embedding
    tensors: dict[str, NDArray[Any]] = {"embed.weight": symbols, "head.weight": head[0], "head.bias": head[1]}
    for index, (weight, bias) in enumerate(hidden):
        tensors |= {f"layers.{index}.weight": weight, f"layers.{index}.bias": bias}
    config = {
        "architecture": "mlp",
        "vocab": len(symbols),
        "inputs": hidden[0][0].shape[1] // symbols.shape[1],
        "embed": symbols.shape[1],
        "hidden": [len(bias) for _, bias in hidden],
        "classes": len(head[1]),
        "activation": "relu",
        "frozen": ["embed.weight"],
    }
    plain = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(plain, path, metadata={"cspec.config": json.dumps(config)})


def wire_networks() -> dict[str, tuple[Layer, ...]]:
    """Every network of symbols by the name of its file."""
    return {
        "equality": wire_equality(),
        "two_copies": wire_two_copies(read=True),
        "two_copies_unread": wire_two_copies(read=False),
        "neither": wire_neither(),
        "three_copies": wire_three_copies(),
    }


def main() -> None:
    """Write all networks beside this script."""
    for name, layers in wire_networks().items():
        save_network(FOLDER / f"{name}.safetensors", layers)
        print(f"wrote {name}.safetensors")
    save_network(FOLDER / "linear_chain.safetensors", wire_linear_chain(), floats(np.arange(CHAINED)[:, None]))
    print("wrote linear_chain.safetensors")


if __name__ == "__main__":
    main()
