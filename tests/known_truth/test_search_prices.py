"""The price of a search for a circuit, against passes that are counted while a transformer's heads are scored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.cli.workflow import check
from cspec.compiler.pipeline import compile_spec
from cspec.compiler.plan import EngineName, RankStep
from cspec.compiler.pricing import price_plan
from cspec.runtime.fitting.fits import Fits
from cspec.runtime.networks.transformers import TransformerNetwork
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store
from cspec.runtime.scoring.evaluations import Evaluations
from transformers import GPT2Config, GPT2LMHeadModel

SPEC = """
task toy {
  input  a, b, c: 0..21
  output s: 0..21
  tokens [a, b, c]
  answer s @ last: index
}
model mean for toy { s = (a + b + c) // 3 }
network lm = transformers("lm")
pairs main for toy { size 1_500 uniform }
circuit heads = top 3 of head_out[*, *] @ last by %s
claim c: change({heads := 0} -> s on lm) <= 0.99
"""


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize("score", ["change({it := 0} -> s on lm)", "effect(it -> correct on lm)"])
def test_a_search_takes_as_many_passes_as_its_price(
    engine: EngineName, score: str, tmp_path: Path, count_passes: Callable[[type], Any]
) -> None:
    torch.set_num_threads(1)
    config = GPT2Config(vocab_size=23, n_embd=16, n_layer=2, n_head=4, n_positions=8, bos_token_id=0, eos_token_id=0)
    GPT2LMHeadModel(config).save_pretrained(tmp_path / "lm")
    (tmp_path / "e.cspec").write_text(SPEC % score)
    plan = compile_spec(check(tmp_path / "e.cspec"), engine)
    step = next(step for step in plan.steps() if isinstance(step, RankStep))
    store, priced = Store(tmp_path / "store"), price_plan(plan).first[step.key]
    counted = count_passes(TransformerNetwork)
    Evaluations(plan, store, Fits(plan, store, Silent()), Silent()).rankings.ranked(step.key)
    assert (counted.clean, counted.forward) == (priced.clean, priced.forward)
    assert priced.forward >= 8 * 200
