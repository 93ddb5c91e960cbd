"""Sparse autoencoders as maps, from the command line, on networks wired by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from .tools import PAIRS, learned, run, sampled, small

WHOLE = """
align one: both_equalities -> net { left at hidden[2] via sae("f.safetensors") }
claim carried: iia(one.left) CLAIM
"""
CHOSEN = """
align some: both_equalities -> net over main {
  left, right at hidden[2] via sae("f.safetensors") size SIZE
  fit { steps: 150, batch: 64, rate: 0.1, seeds: 2 }
}
claim found: iia(some) >= 0.95
settings { controls { random: 1 } }
"""


def save(path: Path, encoder: list[list[float]], decoder: list[list[float]], bias: float = 0.0) -> None:
    """An autoencoder of two dims; with a bias its decoder's is taken off what the encoder reads."""
    width, features = np.shape(encoder)
    tensors = {
        "W_enc": np.array(encoder),
        "b_enc": np.zeros(features),
        "W_dec": np.array(decoder),
        "b_dec": np.full(width, bias),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.astype(np.float32) for name, tensor in tensors.items()}, path)


def exact(spec: Path, engine: str) -> str:
    done = run("verify", spec, "--json", "--engine", engine)
    (verdict,) = done.document["result"]["verdicts"]
    found: str = verdict["quantities"][0]["exact"]
    return found


@pytest.mark.parametrize("engine", ["fused", "hooks", "pyvene"])
def test_what_an_autoencoder_does_not_rebuild_stays(tmp_path: Path, engine: str) -> None:
    """Its one feature is the neuron of `left`; the other neuron is its error, and the base's own."""
    spec = small(tmp_path, PAIRS + WHOLE.replace("CLAIM", "== 1 exhaustively").replace("-> net", "-> net over main"))
    save(tmp_path / "f.safetensors", [[1], [0]], [[1, 0]])
    assert exact(spec, engine) == "1"
    # the other neuron's: exactly what exchanging that neuron gives
    save(tmp_path / "f.safetensors", [[0], [1]], [[0, 1]])
    other = exact(spec, engine)
    neuron = spec.read_text().replace('hidden[2] via sae("f.safetensors")', "hidden[2][1]")
    (tmp_path / "neuron.cspec").write_text(neuron)
    assert other == exact(tmp_path / "neuron.cspec", engine) != "1"


@pytest.mark.parametrize("size", ["1", "learned"])
def test_the_features_that_hold_the_variables_are_found(tmp_path: Path, size: str) -> None:
    """Two of twelve features are the neurons that hold the variables; the others are always 0."""
    spec = sampled(tmp_path, CHOSEN.replace("SIZE", size))
    encoder, decoder = np.zeros((2, 12)), np.zeros((12, 2))
    encoder[0, 5] = encoder[1, 9] = decoder[5, 0] = decoder[9, 1] = 1
    save(tmp_path / "f.safetensors", encoder.tolist(), decoder.tolist())
    found = []
    for engine in ("fused", "hooks"):
        done = run("verify", spec, "--json", "--engine", engine, "--store", tmp_path / engine)
        verdict = done.document["result"]["verdicts"][0]
        assert verdict["outcome"] == "holds", done.err
        found.append([[cell["right"], cell["n"]] for cell in verdict["quantities"][0]["cells"]])
    assert found[0] == found[1]


def test_the_files_content_and_not_its_name_is_what_results_depend_on(tmp_path: Path) -> None:
    spec, store = sampled(tmp_path, CHOSEN.replace("SIZE", "1")), tmp_path / "store"
    save(tmp_path / "f.safetensors", [[1, 0], [0, 1]], [[1, 0], [0, 1]])

    def plan_key(name: str) -> str:
        spec.write_text(spec.read_text().replace("f.safetensors", name))
        done = run("compile", spec, "--emit", "plan", "--json")
        assert done.err == ""
        return json.dumps([row["key"] for row in done.document["plan"]["steps"] if row["kind"] == "Fit"])

    first = plan_key("f.safetensors")
    (tmp_path / "g.safetensors").write_bytes((tmp_path / "f.safetensors").read_bytes())
    assert run("lock", spec).status == 0
    save(tmp_path / "f.safetensors", [[1, 0], [0, 1]], [[1, 0], [0, 2]])
    assert plan_key("f.safetensors") != first
    assert not store.exists()


def test_a_counterexample_of_an_autoencoder_is_replayed(tmp_path: Path) -> None:
    """Its one feature is the neuron of `right`, so that exchanging it as `left` goes wrong, again and again."""
    claim = WHOLE.replace("CLAIM", "== 1 exhaustively").replace("-> net", "-> net over main")
    spec = small(tmp_path, PAIRS + claim)
    save(tmp_path / "f.safetensors", [[0], [1]], [[0, 1]])
    assert run("verify", spec).status == 1
    replayed = run("replay", f"{spec}#1")
    assert (replayed.status, replayed.err) == (0, "")
    assert replayed.out.splitlines()[-1].endswith(": as the result says")
    # another autoencoder in the file's place is noticed
    save(tmp_path / "f.safetensors", [[1], [0]], [[1, 0]])
    assert run("replay", f"{spec}#1").status != 0


def test_a_spec_with_an_autoencoder_is_priced_and_locked_and_no_script_repeats_it(tmp_path: Path) -> None:
    spec = sampled(tmp_path, CHOSEN.replace("SIZE", "1"))
    save(tmp_path / "f.safetensors", [[1, 0], [0, 1]], [[1, 0], [0, 1]])
    assert run("lock", spec).status == 0
    done = run("verify", spec, "--store", tmp_path / "store")
    assert done.status == 0, done.err
    assert 'sae("f.safetensors")' in done.out
    assert run("plan", spec).status == 0
    emitted = run("compile", spec, "--emit", "pyvene", "--store", tmp_path / "store")
    assert emitted.status != 0
    assert 'maps of the family `sae("f.safetensors")` are not pyvene\'s' in emitted.err


def test_two_variables_need_features_for_both(tmp_path: Path) -> None:
    spec = sampled(tmp_path, CHOSEN.replace("SIZE", "2"))
    save(tmp_path / "f.safetensors", [[1, 0, 0], [0, 1, 0]], [[1, 0], [0, 1], [0, 0]])
    refused = run("check", spec)
    assert refused.status == 2
    assert "it has 3 features, and `left`, `right` need 4" in refused.err


def test_maps_that_an_estimand_replaces_are_checked_and_run(tmp_path: Path) -> None:
    body = learned() + 'claim other: iia(das via sae("f.safetensors") size 1) >= 0.95\n'
    spec = sampled(tmp_path, body)
    refused = run("check", spec)
    assert "error[CS502]: the autoencoder `f.safetensors` cannot be used" in refused.err
    save(tmp_path / "f.safetensors", [[1, 0], [0, 1]], [[1, 0], [0, 1]], bias=-1.0)
    done = run("verify", spec, "--json")
    assert done.document["result"]["verdicts"][0]["outcome"] == "holds"
