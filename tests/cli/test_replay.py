"""`cspec replay`: a counterexample comes out again, from result, spec and store; else it is said why not."""

import json
import shutil
from pathlib import Path

import pytest
from cspec.cli.documents import Document

from .test_diagnosis import EXCHANGED, two_copies
from .tools import learned, run, sampled, write


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """A verified spec with counterexamples 1 to 5."""
    spec = two_copies(tmp_path)
    assert run("verify", spec).status == 1
    return spec


def result_of(spec: Path) -> Path:
    (path,) = (spec.parent / ".cspec" / "results").iterdir()
    return path


def code(text: str) -> str:
    assert text.startswith("error[")
    return text[6:11]


def test_every_counterexample_reproduces(failing: Path) -> None:
    for number in range(1, 6):
        done = run("replay", f"{failing}#{number}")
        assert (done.status, done.err) == (0, "")
        assert done.out.splitlines()[-1].endswith(": as the result says")


def test_what_is_printed_is_what_the_worlds_compute(tmp_path: Path) -> None:
    """Base 0000, the source of left 0001: the model keeps `left`, the network takes `right`. Margins are 4."""
    run("verify", EXCHANGED, "--store", tmp_path)
    done = run("replay", f"{EXCHANGED}#1", "--store", tmp_path)
    lines = done.out.splitlines()
    assert done.status == 0
    assert lines[0].endswith("#1: claim wrong, iia(exchanged), {left}, label keeping")
    rows = {line.split("  ")[1]: line.split() for line in lines[1:] if line.startswith("  ")}
    assert [rows[name][1:] for name in ("left", "right", "same")] == [["true", "true"]] * 3
    assert rows["base"][1:] == ["-2.0000", "2.0000", "true"]
    assert rows["source of left"][3:] == ["2.0000", "-2.0000", "false"]
    assert rows["interchange"][1:] == ["2.0000", "-2.0000", "false"]
    assert lines[-1] == "predicted true, answered false: as the result says"
    inputs = [" ".join(line.split()) for line in lines[2:4]]
    assert inputs == ["base w = 0, x = 0, y = 0, z = 0", "source of left w = 0, x = 0, y = 0, z = 1"]


def test_a_result_file_and_a_spec_elsewhere(failing: Path, tmp_path: Path) -> None:
    path = result_of(failing)
    assert run("replay", f"{path}#2").status == 0
    away = tmp_path / "away"
    away.mkdir()
    shutil.move(failing, away / "other.cspec")
    shutil.copy(tmp_path / "net.safetensors", away / "net.safetensors")
    gone = run("replay", f"{path}#2")
    assert (gone.status, code(gone.err)) == (64, "CS003")
    assert "`--spec`" in gone.err
    assert run("replay", f"{path}#2", "--spec", away / "other.cspec").status == 0


def test_a_learned_map_comes_from_the_store_and_is_never_fitted(tmp_path: Path) -> None:
    spec = sampled(tmp_path, learned(steps=1, seeds=1) + "claim found: iia(das) >= 0.9\nsettings { seed: 2 }\n")
    assert run("verify", spec).status == 1
    assert run("replay", f"{spec}#1").status == 0
    shutil.rmtree(tmp_path / ".cspec" / "artifacts")
    done = run("replay", f"{spec}#1")
    assert (done.status, code(done.err), done.out) == (4, "CS523", "")
    assert "iia(das)" in done.err
    assert "run `cspec verify`" in done.err
    assert not (tmp_path / ".cspec" / "artifacts").exists()


def test_what_does_not_reproduce_is_said(failing: Path) -> None:
    path = result_of(failing)
    document = json.loads(path.read_text())
    said = document["verdicts"][0]["diagnosis"][0]["counterexamples"][2]
    said["network_after"] = said["model_after"]
    path.write_text(json.dumps(document))
    assert run("replay", f"{failing}#2").status == 0
    done = run("replay", f"{failing}#3")
    assert done.status == 1
    assert done.out.splitlines()[-1].endswith("it does not reproduce")
    assert not run("replay", f"{failing}#3", "--json").document["replay"]["reproduces"]


