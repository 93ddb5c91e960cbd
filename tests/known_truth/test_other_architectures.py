"""Modules of architectures that no table of ours knows: what is read of them and set, by plain hooks on every pair."""

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM

from .tools import verify

SPEC = """
task first_two {
  input  w, x, y: 0..3
  output same: bool
  tokens [w, x, y]
  answer same @ last: { false: 30, true: 31 } among answers
}
model compared for first_two { left: bool = w == x  same = left }
network lm = transformers("lm") ungated
pairs p for first_two { split .998 .001 .001 }
"""
COMMON: dict[str, Any] = {
    "vocab_size": 32,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 8,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
ARCHITECTURES: dict[str, tuple[str, dict[str, Any], str]] = {
    "adds to the MLP's output in place": ("falcon", COMMON | {"alibi": False}, "transformer.h.0.mlp.dense_4h_to_h"),
    "alibi": ("bloom", COMMON, "transformer.h.0.self_attention"),
    "a tuple": ("opt", COMMON | {"ffn_dim": 20, "word_embed_proj_dim": 8}, "model.decoder.layers.0.self_attn"),
    "attention sinks": (
        "gpt_oss",
        COMMON
        | {"intermediate_size": 12, "num_key_value_heads": 2, "head_dim": 4, "sliding_window": 2}
        | {"num_local_experts": 2, "num_experts_per_tok": 1},
        "model.layers.0.self_attn",
    ),
}
INPUTS = torch.tensor(list(itertools.product(range(4), repeat=3)))
AT = 2
"""The token of y."""


def draw(kind: str, config: dict[str, Any], folder: Path) -> nn.Module:
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **config))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            centre = weight.mean() if weight.ndim == 1 else 0.0
            weight.copy_(centre + 0.5 * torch.randn(weight.shape, generator=generator))
    model.save_pretrained(folder / "lm")
    return model.eval()


def run(model: nn.Module, path: str, tokens: Tensor, made: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Whether `true` is answered, and what a module gives at y; with something in its place."""
    found: list[Tensor] = []

    def edit(_: nn.Module, __: object, output: Any) -> Any:
        state = (output[0] if isinstance(output, tuple) else output).clone()
        found.append(state[:, AT].clone())
        if made is not None:
            state[:, AT] = made
        return (state, *output[1:]) if isinstance(output, tuple) else state

    handle = model.get_submodule(path).register_forward_hook(edit)
    try:
        with torch.no_grad():
            logits = model(tokens).logits[:, -1]
    finally:
        handle.remove()
    return logits[:, 31] > logits[:, 30], found[0]


def halved(changed: Tensor, flips: Tensor) -> Fraction:
    """The share of items that change, of those whose correct output differs and of the others, alike."""
    halves = (changed[flips], changed[~flips])
    return sum((Fraction(int(half.sum()), len(half)) for half in halves), Fraction(0)) / 2


@pytest.mark.parametrize("engine", ["hooks", "fused"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_module_is_read_and_set_as_plain_hooks_do(name: str, engine: str, tmp_path: Path) -> None:
    kind, config, path = ARCHITECTURES[name]
    model, site = draw(kind, config, tmp_path), f'module("{path}")[0..15] @ {{y}}'
    settings = (site, f"{{{site} := mean({site})}}", f"{{{site} := 2 * source - {site}}}")
    claims = (f"claim c{i}: change({each} -> same) <= 0.999 exhaustively\n" for i, each in enumerate(settings))
    (spec := tmp_path / "s.cspec").write_text(SPEC + "".join(claims))
    done = verify(spec, tmp_path / "store", "--engine", engine)

    bases, sources = INPUTS.repeat_interleave(64, 0), INPUTS.repeat(64, 1)
    flips = (bases[:, 0] == bases[:, 1]) != (sources[:, 0] == sources[:, 1])
    before, own = run(model, path, bases)
    other = run(model, path, sources)[1]
    mean = run(model, path, INPUTS)[1].mean(0)
    for index, made in enumerate((other, mean.expand_as(own), 2 * other - own)):
        expected = halved(run(model, path, bases, made)[0] != before, flips)
        assert Fraction(done.quantity(f"c{index}")["exact"]) == expected
        assert expected > 0
