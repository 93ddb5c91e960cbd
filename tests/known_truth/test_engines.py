"""Three engines, one truth: for the same stored maps they give the same verdicts, and refits lie within intervals."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cspec.cli.main import main

from .tools import FOLDER, Verified, compare_engines, verify

HANDWIRED = FOLDER.parent / "handwired_equality"
ENGINES = ("fused", "hooks", "pyvene")
GIVEN = """
align given: both_equalities -> equal { left at hidden[2][0]  right at hidden[2][1] }
claim stated:  iia(given) >= 0.9
claim failing: iia(das) <= 0.1 expect refuted
"""
LEARNED = """
align das: both_equalities -> equal {
  left, right at hidden[2] via rotation size 1
  fit { steps: 60, batch: 128, rate: 0.1, seeds: 3, patience: 3 }
}
align mask: both_equalities -> equal {
  left, right at hidden[2] via identity size 1
}
align somewhere: both_equalities -> equal {
  left, right in hidden[1..2] via identity size 1
}
circuit found = top 1 of hidden[2][*] by change({it := source} -> same)
claim rotation: iia(das) >= 0.9
claim neurons:  iia(mask) >= 0.9
claim place:    iia(somewhere) >= 0.9
claim failing:  iia(das) <= 0.1 expect refuted
claim wrecked:  change({found := source} -> same) >= 0.2
"""


@pytest.fixture(scope="module")
def refitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec whose maps are learned, and a store of each engine, which has fitted them itself."""
    folder = tmp_path_factory.mktemp("refitted")
    spec = learned(folder)
    for engine in ENGINES:
        verify(spec, folder / engine, "--engine", engine)
    return folder


@pytest.mark.parametrize("name", ["handwired_equality", "exchanged"])
def test_references_give_the_verdicts_of_given_maps(name: str, tmp_path: Path) -> None:
    compare_engines(HANDWIRED / f"{name}.cspec", tmp_path)


def test_references_give_the_verdicts_of_a_stored_rotation(tmp_path: Path) -> None:
    """A short search: what it has found is looked at in the same way, near or far."""
    text = (HANDWIRED / "rotated.cspec").read_text(encoding="utf-8")
    text = text[: text.index("align before")]
    for long, short in (("size 20_000", "size 2_000"), ("steps: 500", "steps: 100"), ("seeds: 2", "seeds: 1")):
        assert long in text
        text = text.replace(long, short)
    claim = "settings { controls { random: 1 } }\nclaim finds_left: iia(das.left) >= 0.98 exhaustively\n"
    (tmp_path / "rotated.cspec").write_text(text + claim, encoding="utf-8")
    shutil.copy(HANDWIRED / "rotated.safetensors", tmp_path)
    compare_engines(tmp_path / "rotated.cspec", tmp_path / "store")


def test_maps_and_circuits_of_another_engine_are_read_and_not_found_again(refitted: Path, tmp_path: Path) -> None:
    spec, store = refitted / "learned.cspec", tmp_path / "store"
    shutil.copytree(refitted / "fused", store)
    ours = verify(spec, store, "--engine", "fused")
    theirs = verify(spec, store, "--engine", "pyvene", "--fit-engine", "fused")
    assert [ours.said(claim) for claim in ours.verdicts] == ["holds", "holds", "holds", "refuted", "holds"]
    assert [theirs.said(claim) for claim in ours.verdicts] == [ours.said(claim) for claim in ours.verdicts]
    for claim in ours.verdicts:
        mine, other = ours.quantity(claim), theirs.quantity(claim)
        assert mine["keys"]["scores"] != other["keys"]["scores"]  # measured anew
        assert (mine["map"], mine["seeds"], mine["search"]) == (other["map"], other["seeds"], other["search"])
        assert mine["estimate"] == other["estimate"]
    assert {v["grade"] for v in theirs.verdicts.values()} == {"statistical"}  # no second look: the same maps and items


