"""What `cspec verify` says of claims that do not hold, on networks whose disagreements are known by a theorem."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cspec.cli.documents import Document
from cspec.runtime.results.result_document import load_result, read_result, write_result

from .tools import (
    DIFFERENCES,
    GALLERY,
    SAMPLED_HEAD,
    artifacts,
    learned,
    run,
    sampled,
    save_network,
    small,
    wire_many,
    write,
)

EXCHANGED = GALLERY / "exchanged.cspec"
REGION_ALIGN = """
align decided: both_equalities -> net {
  left  at hidden[2][0] via identity
  right at hidden[2][1] via identity
}
"""
FAILS = "claim fails: cause(decided.right) >= 0.9\n"


def diagnoses(spec: Path, store: Path) -> dict[str, list[dict[str, Any]]]:
    """The diagnoses of every claim, as JSON."""
    result = run("verify", spec, "--store", store, "--json").document["result"]
    return {verdict["name"]: verdict["diagnosis"] for verdict in result["verdicts"]}


def block(text: str, name: str) -> list[str]:
    """The lines of one verdict."""
    (found,) = (part for part in text.split("\n\n") if part.startswith(f"{name}: "))
    return found.splitlines()


def two_copies(folder: Path) -> Path:
    """A network that decides right, and reads `right` in hidden[2][1] only where `left` is false.

    Where `left` is true it reads a second copy, hidden[2][2]: an interchange of hidden[2][1] alone then does nothing.
    """
    from safetensors.numpy import load_file

    folder.mkdir(parents=True, exist_ok=True)
    net = folder / "net.safetensors"
    wire_many(net)
    tensors = load_file(net)
    tensors["layers.1.weight"] = tensors["layers.1.weight"][[0, 1, 1]]
    tensors["layers.1.bias"] = np.ones(3)
    tensors["layers.2.weight"] = np.array([[1, 0, 1], [-1, -1, 0]])  # left and right; neither left nor right
    tensors["layers.2.bias"] = np.array([-1, 1])
    tensors["head.weight"] = np.array([[-4, -4], [4, 4]])
    tensors["head.bias"] = np.array([2, -2])
    save_network(net, tensors, {"vocab": 64, "embed": 6, "hidden": [24, 3, 2], "frozen": ["embed.weight"]})
    return write(folder / "spec.cspec", SAMPLED_HEAD + REGION_ALIGN + FAILS)


def equalities(values: dict[str, str]) -> tuple[bool, bool]:
    return values["w"] == values["x"], values["y"] == values["z"]


# --- the exchanged alignment: what the model and the network make of every item is known -----------------------------


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The one diagnosis of the gallery's exchanged alignment."""
    found = diagnoses(EXCHANGED, tmp_path_factory.mktemp("store"))
    assert {name: len(list_of) for name, list_of in found.items()} == {"solves": 0, "wrong": 1, "alone": 0, "joint": 0}
    (diagnosis,) = found["wrong"]
    assert isinstance(diagnosis, dict)
    return diagnosis


def test_counterexamples_of_the_exchanged_alignment_are_right(exchanged: dict[str, Any]) -> None:
    """The network takes the source's *other* equality, and puts it where the other variable is."""
    assert [c["number"] for c in exchanged["counterexamples"]] == [1, 2, 3, 4, 5]
    for c in exchanged["counterexamples"]:
        (variable,), base = c["set"], equalities(c["base"])
        source = equalities(c["sources"][variable])
        index = ("left", "right").index(variable)
        model, network = list(base), list(base)
        model[index] = source[index]
        network[1 - index] = source[1 - index]
        words = {True: "true", False: "false"}
        assert c["model_before"] == c["network_before"] == words[base[0] == base[1]]
        assert c["model_after"] == words[model[0] == model[1]]
        assert c["network_after"] == words[network[0] == network[1]] != c["model_after"]
        assert c["half"] == ("keeping" if c["model_after"] == c["model_before"] else "changing")
        assert c["changes"] == [{"variable": variable, "base": words[base[index]], "source": words[source[index]]}]


