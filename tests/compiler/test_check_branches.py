"""Layers whose attention and MLP read the same stream: what a real one computes, and what a spec may say of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from cspec.compiler.checks.networks.check_branches import ATTENTION, MLP
from cspec.compiler.pipeline import check_spec
from cspec.lang.diagnostics import Source, SpecError

CONFIG: dict[str, Any] = {
    "model_type": "gpt_neox",
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "vocab_size": 90,
    "max_position_embeddings": 70,
}
HEADED = ("q", "k", "v", "head_out")
SPEC = """
task t {{
  input  x, y: 0..7
  output out: 0..7
  tokens [x, y]
  answer out @ last: index
}}
model m for t {{
  parent = (x + 3 * y) % 8
  child  = (parent * x) % 8
  out    = child
}}
network lm = transformers("./lm")
align a: m -> lm {{
  parent at {parent} via identity
  child  at {child} via identity
}}
claim c: iia(a) >= 0.9 exhaustively
"""


def check(folder: Path, parent: str, child: str, **more: Any) -> list[tuple[str, str]]:
    (folder / "lm").mkdir(exist_ok=True)
    (folder / "lm" / "config.json").write_text(json.dumps(CONFIG | more), encoding="utf-8")
    text = SPEC.format(parent=parent, child=child)
    try:
        check_spec(Source(folder / "spec.cspec", text))
    except SpecError as problem:
        found = [d for d in problem.diagnostics if d.severity == "error"]
        return [(d.code, text[d.label.span.start : d.label.span.end]) for d in found]
    return []


@pytest.mark.parametrize("above", sorted(ATTENTION))
@pytest.mark.parametrize("below", sorted(MLP))
def test_a_child_in_the_mlp_beside_its_parent_is_refused(above: str, below: str, tmp_path: Path) -> None:
    parent = f"{above}[0, 1] @ last" if above in HEADED else f"{above}[0] @ last"
    child = f"{below}[0] @ last"
    assert check(tmp_path, parent, child) == [("CS305", "child")]
    assert check(tmp_path, parent, child, use_parallel_residual=False) == []
    assert check(tmp_path, parent, f"{below}[1] @ last") == []
    assert check(tmp_path, parent, "resid_post[0] @ last") == []


def test_a_site_of_several_parts_is_refused_where_one_part_is(tmp_path: Path) -> None:
    assert check(tmp_path, "[attn_out[0] @ last, attn_out[1] @ last]", "mlp_out[1] @ last") == [("CS305", "child")]


@pytest.mark.parametrize("parallel", [True, False])
def test_the_attention_of_a_layer_reaches_its_mlp_only_where_it_is_not_parallel(parallel: bool) -> None:
    """The network itself: another output of the attention in layer 0 changes what the MLP of layer 0 gives, or not."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    network = transformers.GPTNeoXModel(transformers.GPTNeoXConfig(**CONFIG, use_parallel_residual=parallel)).eval()
    layer, seen = network.layers[0], []
    layer.mlp.register_forward_hook(lambda module, inputs, output: seen.append(output))
    tokens = torch.tensor([[3, 1, 4]])
    with torch.no_grad():
        network(tokens)
        layer.attention.register_forward_hook(lambda module, inputs, output: (output[0] + 1, *output[1:]))
        network(tokens)
    assert torch.equal(*seen) == parallel
