"""Rewrites of plans: they change no key, each takes no more operations, and prices are the passes that are counted."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import torch
from cspec.cli.workflow import check
from cspec.compiler.optimising.fill_batches import fill_batches
from cspec.compiler.optimising.optimise_plan import REWRITES, Rewrite
from cspec.compiler.optimising.reschedule import plan_captures
from cspec.compiler.plan import CaptureStep, EvaluateStep, FitStep, Plan
from cspec.compiler.planning import plan_experiments
from cspec.compiler.pricing import price_plan, render_plan
from cspec.compiler.schedule import NAIVE
from cspec.runtime.fitting.fits import Fits
from cspec.runtime.networks import PlainNetwork
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store

from .tools import sampled

SPEC = """
align anywhere: both_equalities -> net {
  left, right in hidden[1..2] via rotation size 1
  fit { steps: 20, batch: 64, rate: 0.01, seeds: 1, patience: 20 }
}
align das: both_equalities -> net {
  left, right at hidden[1] via rotation size 2
  fit { steps: 20, batch: 64, rate: 0.01, seeds: 1, patience: 20 }
}
claim learned:  iia(das) >= 0.2
claim read:     probe(das.left) >= 0.3
claim searched: iia(anywhere) >= 0.2
settings { controls { random: 1 } }
"""


def optimise_plan(plan: Plan, rewrites: Sequence[Rewrite]) -> Plan:
    """The plan after these rewrites, with the Capture steps that its schedules then ask for."""
    for rewrite in rewrites:
        plan = rewrite(plan)
    return plan_captures(plan)


def naive_plan(folder: Path) -> Plan:
    checked = check(sampled(folder, SPEC))
    return plan_experiments(
        checked.controlled, checked.networks, checked.populations, checked.program.settings, "fused"
    )


def subsets() -> list[Sequence[Rewrite]]:
    """None, each alone, all but one, and the beginnings of all."""
    alone = [(one,) for one in REWRITES]
    without = [tuple(one for one in REWRITES if one is not left) for left in REWRITES]
    return [(), *alone, *without, *(REWRITES[:stop] for stop in range(2, len(REWRITES) + 1))]


def test_rewrites_move_no_key_and_add_captures_alone(tmp_path: Path) -> None:
    naive = naive_plan(tmp_path)
    assert all(step.schedule == NAIVE for step in naive.steps() if isinstance(step, FitStep | EvaluateStep))
    for rewrites in subsets():
        plan = optimise_plan(naive, rewrites)
        assert nx.is_directed_acyclic_graph(plan.graph)
        captures = {step.key for step in plan.steps() if isinstance(step, CaptureStep)}
        assert set(plan.graph) - captures == set(naive.graph)
        assert (plan.key, plan.claims) == (naive.key, naive.claims)
        assert all(plan.serves(key) for key in captures)
        for key in naive.graph:
            assert set(naive.needs(key)) == set(plan.needs(key)) - captures
            assert plan.step(key) == naive.step(key)  # schedules are no part of what a step is


def test_a_capture_is_one_step_for_all_that_read_it(tmp_path: Path) -> None:
    plan = optimise_plan(naive_plan(tmp_path), REWRITES)
    captures = [step for step in plan.steps() if isinstance(step, CaptureStep)]
    assert len({(step.network_key, step.encode, step.stage) for step in captures}) == len(captures)
    served = [{plan.step(key).kind for key in plan.serves(step.key)} for step in captures]
    assert {"Fit"} in served
    assert any(len(plan.serves(step.key)) > 2 for step in captures)
    assert all(step.stop == step.stage for step in captures)
    (fit, *_) = (step for step in plan.steps() if isinstance(step, FitStep) and step.search.open)
    assert fit.order == ((0, 1),)  # the earlier one first
    text = render_plan(plan, width=80)
    assert "Capture   hidden[1] of net; for " in text
    assert max(map(len, text.splitlines())) <= 80


def test_no_rewrite_takes_more_operations_and_together_they_take_far_fewer(tmp_path: Path) -> None:
    naive = naive_plan(tmp_path)
    for rewrites in (REWRITES, REWRITES[::-1]):
        prices = [price_plan(optimise_plan(naive, rewrites[:stop])).whole for stop in range(len(rewrites) + 1)]
        for before, after in itertools.pairwise(prices):
            assert after.flops <= before.flops
            assert (after.forward, after.backward) == (before.forward, before.backward)
        assert prices[-1].clean < prices[0].clean / 2
        assert prices[-1].flops < prices[0].flops / 2


@pytest.mark.parametrize("rewrites", [(), REWRITES[:1], REWRITES[1:3], REWRITES[2:6], REWRITES[:6]])
def test_prices_are_the_passes_that_are_counted(
    tmp_path: Path, count_passes: Callable[[type], Any], rewrites: Sequence[Rewrite]
) -> None:
    """The fit at one site: of a search it is not known which places go on."""
    naive = naive_plan(tmp_path)
    plan = optimise_plan(naive, (*rewrites, fill_batches))  # one item after the other would take its time
    step = next(s for s in plan.steps() if isinstance(s, FitStep) and not s.search.open and s.network.draw is None)
    priced, fits = price_plan(plan).first[step.key], Fits(plan, Store(tmp_path / "store"), Silent())
    counted = count_passes(PlainNetwork)
    torch.set_num_threads(1)
    fits.fit(step.key)
    assert 0.9 * priced.clean <= counted.clean <= priced.clean
    assert 0.9 * priced.forward <= counted.forward <= priced.forward
    assert replace(step, schedule=NAIVE) == step