def test_given_maps_by_another_engine_are_no_second_look_and_refitted_ones_are(tmp_path: Path) -> None:
    spec, store = learned(tmp_path, GIVEN), tmp_path / "store"
    grades = []
    for engine in ENGINES:
        found = verify(spec, store, "--engine", engine)
        assert [found.said(claim) for claim in ("stated", "failing")] == ["holds", "refuted"]
        grades.append([found.verdicts[claim]["grade"] for claim in ("stated", "failing")])
    assert grades == [["statistical"] * 2, ["statistical", "exploratory"], ["statistical", "exploratory"]]


def test_what_evaluates_and_what_fits_can_be_any_two_engines(
    refitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, store = refitted / "learned.cspec", tmp_path / "store"
    shutil.copytree(refitted / "hooks", store)
    by_hooks = verify(spec, store, "--engine", "fused", "--fit-engine", "hooks")
    again = verify(spec, store, "--engine", "hooks")
    assert by_hooks.quantity("rotation")["map"] == again.quantity("rotation")["map"]
    assert numbers(by_hooks) == numbers(again)
    assert plan(spec, store, capsys, "--engine", "hooks")["fitted_by"] == "hooks"
    mixed = plan(spec, store, capsys, "--engine", "pyvene", "--fit-engine", "hooks")
    assert (mixed["engine"], mixed["fitted_by"]) == ("pyvene", "hooks")
    fits = [step for step in mixed["steps"] if step["kind"] == "Fit"]
    assert sum(step["stored"] for step in fits) > 0
    assert not [step for step in mixed["steps"] if step["kind"] == "Evaluate" and step["stored"]]


def test_a_counterexample_is_replayed_by_the_engines_of_its_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    spec = learned(tmp_path, "claim failing: iia(das.left) >= 0.9 expect unsupported", seeds=1, steps=2)
    assert verify(spec, store, "--engine", "hooks", "--fit-engine", "fused").said("failing") == "unsupported"
    assert main(["replay", f"{spec}#1", "--store", str(store)]) == 0
    assert "as the result says" in capsys.readouterr().out


def test_refits_lie_within_their_intervals(refitted: Path) -> None:
    spec = refitted / "learned.cspec"
    ours, *others = (verify(spec, refitted / engine, "--engine", engine) for engine in ENGINES)
    for theirs in others:
        for claim in ours.verdicts:
            assert theirs.said(claim) == ours.said(claim)
            mine, other = ours.quantity(claim), theirs.quantity(claim)
            assert mine["low"] <= other["estimate"] <= mine["high"]
            assert other["low"] <= mine["estimate"] <= other["high"]


def learned(folder: Path, claims: str = "", **fit: int) -> Path:
    """A spec beside its network whose maps are learned, with its own claims or the ones given."""
    text = (FOLDER / "families.cspec").read_text(encoding="utf-8")
    (folder / "equality.safetensors").write_bytes((FOLDER / "equality.safetensors").read_bytes())
    spec, declared = folder / "learned.cspec", LEARNED
    for setting, value in fit.items():
        old = {"seeds": "seeds: 3", "steps": "steps: 60"}[setting]
        declared = declared.replace(old, f"{setting}: {value}")
    if claims:
        lines = [line for line in declared.splitlines() if not line.startswith("claim ")]
        declared = "\n".join([*lines, claims])
    spec.write_text(text[: text.index("align ")] + declared, encoding="utf-8")
    return spec


def plan(spec: Path, store: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """What `cspec plan --json` says."""
    capsys.readouterr()
    assert main(["plan", str(spec), "--store", str(store), "--json", *options]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["plan"]
    return found


def numbers(done: Verified) -> dict[str, tuple[str, float, float, float]]:
    """Verdict, estimate and interval of every claim."""
    return {
        name: (done.said(name), *(done.quantity(name)[key] for key in ("estimate", "low", "high")))
        for name in done.verdicts
    }
