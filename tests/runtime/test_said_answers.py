"""What a network answers is read as its task declares it: of networks wired by hand and at random, against numpy."""

import itertools
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cspec.tests.command_line import run as run_command
from safetensors.numpy import save_file

SPEC = """
task later {
  input  w, x: 0..%d
  output late: bool
  tokens [w, x]
  answer late: %s
}
model plain for later { late = x >= %d }
network net = torch("net.safetensors") ungated
circuit found = top 1 of hidden[1][*] by change({it := 1 - it} -> late)
"""
Weights = dict[str, npt.NDArray[np.float32]]
Input = tuple[int, int]
INPUTS: list[Input] = list(itertools.product(range(4), repeat=2))
ANSWERS: dict[str, Callable[[npt.NDArray[np.float32]], int]] = {
    "{ false: 0, true: 1 }": lambda logits: int(logits.argmax()),
    "{ false: 0, true: 1 } among answers": lambda logits: int(logits[:2].argmax()),
}
"""How an answer is declared, and what is said by it of four logits."""
WIRED: Weights = {
    "embed.weight": np.repeat([[0], [1]], 8, axis=0),
    "layers.0.weight": np.eye(2),
    "layers.0.bias": np.zeros(2),
    "head.weight": np.array([[0, 0], [0, 1], [3, 0], [0, 0]]),
    "head.bias": np.array([0.5, 0, 0, -1]),
}
"""The first neuron says class 2 where w is large; the second, otherwise unheard, class 1 where x is, else class 0."""


def drawn() -> Weights:
    """With this seed each way to declare the answer gives another change of all that is asked for."""
    rng = np.random.default_rng(27)
    shapes = {"embed.weight": (4, 3), "layers.0.weight": (5, 6), "layers.0.bias": 5, "head.weight": (4, 5)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()} | {"head.bias": np.zeros(4)}


def verify(weights: Weights, answer: str, claims: str, folder: Path, *more: str) -> dict[str, dict[str, Any]]:
    plain = {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in weights.items()}
    hidden, (symbols, embed) = len(plain["layers.0.bias"]), plain["embed.weight"].shape
    config = {"architecture": "mlp", "vocab": symbols, "inputs": 2, "embed": embed, "hidden": [hidden], "classes": 4}
    save_file(plain, folder / "net.safetensors", metadata={"cspec.config": json.dumps(config)})
    (folder / "e.cspec").write_text(SPEC % (symbols - 1, answer, symbols // 2) + claims)
    done = run_command("verify", folder / "e.cspec", "--json", *more)
    document = done.document
    assert "result" in document, done.err + done.out
    return {verdict["name"]: verdict["quantities"][0] for verdict in document["result"]["verdicts"]}


def layer(weights: Weights, one: Input) -> npt.NDArray[np.float32]:
    state: npt.NDArray[np.float32] = weights["layers.0.weight"] @ weights["embed.weight"][list(one)].reshape(-1)
    return np.maximum(state + weights["layers.0.bias"], 0)


def logits(weights: Weights, state: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = weights["head.weight"] @ state + weights["head.bias"]
    return found


def mean_of_halves(score: Callable[[Input, Input], bool]) -> Fraction:
    halves: dict[bool, list[bool]] = {True: [], False: []}
    for base, source in itertools.product(INPUTS, repeat=2):
        halves[(base[1] >= 2) != (source[1] >= 2)].append(score(base, source))
    return sum((Fraction(sum(half), len(half)) for half in halves.values()), Fraction(0)) / 2


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_change_is_one_of_what_the_task_calls_the_answer(answer: str, tmp_path: Path) -> None:
    weights, said = drawn(), ANSWERS[answer]
    claims = """
claim input: change(w -> late) >= 0.01 exhaustively
claim part: change(hidden[1][0..1] -> late) >= 0.01 exhaustively
"""

    def part(base: Input, source: Input) -> bool:
        own, other = layer(weights, base), layer(weights, source)
        mixed = np.concatenate([other[:2], own[2:]])
        return said(logits(weights, mixed)) != said(logits(weights, own))

    def whole(one: Input) -> int:
        return said(logits(weights, layer(weights, one)))

    wanted = {
        "input": mean_of_halves(lambda b, s: whole((s[0], b[1])) != whole(b)),
        "part": mean_of_halves(part),
    }
    for engine in ("fused", "hooks", "pyvene"):
        found = verify(weights, answer, claims, tmp_path, "--engine", engine, "--store", str(tmp_path / engine))
        assert {name: Fraction(row["exact"]) for name, row in found.items()} == wanted, engine


@pytest.mark.parametrize(("answer", "neurons"), [("", (1, Fraction(1, 2))), (" among answers", (0, 1))])
def test_among_answers_what_else_could_be_said_is_no_change(
    answer: str, neurons: tuple[int, Fraction], tmp_path: Path
) -> None:
    """Of the four values of both neurons: whether turning the first, and the second one, changes the answer."""
    claims = """
claim first: change({hidden[1][0] := 1 - hidden[1][0]} -> late) <= 0.99 exhaustively
claim second: change({hidden[1][1] := 1 - hidden[1][1]} -> late) <= 0.99 exhaustively
claim best: change({found := 1 - found} -> late) <= 0.99 exhaustively
"""
    rows = verify(WIRED, "{ false: 0, true: 1 }" + answer, claims, tmp_path)
    assert (Fraction(rows["first"]["exact"]), Fraction(rows["second"]["exact"])) == neurons
    assert Fraction(rows["best"]["exact"]) == 1, "the circuit is chosen by the same reading"


@pytest.mark.parametrize(("answer", "version"), zip(ANSWERS, (1, 2), strict=True))
def test_only_a_change_that_is_read_otherwise_has_another_definition(answer: str, version: int, tmp_path: Path) -> None:
    claims = """
claim changed: change(w -> late) <= 0.99 exhaustively
claim correct: change(w -> correct) <= 0.99 exhaustively
claim gained: effect(w -> late) <= 0.99 exhaustively
"""
    rows = verify(drawn(), answer, claims, tmp_path)
    assert {name: row["version"] for name, row in rows.items()} == {"changed": version, "correct": 1, "gained": 1}
