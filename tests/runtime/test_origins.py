"""Sources that are read in another network: on networks wired by hand, every item against plain Python, exactly."""

import contextlib
import itertools
import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cspec.tests.command_line import run as run_command
from safetensors.numpy import load_file, save_file

from .tools import EQUALITY, SYMBOLS, WIRED, Input, answer, layer

SPEC = (
    EQUALITY
    + """
network wired   = torch("wired.safetensors")
network wide    = torch("wide.safetensors")
network lacking = torch("lacking.safetensors")
align decided: equalities -> wired   { left at hidden[2][0]     right at hidden[2][1] }
align spread:  equalities -> wide    { left at hidden[3][0..1]  right at hidden[3][2..4] }
align without: equalities -> lacking { left at hidden[3][0..1]  right at hidden[3][2..4] }
align turned:  equalities -> wide    { left, right at hidden[3] via rotation size 2 fit { seeds: 1 steps: 60 } }
"""
)


def write_networks(folder: Path) -> None:
    """`wired` decides in two neurons; `wide` says so in five of another basis; `lacking` says `w == x` in all five."""
    shutil.copy(WIRED, folder)
    wired = load_file(WIRED)
    # of (left, right): 3 - 2 left, 1 + left | right, 4 - 3 right, 2
    weights = np.array([[-2, 0], [1, 0], [0, 1], [0, -3], [0, 0]])
    bias, back = np.array([3, 1, 0, 4, 2]), np.array([[0, 1, -1, 0, 0], [0, -1, 1, 0, 0]])
    for name, way in (("wide", weights), ("lacking", np.stack([weights.sum(1), 0 * bias], 1))):
        tensors = {key: wired[key] for key in wired if key[:8] not in ("layers.2",)} | {
            "layers.2.weight": way,
            "layers.2.bias": bias,
            "layers.3.weight": back,
            "layers.3.bias": np.array([-1, 1]),
        }
        config = {"architecture": "mlp", "vocab": 64, "inputs": 4, "embed": 6, "hidden": [24, 2, 5, 2], "classes": 2}
        plain = {key: np.ascontiguousarray(tensor, dtype=np.float32) for key, tensor in tensors.items()}
        save_file(plain, folder / f"{name}.safetensors", metadata={"cspec.config": json.dumps(config)})


