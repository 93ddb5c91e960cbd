"""What a run sets a place to: draws unit by unit, noise, other places, other networks; on networks wired by hand."""

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cspec.tests.command_line import run as run_command
from safetensors.numpy import load_file, save_file

from .tools import EQUALITY, WIRED, answer, layer, outputs_differ, weighted

SPEC = (
    EQUALITY
    + """
network wired     = torch("wired.safetensors")
network exchanged = torch("exchanged.safetensors")
circuit both = { hidden[2][0], hidden[2][1] }
circuit turned = { hidden[2][1], hidden[2][0] }
circuit deep = { hidden[3], hidden[2][0] }
"""
)

COPIES = """
task sides {
  input  w, x: 0..63
  output late: bool
  tokens [w, x]
  answer late: { false: 0, true: 1 }
}
model plain for sides { late = x >= 32 }
network copied = torch("copied.safetensors")
circuit copies = { hidden[1][0], hidden[1][1] }
"""
"""`copied` holds `w < 16` twice, and turns its answer round where the two differ: an XOR-masked copy of nothing."""


def write_networks(folder: Path) -> None:
    """`wired`; `exchanged`, the same with the two neurons of layer 2 exchanged; `copied`."""
    shutil.copy(WIRED, folder)
    tensors = load_file(WIRED)
    for name, axis in (("layers.1.weight", 0), ("layers.1.bias", 0), ("layers.2.weight", 1)):
        tensors[name] = np.ascontiguousarray(np.flip(tensors[name], axis))
    config = {"architecture": "mlp", "vocab": 64, "inputs": 4, "embed": 6, "hidden": [24, 2, 2], "classes": 2}
    save_file(tensors, folder / "exchanged.safetensors", metadata={"cspec.config": json.dumps(config)})
    values = np.arange(64)
    copied = {
        "embed.weight": np.stack([values < 16, values >= 32], 1),
        "layers.0.weight": np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]),
        "layers.0.bias": np.zeros(3),
        "layers.1.weight": np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 1]]),
        "layers.1.bias": np.zeros(3),
        "layers.2.weight": np.array([[1, 1, 1], [1, 1, 1]]),
        "layers.2.bias": np.array([0, -1]),
        "head.weight": np.array([[-2, 4], [2, -4]]),
        "head.bias": np.array([1, -1]),
    }
    config = {"architecture": "mlp", "vocab": 64, "inputs": 2, "embed": 2, "hidden": [3, 3, 2], "classes": 2}
    plain = {name: tensor.astype(np.float32) for name, tensor in copied.items()}
    save_file(plain, folder / "copied.safetensors", metadata={"cspec.config": json.dumps(config)})