def test_counterexamples_are_as_small_as_any_can_be(exchanged: dict[str, Any]) -> None:
    """One variable, one input that differs; less changes nothing. Both halves are there."""
    for c in exchanged["counterexamples"]:
        (source,) = c["sources"].values()
        assert sum(source[name] != c["base"][name] for name in "wxyz") == 1
    assert {c["half"] for c in exchanged["counterexamples"]} == {"changing", "keeping"}
    assert exchanged["counterexamples"][0]["base"] == dict.fromkeys("wxyz", "0")


def test_regions_of_the_exchanged_alignment_are_the_theorem(exchanged: dict[str, Any]) -> None:
    """Model: left(s) == right(t); network: left(t) == right(s). They differ exactly where same(s) and same(t) do."""
    regions = exchanged["regions"]
    assert regions["held_out_accuracy"] == 1
    assert [(set(r["where"]), r["estimate"]) for r in sorted(regions["regions"], key=lambda r: sorted(r["where"]))] == [
        ({f"same is {s} on the source of left", f"same is {t} on the source of right"}, float(s == t))
        for s in ("false", "true")
        for t in ("false", "true")
    ]
    assert exchanged["sampled"]
    assert sum(r["n"] for r in regions["regions"]) == exchanged["looked_at"] // 2


def test_an_expected_refutation_is_diagnosed_only_where_asked(tmp_path: Path) -> None:
    short = run("verify", EXCHANGED, "--store", tmp_path)
    assert (short.status, "#1" in short.out) == (0, False)
    whole = run("verify", EXCHANGED, "--store", tmp_path, "--diagnose")
    assert whole.status == 0
    for number in range(1, 6):
        assert f"      #{number} base w = 0" in whole.out
    assert "regions, each a new claim for fresh items (held out 1.000, majority 0." in whole.out
    assert max(map(len, whole.out.splitlines())) <= 80


def test_an_unexpected_one_is_diagnosed_in_twelve_lines(tmp_path: Path) -> None:
    claim = "claim wrong: iia(exchanged) >= 0.9 and iia(exchanged.left) >= 0.9 exhaustively\n"
    exchanged = DIFFERENCES.replace("differences", "exchanged").replace("0..3", "?").replace("4..7", "0..3")
    spec = small(tmp_path, exchanged.replace("?", "4..7") + claim)
    done = run("verify", spec)
    assert done.status == 1
    lines = block(done.out, "wrong")
    start = next(i for i, line in enumerate(lines) if "disagreement on" in line)
    assert sum("disagreement on" in line for line in lines[start:]) == 2
    assert 8 <= len(lines[start:]) <= 12
    assert max(map(len, lines)) <= 80
    numbers = [c["number"] for d in diagnoses(spec, tmp_path / "s")["wrong"] for c in d["counterexamples"]]
    assert numbers == list(range(1, 11))


# --- a network that fails in one region ------------------------------------------------------------------------------


def test_the_region_in_which_a_network_fails_is_found(tmp_path: Path) -> None:
    """Where `left` is true on the base the interchange does nothing, so every label-changing item disagrees."""
    spec = two_copies(tmp_path)
    (diagnosis,) = diagnoses(spec, tmp_path / "store")["fails"]
    regions = diagnosis["regions"]
    assert regions["held_out_accuracy"] == 1
    assert [(r["where"], r["estimate"]) for r in regions["regions"]] == [
        (["left is true on the base"], 0.0),
        (["left is false on the base"], 1.0),
    ]
    assert 0.3 < regions["majority"] < 0.7
    assert diagnosis["disagreements"] > 0
    assert not diagnosis["sampled"]
    for c in diagnosis["counterexamples"]:
        assert c["base"]["w"] == c["base"]["x"]
        assert (c["set"], c["half"]) == (["right"], "changing")
        assert c["network_after"] == c["network_before"] == c["model_before"] != c["model_after"]
    done = run("verify", spec, "--store", tmp_path / "store")
    assert done.status == 1
    assert "where left is true on the base: 0.000 [0.000, " in done.out


def test_items_that_are_kept_are_counted_as_in_the_verdict(tmp_path: Path) -> None:
    spec = two_copies(tmp_path)
    (verdict,) = run("verify", spec, "--json").document["result"]["verdicts"]
    (row,), (diagnosis,) = verdict["quantities"], verdict["diagnosis"]
    assert diagnosis["looked_at"] == row["n"]
    assert diagnosis["disagreements"] == row["n"] - row["right"]


