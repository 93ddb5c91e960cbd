"""Splits in which hardly an input lies: whatever `test` lacks, a whole domain's claim learns on `fit`, or says so."""

import json
from pathlib import Path

import numpy as np
import pytest
from cspec.tests.command_line import run
from safetensors.numpy import save_file

SPEC = """
task both {
  input  a, b: bool
  output out: bool
  tokens [a, b]
  answer out: { false: 0, true: 1 }
}
model conjunction for both { first = a  out = first and b }
network net = torch("net.safetensors") ungated
align whole: conjunction -> net over main { first at hidden[1][0] }
pairs main for both { split SHARES }
"""
CLAIMS = (
    "effect({hidden[1] := mean(hidden[1])} -> out) <= 0.99",
    "effect({whole.first := 1} -> out) <= 0.99",
    "change(b -> whole.first) <= 0.99",
)


def spec_of(folder: Path, shares: str, claim: str) -> Path:
    """Units 0 and 1 of layer 1 are the symbols, and the network says both."""
    config = {"architecture": "mlp", "vocab": 2, "inputs": 2, "embed": 1, "hidden": [2], "classes": 2}
    tensors = {
        "embed.weight": [[0], [1]],
        "layers.0.weight": [[1, 0], [0, 1]],
        "layers.0.bias": [0, 0],
        "head.weight": [[-2, -2], [2, 2]],
        "head.bias": [3, -3],
    }
    arrays = {name: np.array(value, dtype=np.float32) for name, value in tensors.items()}
    save_file(arrays, folder / "net.safetensors", metadata={"cspec.config": json.dumps(config)})
    (path := folder / "s.cspec").write_text(SPEC.replace("SHARES", shares) + f"claim c: {claim} exhaustively\n")
    return path


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("shares", [".999 .0005 .0005", ".7 .1 .2"])
def test_what_fit_gives_is_learned_on_whatever_test_lacks(claim: str, shares: str, tmp_path: Path) -> None:
    done = run("verify", spec_of(tmp_path, shares, claim), "--json", "--store", tmp_path / "store")
    (verdict,) = done.document["result"]["verdicts"]
    assert verdict["outcome"] == "holds", verdict
    assert done.status == 0


@pytest.mark.parametrize("claim", CLAIMS)
def test_where_fit_has_no_input_nothing_is_learned(claim: str, tmp_path: Path) -> None:
    done = run("verify", spec_of(tmp_path, ".0005 .0005 .999", claim))
    assert done.status == 2
    assert "error[CS432]: no item of the `fit` split can be drawn" in done.err


@pytest.mark.parametrize("family", ["rotation size 1", "pca size 1"])
def test_without_inputs_to_score_maps_on_none_is_fitted(family: str, tmp_path: Path) -> None:
    spec = spec_of(tmp_path, ".999 .0005 .0005", f"iia(whole via {family}) >= 0.1")
    done = run("verify", spec)
    assert done.status == 2
    assert "error[CS432]: no item of the `select` split can be drawn" in done.err


@pytest.mark.parametrize("claim", ["iia(whole on random(net)) >= 0.1", "iia(whole from other) >= 0.1"])
def test_without_inputs_to_choose_by_no_random_network_is_chosen(claim: str, tmp_path: Path) -> None:
    """Beside `from` random networks are drawn as a control."""
    spec = spec_of(tmp_path, ".999 .0005 .0005", claim)
    spec.write_text(f"{spec.read_text()}align other: conjunction -> net over main {{ first at hidden[1] }}\n")
    done = run("verify", spec)
    assert done.status == 2
    assert "on which one of several random networks is chosen" in " ".join(done.err.split())


def test_where_no_leak_could_show_isolate_says_so(tmp_path: Path) -> None:
    """Where the variable is the output, an output that stays is that of the source."""
    spec = spec_of(tmp_path, ".6 .2 .2", "isolate(whole) >= 0.5")
    spec.write_text(spec.read_text().replace("first and b", "first"))
    done = run("check", spec)
    assert done.status == 2
    assert "wherever interchanging `first` keeps the output, the sources have it, too" in " ".join(done.err.split())
