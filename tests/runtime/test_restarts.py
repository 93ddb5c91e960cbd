"""Restarts that train side by side, of one fit or of several: each finds what it finds alone."""

import shutil
from dataclasses import replace
from pathlib import Path

import cspec
import pytest
import torch
from cspec.compiler.optimising.reschedule import reschedule
from cspec.compiler.plan import FitStep, Plan
from cspec.runtime.fitting.fits import Fits
from cspec.runtime.fitting.fitted import Fitted
from cspec.runtime.networks import Mlp
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store
from cspec.tests.equality import EQUALITY
from torch import Tensor

NETWORK = Path(__file__).parents[2] / "specs" / "handwired_equality" / "rotated.safetensors"
SPEC = (
    EQUALITY % 3
    + """
network net = torch("rotated.safetensors")
pairs main for equality { size 2000 }
align both: both_equalities -> net {
  left, right at hidden[2] via rotation size 3
  fit { steps: STEPS, batch: BATCH, rate: 0.05, seeds: 3, patience: 3 }
}
align inside: both_equalities -> net {
  left at both.left via rotation size 1
  fit { steps: STEPS, batch: BATCH, rate: 0.05, seeds: 2 }
}
align line: both_equalities -> net {
  right at hidden[2] via rotation size 1
  fit { steps: STEPS, batch: BATCH, rate: 0.02, seeds: 3, patience: 3 }
}
claim both:   iia(both.left) >= 0.9 exhaustively
claim inside: iia(inside.left) >= 0.9 exhaustively
claim line:   iia(line.right) >= 0.9 exhaustively
"""
)


def compile_spec(folder: Path, steps: int, batch: int) -> Plan:
    shutil.copyfile(NETWORK, folder / NETWORK.name)
    text = SPEC.replace("STEPS", str(steps)).replace("BATCH", str(batch))
    (folder / "spec.cspec").write_text(text, encoding="utf-8")
    return cspec.compile(folder / "spec.cspec")


def fit_all(plan: Plan, store: Path) -> list[Fitted]:
    fits = Fits(plan, Store(store), Silent())
    return [fits.fit(step.key) for step in plan.steps() if isinstance(step, FitStep)]


def test_what_they_find_side_by_side_they_find_alone(tmp_path: Path) -> None:
    """Losses, scores and maps of many steps, some restarts ending before others, and of maps inside of others.

    Of untrained networks, too, whose fits stand side by side.
    """
    plan = compile_spec(tmp_path, 60, 64)
    alone = reschedule(plan, lambda schedule, _: replace(schedule, restarts=1, beside=()))
    wanted, found = fit_all(alone, tmp_path / "alone"), fit_all(plan, tmp_path / "together")
    joined = [step.schedule for step in plan.steps() if isinstance(step, FitStep)]
    assert {schedule.restarts for schedule in joined} == {2, 3}
    assert {len(schedule.beside) for schedule in joined} == {0, 5}
    ends = {report.steps for fitted in wanted for report in fitted.seeds}
    assert len(ends) > 1
    for one, two in zip(wanted, found, strict=True):
        assert [(r.steps, r.select, r.chosen) for r in one.seeds] == [(r.steps, r.select, r.chosen) for r in two.seeds]
        for ours, theirs in zip(one.seeds, two.seeds, strict=True):
            losses = [[point.loss for point in report.trace] for report in (ours, theirs)]
            assert losses[0] == pytest.approx(losses[1], abs=1e-5)
        for maps in zip(one.maps, two.maps, strict=True):
            for name, tensor in maps[0].items():
                torch.testing.assert_close(maps[1][name], tensor, atol=1e-5, rtol=0)


def test_only_so_many_stand_side_by_side_as_a_batch_holds(tmp_path: Path) -> None:
    def restarts(plan: Plan) -> set[int]:
        return {step.schedule.restarts for step in plan.steps() if isinstance(step, FitStep)}

    assert restarts(compile_spec(tmp_path, 1, 64)) == {2, 3}
    assert restarts(compile_spec(tmp_path, 1, 4000)) == {2}
    assert restarts(compile_spec(tmp_path, 1, 8000)) == {1}


def test_only_so_many_fits_stand_side_by_side_as_a_batch_holds(tmp_path: Path) -> None:
    def beside(plan: Plan) -> list[int]:
        drawn = [s for s in plan.steps() if isinstance(s, FitStep) and s.network.draw is not None and s.outer is None]
        return [len(step.schedule.beside) for step in drawn]

    assert beside(compile_spec(tmp_path, 1, 64)) == [5] * 10
    assert beside(compile_spec(tmp_path, 1, 1000)) == [2, 2, 2, 2, 0] * 2
    assert beside(compile_spec(tmp_path, 1, 2000)) == [0] * 10


def test_fits_side_by_side_leave_out_what_the_store_has(tmp_path: Path) -> None:
    plan = compile_spec(tmp_path, 5, 64)
    keys = next(s.schedule.beside for s in plan.steps() if isinstance(s, FitStep) and s.schedule.beside)
    every, some = Store(tmp_path / "every"), Store(tmp_path / "some")
    Fits(plan, every, Silent()).fit(keys[0])
    for key in keys[:3]:
        tensors, document = every.load(key) or pytest.fail("all were fitted")
        some.save(key, tensors, {**document, "choice": [7]})
    fits = Fits(plan, some, Silent())
    again, known = [fits.fit(key) for key in reversed(keys)], Fits(plan, every, Silent())
    assert [fitted.choice for fitted in again] == [(), (), (7,), (7,), (7,)]
    for key, fitted in zip(reversed(keys), again, strict=True):
        torch.testing.assert_close(fitted.maps[0], known.fit(key).maps[0], atol=1e-5, rtol=0)


def test_a_batch_that_memory_does_not_hold_is_halved_within_each_restart(tmp_path: Path) -> None:
    """Above 50 items the network's first layer finds no memory."""
    plan = compile_spec(tmp_path, 10, 64)
    wanted, run, tried = fit_all(plan, tmp_path / "roomy"), Mlp.step, list[int]()

    def step(network: Mlp, stage: int, x: Tensor) -> Tensor:
        tried.append(len(x))
        if torch.is_grad_enabled() and len(x) > 50:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9999 bytes")
        return run(network, stage, x)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mlp, "step", step)
        found = fit_all(plan, tmp_path / "narrow")
    assert {3 * 64, 3 * 32, 3 * 16} <= {*tried}
    for one, two in zip(wanted, found, strict=True):
        torch.testing.assert_close(two.maps[0], one.maps[0], atol=1e-5, rtol=0)
