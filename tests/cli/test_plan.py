"""`cspec plan`: what is left to run, and what the store has of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from .tools import Ran, artifacts, learned, run, sampled

SPEC = learned() + "claim solves: accuracy(net) >= 0.9\nclaim joint: iia(das) >= 0.5\n"


def planned(done: Ran) -> dict[str, Any]:
    assert (done.status, done.err) == (0, "")
    plan: dict[str, Any] = done.document["plan"]
    return plan


def test_a_plan_runs_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    spec = sampled(tmp_path, SPEC)
    done = run("plan", spec)
    assert (done.status, done.err) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.safetensors", "spec.cspec"]
    assert "on the engine fused" in done.out
    assert ", 0 of them in the store" in done.out
    assert "passes through networks that are left to run, at most:" in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    compiled = run("compile", spec, "--emit", "plan")
    assert "store" not in compiled.out


def test_after_a_verification_its_own_steps_are_stored_and_cost_nothing(tmp_path: Path) -> None:
    spec, store = sampled(tmp_path, SPEC), tmp_path / "elsewhere"
    before = planned(run("plan", spec, "--json", "--store", store))
    assert not any(step.get("stored") for step in before["steps"])
    run("verify", spec, "--store", store)
    written = artifacts(store)
    after = planned(run("plan", spec, "--json", "--store", store))
    assert artifacts(store) == written
    assert after["key"] == before["key"]
    steps = {step["what"]: step for step in after["steps"]}
    assert steps["accuracy(net)"]["stored_items"] % 256 == 0
    fitted = [step for step in after["steps"] if step["kind"] == "Fit" and step["stored"]]
    assert fitted
    assert all(set(step["passes"].values()) == {0} for step in fitted)
    for way, count in after["passes"]["whole"].items():
        assert count < before["passes"]["whole"][way], way
    assert planned(run("plan", spec, "--json"))["passes"] == before["passes"]


def test_a_damaged_artifact_is_not_stored(tmp_path: Path) -> None:
    spec, store = sampled(tmp_path, "claim solves: accuracy(net) >= 0.9\n"), tmp_path / ".cspec"
    run("verify", spec)
    (artifact,) = (store / "artifacts").rglob("*.safetensors")
    assert [step["stored"] for step in planned(run("plan", spec, "--json"))["steps"] if "stored" in step] == [True]
    artifact.write_bytes(artifact.read_bytes()[:-1])
    assert [step["stored"] for step in planned(run("plan", spec, "--json"))["steps"] if "stored" in step] == [False]


def test_engines_have_plans_and_prices_of_their_own(tmp_path: Path) -> None:
    spec = sampled(tmp_path, SPEC)
    plans = [planned(run("plan", spec, "--json", "--engine", engine)) for engine in ("fused", "hooks", "pyvene")]
    assert [plan["engine"] for plan in plans] == ["fused", "hooks", "pyvene"]
    assert len({plan["key"] for plan in plans}) == 3
    flops = [plan["passes"]["whole"]["flops"] for plan in plans]
    assert flops == sorted(flops)
    assert len({plan["passes"]["whole"]["forward"] for plan in plans}) == 1


def test_the_document_is_json_and_its_totals_are_its_steps(tmp_path: Path) -> None:
    plan = planned(run("plan", sampled(tmp_path, SPEC), "--json"))
    for way, count in plan["passes"]["whole"].items():
        assert sum(step["passes"][way] for step in plan["steps"]) == count
    memory = plan["memory"]
    assert memory["peak"] == sum(size for part, size in memory.items() if part not in ("peak", "in_files"))
    assert json.loads(json.dumps(plan)) == plan


@pytest.mark.parametrize(("body", "status"), [("claim a: accuracy(nett) >= 0.9\n", 2), (SPEC, 0)])
def test_the_exit_status_is_that_of_compiling(tmp_path: Path, body: str, status: int) -> None:
    spec = sampled(tmp_path, body)
    assert run("plan", spec).status == run("compile", spec).status == status
