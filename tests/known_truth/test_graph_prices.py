"""The passes of a graph's measurement: each run is made once, as planned, and gives what it gives alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.cli.workflow import check
from cspec.compiler.budgets import CHUNK
from cspec.compiler.pipeline import compile_spec
from cspec.compiler.plan import EngineName, GraphStep, Plan
from cspec.compiler.pricing import price_plan, render_plan
from cspec.runtime.engines.shared_runs import SharedRuns
from cspec.runtime.engines.term_engine import TermEngine
from cspec.runtime.fitting.fits import Fits
from cspec.runtime.networks.transformers import TransformerNetwork
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store
from cspec.runtime.results.stored_steps import find_stored
from cspec.runtime.scoring.evaluations import Evaluations
from transformers import GPT2Config, GPT2LMHeadModel

SPEC = """
task toy {
  input  a, b, c: 0..21
  output s: 0..21
  tokens [a, b, c]
  answer s @ last: index
  metric high: 0..21 = height[answer]
  metric even: 0..1 = parity[answer]
}
table height: 0..21 -> 0..21 = { HEIGHTS }
table parity: 0..21 -> 0..1 = { PARITIES }
model mean for toy { s = (a + b + c) // 3 }
network lm = transformers("lm")
pairs main for toy { size 1_500 uniform }
circuit early = { head_out[0, 0] @ last, head_out[0, 1] @ last }
graph parts on lm {
  node first:  early -> %s
  node middle: mlp_act[0][0..7] @ last -> %s
  node late:   head_out[1, 2] @ last -> %s
}
"""


def planned(folder: Path, engine: EngineName, *metrics: str) -> Plan:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=23, n_embd=16, n_layer=2, n_head=4, n_positions=8, bos_token_id=0, eos_token_id=0)
    GPT2LMHeadModel(config).save_pretrained(folder / "lm")
    rows = {"HEIGHTS": range(22), "PARITIES": [value % 2 for value in range(22)]}
    text = SPEC % metrics
    for word, values in rows.items():
        text = text.replace(word, ", ".join(f"{key}: {value}" for key, value in enumerate(values)))
    (folder / "e.cspec").write_text(text)
    return compile_spec(check(folder / "e.cspec"), engine)


def graph_of(plan: Plan) -> GraphStep:
    (key,) = plan.graphs
    step = plan.step(key)
    assert isinstance(step, GraphStep)
    return step


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize("metrics", [("correct", "correct", "correct"), ("high", "even", "correct")])
def test_a_graph_takes_as_many_passes_as_its_price(
    engine: EngineName, metrics: tuple[str, ...], tmp_path: Path, count_passes: Callable[[Any], Any]
) -> None:
    plan = planned(tmp_path, engine, *metrics)
    step = graph_of(plan)
    store, priced = Store(tmp_path / "store"), price_plan(plan).graphs["parts"]
    counted = count_passes(TransformerNetwork)
    evaluations = Evaluations(plan, store, Fits(plan, store, Silent()), Silent())
    evaluations.score_together("parts", step.evaluations, step.count)
    assert (counted.clean, counted.forward) == (priced.clean, priced.forward)
    scored = evaluations.scores(step.evaluations[0], 512).n  # whole chunks
    nodes, pairs = 3, 6
    assert counted.forward == scored * 2 * (nodes + 2 * pairs)


@pytest.mark.parametrize("metrics", [("correct", "correct", "correct"), ("high", "even", "correct")])
def test_shared_runs_give_what_each_gives_alone(metrics: tuple[str, ...], tmp_path: Path) -> None:
    plan = planned(tmp_path, "fused", *metrics)
    step = graph_of(plan)
    found = []
    for name in ("together", "alone"):
        store = Store(tmp_path / name)
        evaluations = Evaluations(plan, store, Fits(plan, store, Silent()), Silent())
        if name == "together":
            evaluations.score_together("parts", step.evaluations, step.count)
        found.append([evaluations.scores(key, step.count).values for key in step.evaluations])
    assert len(found[0]) == len(step.evaluations)
    assert any(bool((values != 0).any()) for values in found[0] if values is not None)
    for together, alone in zip(*found, strict=True):
        assert together is not None
        assert alone is not None
        assert torch.equal(together, alone)


def test_the_plan_shows_a_graph_in_one_row(tmp_path: Path) -> None:
    plan = planned(tmp_path, "fused", "correct", "even", "high")
    shown = " ".join(render_plan(plan).split())
    assert "parts: 3 nodes, 6 edges, on 300 items" in shown
    assert f"{len(graph_of(plan).evaluations)} evaluations that share their runs" in shown
    assert shown.count("Evaluate ") == 0
    assert "graph parts" in shown


def test_a_graph_that_is_stopped_goes_on_where_it_was(
    tmp_path: Path, count_passes: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was scored before is kept in whole chunks, and only what the plan then says is run again."""
    plan = planned(tmp_path, "fused", "correct", "even", "high")
    step, priced = graph_of(plan), price_plan(plan).graphs["parts"]
    counted = count_passes(TransformerNetwork)
    monkeypatch.setattr(SharedRuns, "at_once", CHUNK)
    monkeypatch.setattr(TermEngine, "at_once", CHUNK)
    store = Store(tmp_path / "store")

    def scored() -> Evaluations:
        evaluations = Evaluations(plan, store, Fits(plan, store, Silent()), Silent())
        evaluations.score_together("parts", step.evaluations, step.count)
        return evaluations

    class Stopping(Silent):
        advances = 0

        def advance(self, count: int) -> None:
            self.advances += 1
            if self.advances == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Evaluations(plan, store, Fits(plan, store, Silent()), Stopping()).score_together(
            "parts", step.evaluations, step.count
        )
    before = counted.forward
    assert before > 0
    left = price_plan(plan, find_stored(plan, store)).graphs["parts"]
    assert priced.forward - left.forward == CHUNK * 2 * (3 + 2 * 6)
    scored()
    assert counted.forward - before == left.forward
    before = counted.forward
    scored()
    assert counted.forward == before
