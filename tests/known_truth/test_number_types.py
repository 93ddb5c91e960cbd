"""Transformers in narrow and wide number types: every path to a verdict runs, engines agree, overflow is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.tests.command_line import run
from transformers import GPT2Config, GPT2LMHeadModel

from .tools import verify

SPEC = """
task t {
  input  w, x, y: 0..27
  output same: bool
  tokens [w, x, y]
  answer same @ last: { false: 30, true: 31 } among answers
}
model m for t { left: bool = w < x  right: bool = x == y  same = left == right }
network lm = transformers("lm", dtype: TYPE) ungated
pairs p for t { size 4_000  split .1 .1 .8  uniform }
settings { budget: 200  controls { random: 1 } }
align places: m -> lm { left at resid_post[0] @ {x} via pca size 3  right at resid_post[0][0..5] @ last }
align told: m -> lm { left at resid_post[1] @ {x} via probe size 1  right at resid_post[1] @ last via difference }
circuit some = { head_out[0, 1] @ last, mlp_act[1][0..3] @ {x} }
"""
CLAIMS = (
    "iia(places)",
    "cae(places)",
    "cae(told)",
    "divergence(told)",
    "probe(told.left)",
    "iia(places from told)",
    "change({some := shuffled} -> same on lm)",
    "change({some := some + noise(1)} -> same on lm)",
    "change({some := mean(some)} -> same on lm)",
    "change(w -> places.left on lm)",
)


def write(folder: Path, kind: str, claims: tuple[str, ...], by: float = 1) -> Path:
    """The spec beside a random network whose second MLP's weights are so many times as large, twice."""
    config = GPT2Config(vocab_size=32, n_embd=16, n_layer=2, n_head=2, n_positions=8, bos_token_id=0, eos_token_id=0)
    model = GPT2LMHeadModel(config)
    drawn = draw(model)
    for name in ("c_fc", "c_proj"):
        drawn.get_submodule(f"transformer.h.1.mlp.{name}").weight.data *= by
    drawn.save_pretrained(folder / "lm")
    lines = (f"claim c{index}: {text} <= 0.999\n" for index, text in enumerate(claims))
    (spec := folder / "spec.cspec").write_text(SPEC.replace("TYPE", kind) + "".join(lines))
    return spec


def draw(model: Any) -> Any:
    generator = torch.Generator().manual_seed(0)
    for weight in model.parameters():
        centre = weight.data.mean() if weight.ndim == 1 else 0.0
        weight.data = centre + 0.4 * torch.randn(weight.shape, generator=generator)
    return model.eval()


@pytest.mark.parametrize("kind", ["bfloat16", "float64"])
def test_engines_agree_in_every_type(kind: str, tmp_path: Path) -> None:
    """Closed forms alone: what is trained may differ between engines in its last digits, and so in an item."""
    spec = write(tmp_path, kind, CLAIMS)
    ours, theirs = (verify(spec, tmp_path / engine, "--engine", engine) for engine in ("fused", "hooks"))
    for index, text in enumerate(CLAIMS):
        mine, other = (done.quantity(f"c{index}") for done in (ours, theirs))
        assert (mine["estimate"], mine["n"]) == (pytest.approx(other["estimate"], abs=1e-6), other["n"]), text
        assert mine["estimate"] > 0


@pytest.mark.parametrize("claim", ["iia(told)", "probe(told.left)", "iia(places from told)", "divergence(told)"])
def test_activations_that_overflow_are_refused(claim: str, tmp_path: Path) -> None:
    done = run("verify", write(tmp_path, "float16", (claim,), by=3e3), "--store", tmp_path / "store")
    assert done.status == 4
    assert "error[CS508]" in done.err
    assert "c0:" not in done.out