def verify(claim: str, folder: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    write_networks(folder)
    (path := folder / "f.cspec").write_text(SPEC + claim)
    done = run_command("verify", path, "--json", *more)
    return done.status, done.document if done.out else {}, done.err


def verdict(claim: str, folder: Path, *more: str) -> dict[str, Any]:
    _, document, err = verify(claim, folder, *more)
    assert document, err
    found: dict[str, Any] = document["result"]["verdicts"][0]
    return found


def agreement(said: Callable[[Input, Input], bool]) -> Fraction:
    """How often a network whose `right` is set says what the model says, the two halves with equal weight."""
    inputs = list(itertools.product(SYMBOLS, repeat=4))
    halves: dict[bool, list[bool]] = {True: [], False: []}
    for base, source in itertools.product(inputs, repeat=2):
        wanted = answer((layer(base)[0], layer(source)[1]))
        halves[wanted != answer(layer(base))].append(said(base, source) == wanted)
    return sum((Fraction(sum(half), len(half)) for half in halves.values()), Fraction(0)) / 2


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
@pytest.mark.parametrize("text", ["decided from spread", "spread from decided", "decided.right from spread"])
def test_the_same_variables_in_another_basis_and_width_are_interchanged_exactly(
    text: str, engine: str, tmp_path: Path
) -> None:
    if engine == "pyvene":
        pytest.importorskip("pyvene")
    found = verdict(f"claim c: iia({text}) >= 0.9 exhaustively\n", tmp_path, "--engine", engine)
    assert found["outcome"] == "holds", found
    assert Fraction(found["quantities"][0]["exact"]) == 1


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
def test_what_the_other_network_lacks_is_at_chance(engine: str, tmp_path: Path) -> None:
    """Nothing there tells `right`: the affine map gives about its mean, 1/3, which `wired` takes for false."""
    if engine == "pyvene":
        pytest.importorskip("pyvene")
    claim = "claim c: iia(decided.right from without) >= 0.9 exhaustively\n"
    found = verdict(claim, tmp_path, "--engine", engine)
    assert found["outcome"] == "unsupported", found
    assert Fraction(found["quantities"][0]["exact"]) == agreement(lambda base, _: answer((layer(base)[0], False)))


def test_maps_of_both_networks_are_fitted_first_and_controlled_together(tmp_path: Path) -> None:
    """`turned` finds the variables in all that `wide` has of them, so that hardly a random subspace lacks them."""
    pairs = "pairs main for equality { size 4_000 balanced left, right }\n"
    wide = SPEC.replace("0..2\n", "0..63\n").replace(" { left", " over main { left") + pairs
    write_networks(tmp_path)
    (path := tmp_path / "f.cspec").write_text(wide + "claim c: iia(turned from decided) >= 0.9\n")
    done = run_command("verify", path, "--json")
    assert done.status == 0
    (found,) = done.document["result"]["verdicts"]
    assert found["quantities"][0]["estimate"] == 1
    assert found["quantities"][0]["families"] == ["rotation", "identity", "linear"]
    met = {row["name"]: row["met"] for row in found["controls"]}
    for name in ("random subspace", "scrambled model", "random networks", "random origin"):
        assert met[name] is True, name


EARLY = """
task halves {
  input  w, x: 0..7
  output same: bool
  tokens [w, x]
  answer same: { false: 0, true: 1 }
}
model sides for halves {
  low:  bool = w < 4
  same = low == (x < 4)
}
network told  = torch("told.safetensors")
network early = torch("early.safetensors")
align held:    sides -> told  { low at hidden[1][0] }
align carried: sides -> early { low at hidden[1] }
"""


def test_where_untrained_networks_serve_as_well_the_map_brings_the_answer(tmp_path: Path) -> None:
    """Any function of a symbol is linear in its embedding, trained or not, if that is as wide as there are symbols."""
    low, eye = np.arange(8) < 4, np.eye(8)
    decide = {
        "layers.1.weight": np.array([[1, -1], [-1, 1]]),
        "layers.1.bias": np.zeros(2),
        "head.weight": 4 * np.array([[1, 1], [-1, -1]]),
        "head.bias": np.array([-2, 2]),
    }
    told = {"embed.weight": low[:, None], "layers.0.weight": np.eye(2), "layers.0.bias": np.zeros(2), **decide}
    first = np.concatenate([np.eye(16), -np.eye(16)])
    early = {"embed.weight": eye, "layers.0.weight": first, "layers.0.bias": np.zeros(32), **decide}
    early["layers.1.weight"] = decide["layers.1.weight"] @ np.kron(np.eye(2), low) @ np.eye(16, 32)
    for name, tensors, embed, width in (("told", told, 1, 2), ("early", early, 8, 32)):
        config = {"architecture": "mlp", "vocab": 8, "inputs": 2, "embed": embed, "hidden": [width, 2], "classes": 2}
        plain = {key: np.ascontiguousarray(tensor, dtype=np.float32) for key, tensor in tensors.items()}
        save_file(plain, tmp_path / f"{name}.safetensors", metadata={"cspec.config": json.dumps(config)})
    (path := tmp_path / "f.cspec").write_text(EARLY + "claim c: iia(held from carried) >= 0.9 exhaustively\n")
    done = run_command("verify", path, "--json")
    (found,) = done.document["result"]["verdicts"]
    assert Fraction(found["quantities"][0]["exact"]) == 1
    assert (found["outcome"], found["reason"]) == ("inconclusive", "vacuous: random origin")


def test_a_counterexample_comes_out_again_with_its_source_in_the_other_network(tmp_path: Path) -> None:
    verdict("claim c: iia(decided.right from without) >= 0.9 exhaustively\n", tmp_path)
    with contextlib.chdir(tmp_path):
        done = run_command("replay", "f.cspec#1")
    assert done.status == 0
    assert "as the result says" in done.out