def verify(spec: str, folder: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    write_networks(folder)
    (path := folder / "e.cspec").write_text(spec)
    done = run_command("verify", path, "--json", *more)
    return done.status, done.document, done.err


def quantity(spec: str, folder: Path, *more: str) -> dict[str, Any]:
    (verdict,) = verify(spec, folder, *more)[1]["result"]["verdicts"]
    found: dict[str, Any] = verdict["quantities"][0]
    return found


CASES = [
    ("hidden[2][0] := hidden[2][1]", lambda b, s: (layer(b)[1], layer(b)[1])),
    ("hidden[2][0] := hidden[2][0] on exchanged", lambda b, s: (layer(b)[1], layer(b)[1])),
    ("hidden[2] := hidden[2] on exchanged", lambda b, s: (layer(b)[1], layer(b)[0])),
    ("both := turned", lambda b, s: (layer(b)[1], layer(b)[0])),
    ("both := hidden[2][1]", lambda b, s: (layer(b)[1], layer(b)[1])),
    ("both := both on exchanged", lambda b, s: (layer(b)[1], layer(b)[0])),
    ("hidden[2][0] := 1 - hidden[2][1]", lambda b, s: (not layer(b)[1], layer(b)[1])),
    ("hidden[2][0] := hidden[2][0] + source - hidden[2][0] on exchanged", lambda b, s: None),
    ("hidden[1] := source, hidden[2][0] := hidden[2][1]", lambda b, s: (layer(s)[1], layer(s)[1])),
    ("hidden[2][0] := 0 * mean(hidden[2][1]) + hidden[2][1]", lambda b, s: (layer(b)[1], layer(b)[1])),
    ("deep := 0 - deep", lambda b, s: (True, True)),
]


def sum_of(base: Any, source: Any) -> bool:
    """The answer where the first neuron holds left + left of the source - right: 4 |left - right| is below 2."""
    (left, right), (other, _) = layer(base), layer(source)
    return abs(left + other - right - right) < 0.5


@pytest.mark.parametrize(("text", "set_to"), CASES, ids=[text for text, _ in CASES])
def test_a_value_of_another_place_is_what_plain_python_counts(text: str, set_to: Any, tmp_path: Path) -> None:
    def changed(base: Any, source: Any) -> int:
        pair = set_to(base, source)
        said = sum_of(base, source) if pair is None else answer(pair)
        return int(said != answer(layer(base)))

    spec = f"{SPEC}claim c: change({{{text}}} -> same on wired) >= 0.0001 exhaustively\n"
    assert Fraction(quantity(spec, tmp_path)["exact"]) == weighted(changed, outputs_differ)
    for engine in ("hooks", "pyvene"):
        assert quantity(spec, tmp_path, "--engine", engine)["exact"] == quantity(spec, tmp_path)["exact"]


def test_units_from_one_donor_and_units_each_from_its_own_are_different_laws(tmp_path: Path) -> None:
    """Both copies of one donor agree, whoever it is; two donors disagree with probability 2 * 1/4 * 3/4."""
    pairs = "pairs main for sides { size 4_000 }\n"
    spec = f"{COPIES}{pairs}claim c: change({{copies := VALUE}} -> late) <= 0.9999 exhaustively\n"
    fewer = spec.replace("w, x: 0..63", "w, x: 0..35")
    assert quantity(fewer.replace("VALUE", "source"), tmp_path)["exact"] == "0"
    drawn = spec.replace("VALUE", "shuffled").replace("<= 0.9999 exhaustively", "== 0.375 +- 0.0001")
    found = quantity(drawn, tmp_path)
    assert found["low"] < 0.375 < found["high"]
    assert found["n"] >= 200
    assert abs(found["estimate"] - 0.375) < 0.08
    for engine in ("hooks", "pyvene"):
        other = quantity(drawn, tmp_path, "--engine", engine, "--store", str(tmp_path / engine))
        assert other["right"] == found["right"]


def test_draws_do_not_depend_on_how_many_items_there_are(tmp_path: Path) -> None:
    pairs = "pairs main for sides { size 4_000 }\nsettings { budget: BUDGET }\n"
    claim = "claim c: change({copies := shuffled} -> late) == 0.375 +- 0.0001\n"
    found = {}
    for budget in (300, 400):
        (folder := tmp_path / str(budget)).mkdir()
        found[budget] = quantity(COPIES + pairs.replace("BUDGET", str(budget)) + claim, folder)
        assert found[budget]["n"] == budget
    assert 0 <= found[400]["right"] - found[300]["right"] <= 100
    store = tmp_path / "400"
    shutil.copytree(tmp_path / "300" / ".cspec", store / "again")
    (store / "continued").mkdir()
    more = quantity(
        COPIES + pairs.replace("BUDGET", "400") + claim, store / "continued", "--store", str(store / "again")
    )
    assert more["right"] == found[400]["right"]


@pytest.mark.parametrize(("sigma", "least", "most"), [("0.0001", 0, 0), ("1000", 0.3, 0.7)])
def test_noise_is_as_large_as_it_says(sigma: str, least: float, most: float, tmp_path: Path) -> None:
    pairs = "pairs main for sides { size 4_000 }\n"
    value = f"hidden[3] + noise({sigma})"
    spec = f"{COPIES}{pairs}claim c: change({{hidden[3] := {value}}} -> late) <= 0.99\n"
    found = quantity(spec, tmp_path)
    assert least <= found["estimate"] <= most
    for engine in ("hooks", "pyvene"):
        other = quantity(spec, tmp_path, "--engine", engine, "--store", str(tmp_path / engine))
        assert other["right"] == found["right"]


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("hidden[2] := hidden[1]", "CS476"),
        ("hidden[2] := hidden[2][0]", "CS476"),
        ("both := hidden[2]", "CS476"),
        ("hidden[2] := mean(hidden[1])", "CS476"),
        ("hidden[1][0..1] := hidden[2]", "CS477"),
        ("hidden[2][0] := hidden[2][7] on exchanged", "CS321"),
        ("hidden[2] := hidden[2] on random(exchanged)", "CS480"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_where_it_stands(setting: str, code: str, tmp_path: Path) -> None:
    status, document, _ = verify(f"{SPEC}claim c: change({{{setting}}} -> same on wired) <= 0.9\n", tmp_path)
    assert status == 2
    assert [d["code"] for d in document["diagnostics"] if d["severity"] == "error"] == [code]


@pytest.mark.parametrize(
    ("claim", "use"),
    [
        ("effect({hidden[1][0] := 2 * mean(hidden[1][0])} -> late) >= 0.1 exhaustively", "over which means are taken"),
        ("effect({hidden[1][0] := mean(hidden[1][1])} -> late) >= 0.1", "over which means are taken"),
        ("effect({hidden[1][0] := shuffled} -> late) >= 0.1", "of which `shuffled` draws"),
    ],
)
def test_without_an_input_of_fit_no_value_is_made_of_them(claim: str, use: str, tmp_path: Path) -> None:
    spec = f"{COPIES}claim c: {claim}\npairs few for sides {{ split .00001 .49999 .5 }}\n"
    status, document, _ = verify(spec, tmp_path)
    (found,) = (each for each in document["diagnostics"] if each["severity"] == "error")
    assert (status, found["code"]) == (2, "CS432")
    assert found["message"].endswith(use)


def test_a_network_of_other_widths_gives_the_dims_that_are_named(tmp_path: Path) -> None:
    """`wider` is `wired` with a third neuron at layer 2 that nothing reads: two of its dims are those of `wired`."""
    write_networks(tmp_path)
    tensors = load_file(WIRED)
    for name in ("layers.1.weight", "layers.1.bias"):
        tensors[name] = np.concatenate([tensors[name], np.ones_like(tensors[name][:1])])
    tensors["layers.2.weight"] = np.pad(tensors["layers.2.weight"], ((0, 0), (0, 1)))
    config = {"architecture": "mlp", "vocab": 64, "inputs": 4, "embed": 6, "hidden": [24, 3, 2], "classes": 2}
    save_file(tensors, tmp_path / "wider.safetensors", metadata={"cspec.config": json.dumps(config)})
    (spec := tmp_path / "w.cspec").write_text(
        f"""{SPEC}network wider = torch("wider.safetensors")
align two: equalities -> wider {{ left at hidden[2][0]  right at hidden[2][1] via rotation size 1
  fit {{ steps: 2  seeds: 1 }} }}
align all: equalities -> wider {{ left at hidden[2] via rotation size 1 }}
claim same:  change({{hidden[2][0] := hidden[2][0] on wired}} -> same on wider) <= 0.1 exhaustively
claim block: change({{two.left := two.left on wired}} -> same on wider) <= 0.1 exhaustively
claim moved: change({{hidden[2][0] := hidden[2][0] on exchanged}} -> same on wider) >= 0.1 exhaustively
"""
    )
    for engine in ("fused", "hooks", "pyvene"):
        done = run_command("verify", spec, "--json", "--engine", engine).document["result"]["verdicts"]
        found = {verdict["name"]: Fraction(verdict["quantities"][0]["exact"]) for verdict in done}
        assert (found["same"], found["block"]) == (0, 0)
        layers_differ = weighted(
            lambda b, s: int(answer((layer(b)[1], layer(b)[1])) != answer(layer(b))), outputs_differ
        )
        assert found["moved"] == layers_differ
    spec.write_text(spec.read_text() + "claim map: change({all.left := all.left on wired} -> same on wider) <= 0.9\n")
    refused = run_command("check", spec, "--json")
    assert [d["code"] for d in refused.document["diagnostics"] if d["severity"] == "error"] == ["CS476"]
