"""Prices of metrics against passes that are counted while they are read from a transformer."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.cli.workflow import check
from cspec.compiler.pipeline import compile_spec
from cspec.compiler.plan import EngineName, EvaluateStep
from cspec.compiler.pricing import Price, price_plan
from cspec.runtime.fitting.fits import Fits
from cspec.runtime.metrics import AwaitingScores
from cspec.runtime.networks.transformers import TransformerNetwork
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store
from cspec.runtime.results.stored_steps import find_replies, find_stored
from cspec.runtime.scoring.evaluations import Evaluations

from .test_judged_answers import EFFECT, MEAN
from .test_judged_answers import run as verify_judged
from .test_judged_answers import write_spec as write_judged
from .test_metrics import write_spec


def assert_priced(spec: Path, engine: EngineName, count_passes: Callable[[type], Any]) -> None:
    """Of items on a domain so wide that hardly an input comes twice. Ten in a hundred more may be priced than run."""
    torch.set_num_threads(1)
    wide = spec.read_text().replace("lo, hi: 20..22", "lo, hi: 0..99").replace(" exhaustively", "")
    spec.write_text(f"{wide}\npairs few for pricing {{ size 1280 }}\n")
    plan = compile_spec(check(spec), engine)
    (step,) = (step for step in plan.steps() if isinstance(step, EvaluateStep))
    store, priced = Store(spec.parent / "store"), price_plan(plan).whole
    counted = count_passes(TransformerNetwork)
    with suppress(AwaitingScores):
        Evaluations(plan, store, Fits(plan, store, Silent()), Silent()).scores(step.key, 256)
    assert 0.9 * priced.clean <= counted.clean <= priced.clean
    assert counted.forward == priced.forward
    assert priced.clean > 0


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize(
    "text",
    [
        "mean(sure on lm)",
        "mean(mixed on lm)",
        "mean(said on lm)",
        "effect(resid_post[0] @ {cost} -> lean)",
        "effect(resid_post[0] @ {cost} -> said)",
        "effect({cost := 20} -> said)",
        "change(resid_post[0] @ last -> named given resid_post[1] @ {cost})",
    ],
)
def test_a_metric_takes_as_many_passes_as_its_price(
    tmp_path: Path, count_passes: Callable[[type], Any], text: str, engine: EngineName
) -> None:
    bound = -1 if "said on" in text else 0.5
    spec = write_spec(tmp_path, text, bound)
    spec.write_text(spec.read_text().replace(f">= {bound}", f"<= {bound}"))
    assert_priced(spec, engine, count_passes)


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize("claim", [MEAN, EFFECT])
def test_a_generated_answer_takes_a_pass_for_each_token(
    tmp_path: Path, count_passes: Callable[[type], Any], claim: str, engine: EngineName
) -> None:
    """No text ends early, as the network has no token for it."""
    assert_priced(write_judged(tmp_path, claim), engine, count_passes)


@pytest.mark.parametrize("claim", [MEAN, EFFECT])
def test_texts_that_the_store_has_are_not_priced_again(
    tmp_path: Path, count_passes: Callable[[type], Any], claim: str
) -> None:
    """Scores wait for a table, so that of 256 items nothing is kept but what was said."""
    spec = write_judged(tmp_path, claim)
    wide = spec.read_text().replace("lo, hi: 20..22", "lo, hi: 0..99").replace(" exhaustively", "")
    spec.write_text(f"{wide}\npairs few for pricing {{ size 1280 }}\n")
    plan = compile_spec(check(spec), "fused")
    (step,) = (step for step in plan.steps() if isinstance(step, EvaluateStep))
    store, before = Store(tmp_path / "store"), price_plan(plan).whole
    counted = count_passes(TransformerNetwork)
    assert find_replies(plan, store) == {}
    with pytest.raises(AwaitingScores):
        Evaluations(plan, store, Fits(plan, store, Silent()), Silent()).scores(step.key, 256)
    stored, replied = find_stored(plan, store), find_replies(plan, store)
    assert stored == {}
    assert price_plan(plan, stored).whole == before
    left = price_plan(plan, stored, replied).whole
    assert left.forward <= before.forward - counted.forward
    assert left.clean <= before.clean - counted.clean * (claim == MEAN)
    assert (left.forward < before.forward) == (claim == EFFECT)


def test_a_plan_leaves_nothing_where_all_is_said_and_scores_are_awaited(tmp_path: Path) -> None:
    plan = compile_spec(check(write_judged(tmp_path, MEAN)), "fused")
    assert price_plan(plan).whole.clean > 0
    assert verify_judged(tmp_path).said("c") == "inconclusive(awaiting_scores)"
    store = Store(tmp_path / "store")
    assert price_plan(plan, find_stored(plan, store), find_replies(plan, store)).whole == Price()