def test_json(failing: Path) -> None:
    done = run("replay", f"{failing}#1", "--json")
    document = Document.model_validate(done.document)
    assert (done.status, document.exit, document.command) == (0, 0, "replay")
    replay = document.replay
    assert replay is not None
    assert replay["reproduces"]
    assert replay["found"] == replay["recorded"]
    assert [r["run"] for r in replay["runs"]] == ["base", "source of right", "interchange"]
    assert [v["variable"] for v in replay["model"]] == ["left", "right", "same"]
    assert document.files == [str(result_of(failing))]


@pytest.mark.parametrize("number", [0, 6, 10**9])
def test_a_number_that_the_result_does_not_have(failing: Path, number: int) -> None:
    done = run("replay", f"{failing}#{number}")
    assert (done.status, code(done.err), done.out) == (64, "CS458", "")
    assert f"has 1 to 5, found #{number}" in done.err


def test_a_result_whose_claims_hold(tmp_path: Path) -> None:
    spec = sampled(tmp_path, "claim solves: accuracy(net) >= 0.9\n")
    assert run("verify", spec).status == 0
    done = run("replay", f"{spec}#1")
    assert (done.status, code(done.err)) == (64, "CS458")
    assert "has none" in done.err


@pytest.mark.parametrize("target", ["spec.cspec", "spec.cspec#", "spec.cspec#two", "#1", "spec.cspec#-1"])
def test_what_is_no_counterexample_at_all(target: str) -> None:
    done = run("replay", target)
    assert (done.status, done.out) == (64, "")
    assert f"expected RESULT#NUMBER, found `{target}`" in done.err


def test_a_result_that_is_not_there(tmp_path: Path) -> None:
    spec = two_copies(tmp_path)
    done = run("replay", f"{spec}#1")
    assert (done.status, code(done.err)) == (2, "CS457")
    assert "run `cspec verify`" in done.err
    done = run("replay", f"{tmp_path / 'no.json'}#1")
    assert (done.status, code(done.err)) == (64, "CS454")
    (tmp_path / "broken.json").write_text("{")
    done = run("replay", f"{tmp_path / 'broken.json'}#1")
    assert (done.status, code(done.err)) == (2, "CS455")


def test_a_spec_that_has_changed(failing: Path) -> None:
    text = failing.read_text()
    write(failing, "# a comment changes nothing\n" + text)
    assert run("replay", f"{failing}#1").status == 0
    for changed in (text.replace(">= 0.9", ">= 0.95"), text.replace("hidden[2][1]", "hidden[2][2]")):
        write(failing, changed)
        done = run("replay", f"{failing}#1")
        assert (done.status, code(done.err), done.out) == (2, "CS459", "")
        assert "run `cspec verify` again" in done.err
    write(failing, text.replace("left:", "lefft:"))
    broken = run("replay", f"{failing}#1")
    assert (broken.status, code(broken.err)) == (2, "CS101")


def test_other_weights(failing: Path) -> None:
    net = failing.parent / "net.safetensors"
    data = bytearray(net.read_bytes())
    data[-1] ^= 1
    net.write_bytes(bytes(data))
    done = run("replay", f"{failing}#1")
    assert (done.status, code(done.err)) == (2, "CS459")


def test_words_that_the_spec_no_longer_has(failing: Path) -> None:
    """Claims' names and symbols enter no key: a result that speaks of others is told by its words."""
    text = failing.read_text()
    write(failing, text.replace("claim fails", "claim other"))
    done = run("replay", f"{failing}#1")
    assert (done.status, code(done.err)) == (2, "CS459")
    assert "`fails`" in done.err
    path = result_of(failing)
    write(failing, text)
    write(path, path.read_text().replace('"w": "', '"w": "9'))
    done = run("replay", f"{failing}#1")
    assert (done.status, code(done.err)) == (2, "CS459")


def test_the_reference_engine_replays_what_it_found(tmp_path: Path) -> None:
    spec = two_copies(tmp_path)
    run("verify", spec, "--engine", "pyvene")
    assert run("replay", f"{spec}#1").status == 0
