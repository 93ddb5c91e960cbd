"""`given rest` in a transformer: what reaches the answer straight through the stream."""

# ruff: noqa: E501

from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.tests.command_line import run as run_command
from transformers import GPT2Config, GPT2LMHeadModel

HEADS = ", ".join(f"head_out[1, {head}] @ all" for head in range(4))
SPEC = f"""
task toy {{
  input  a, b, c, d: 0..21
  output s: 0..21
  tokens [a, b, c, d]
  answer s @ last: index
}}
model mean for toy {{ s = (a + b + c + d) // 4 }}
network lm = transformers("lm")
circuit some = {{ head_out[0, 1] @ all }}
pairs main for toy {{ size 2_000 uniform }}

claim last:     change(resid_post[1] @ last -> s on lm) <= 0.999
claim straight: change(resid_post[1] @ last -> s on lm given rest) <= 0.999
claim queries:  change(q[0, 0] @ last -> s on lm given rest) <= 0.999
claim earlier:  change(mlp_out[0] @ {{c}} -> s on lm given rest) <= 0.999
claim direct:   change(mlp_out[0] @ last -> s on lm given rest) <= 0.999
claim listed:   change(mlp_out[0] @ last -> s on lm given {HEADS}, mlp_act[1] @ all) <= 0.999
claim total:    change(mlp_out[0] @ last -> s on lm) <= 0.999
claim others:   change(rest(some) -> s on lm) <= 0.999
claim three:    change({{head_out[0, 0] @ all := source, head_out[0, 2] @ all := source, head_out[0, 3] @ all := source}} -> s on lm) <= 0.999
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("toy")
    config = GPT2Config(
        vocab_size=23, n_embd=16, n_layer=2, n_head=4, n_positions=8, bos_token_id=0, eos_token_id=0
    )  # fmt: skip
    model, generator = GPT2LMHeadModel(config), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.3)
    model.save_pretrained(found / "lm")
    (found / "e.cspec").write_text(SPEC)
    return found


def verify(folder: Path, engine: str) -> tuple[int, dict[str, Any]]:
    done = run_command("verify", folder / "e.cspec", "--json", "--engine", engine, "--store", folder / engine)
    return done.status, done.document


def test_the_direct_edge_leaves_out_every_path_through_a_head_or_a_neuron(folder: Path) -> None:
    """Theorems of a stream: its end is read as it is; a query or another position is read by heads alone."""
    counts = {}
    for engine in ("fused", "hooks", "pyvene"):
        verdicts = verify(folder, engine)[1]["result"]["verdicts"]
        counts[engine] = {verdict["name"]: verdict["quantities"][0]["right"] for verdict in verdicts}
    found = counts["fused"]
    assert counts["hooks"] == counts["pyvene"] == found
    assert found["straight"] == found["last"] > 0
    assert found["queries"] == found["earlier"] == 0
    assert found["direct"] == found["listed"]
    assert 0 < found["direct"] != found["total"]
    assert found["others"] == found["three"] > 0