# --- which claims are diagnosed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "quantities"),
    [
        ("iia(differences) >= 0.9", []),  # holds
        ("iia(differences.left) <= 0.5", []),  # too high: what agrees is the evidence
        ("iia(halves) >= 0.9", ["iia(halves)"]),
        ("iia(halves) == 1", ["iia(halves)"]),
        ("iia(halves) == 0", []),
        ("iia(halves) - iia(differences) >= 0.1", ["iia(halves)"]),
        ("iia(differences) >= 0.9 and iia(halves) >= 0.9", ["iia(halves)"]),
        ("accuracy(net) <= 0.5 and iia(halves) >= 0.9", ["iia(halves)"]),
        ("accuracy(net) <= 0.5", []),
    ],
)
def test_what_is_too_low_is_diagnosed(tmp_path: Path, claim: str, quantities: list[str]) -> None:
    halves = DIFFERENCES.replace("differences", "halves").replace("0..3", "0..1").replace("4..7", "4..5")
    spec = small(tmp_path, DIFFERENCES + halves + f"claim c: {claim} exhaustively\n")
    (found,) = diagnoses(spec, tmp_path / "store").values()
    assert [diagnosis["quantity"] for diagnosis in found] == quantities


def test_a_search_that_finds_nothing_says_where_it_got_furthest(tmp_path: Path) -> None:
    """Layer 3 holds only whether the two equalities differ."""
    body = learned(steps=20, seeds=2).replace("hidden[2]", "hidden[3]")
    spec = sampled(tmp_path, body + "claim found: iia(das) >= 0.99\n")
    (verdict,) = run("verify", spec, "--json").document["result"]["verdicts"]
    assert verdict["outcome"] == "unsupported"
    (diagnosis,), (row,) = verdict["diagnosis"], verdict["quantities"]
    furthest = diagnosis["furthest"]
    assert furthest["attempts"] == 2
    assert furthest["select"] == max(seed["select"] for seed in row["seeds"])
    assert furthest["loss"] in [seed["loss"] for seed in row["seeds"] if seed["select"] == furthest["select"]]
    assert f"{furthest['select']:.3f} on select" in run("verify", spec).out


# --- documents -------------------------------------------------------------------------------------------------------


def test_a_result_with_diagnoses_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    done = run("verify", two_copies(tmp_path), "--json")
    Document.model_validate(done.document)
    (path,) = (tmp_path / ".cspec" / "results").iterdir()
    result = load_result(path)
    assert result["fails"].diagnosis[0].counterexamples
    (tmp_path / "again.json").write_text(write_result(result))
    assert read_result(tmp_path / "again.json") == result


def test_a_result_without_diagnoses_can_still_be_read(tmp_path: Path) -> None:
    run("verify", two_copies(tmp_path))
    (path,) = (tmp_path / ".cspec" / "results").iterdir()
    import json

    document = json.loads(path.read_text())
    for verdict in document["verdicts"]:
        del verdict["diagnosis"]
    path.write_text(json.dumps(document))
    assert load_result(path)["fails"].diagnosis == ()


def test_a_second_run_says_the_same_and_stores_nothing_new(tmp_path: Path) -> None:
    spec, store = two_copies(tmp_path), tmp_path / "store"
    first, before = diagnoses(spec, store), artifacts(store)
    assert diagnoses(spec, store) == first
    assert artifacts(store) == before


def test_other_words_are_said_in_them(tmp_path: Path) -> None:
    """Labels are no part of what scores depend on; a stored diagnosis in other words is not read."""
    body = "claim c: iia(halves) >= 0.9 exhaustively\n"
    halves = DIFFERENCES.replace("differences", "halves").replace("0..3", "0..1").replace("4..7", "4..5")
    spec = small(tmp_path, halves + body)
    store = tmp_path / "store"
    diagnoses(spec, store)
    text = spec.read_text().replace("0..3\n", "{a, b, c, d}\n", 1)
    assert "{a, b, c, d}" in text
    write(spec, text)
    (diagnosis,) = diagnoses(spec, store)["c"]
    assert set(diagnosis["counterexamples"][0]["base"].values()) <= set("abcd")
