"""The same sites by plain PyTorch hooks, written out family by family and apart from the table under test.

Where a family allows it another module is hooked than the one under test: a block for its last projection, an
activation function for the input of the projection after it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

Change = Callable[[Tensor], Tensor]

LAYERS = {
    "gpt2": "transformer.h",
    "gpt_neox": "gpt_neox.layers",
    "gemma3": "model.language_model.layers",
    "bert": "bert.encoder.layer",
}
EMBED = {
    "gpt2": "transformer.wte",
    "gpt_neox": "gpt_neox.embed_in",
    "gemma3": "model.language_model.embed_tokens",
    "bert": "bert.embeddings.word_embeddings",
}
OUTPUTS: dict[str, dict[str, str]] = {
    "gpt2": {"attn_out": "attn", "mlp_out": "mlp", "mlp_act": "mlp.act"},
    "gpt_neox": {"attn_out": "attention", "mlp_out": "mlp", "mlp_act": "mlp.act"},
    "gemma2": {"attn_out": "post_attention_layernorm", "mlp_out": "post_feedforward_layernorm"},
    "bert": {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "head_out": "attention.self",
        "attn_out": "attention.output.dense",
        "resid_mid": "attention.output",
        "mlp_act": "intermediate",
        "mlp_out": "output.dense",
    },
}
OUTPUTS |= dict.fromkeys(("gemma3_text", "gemma3"), OUTPUTS["gemma2"])
OWN = ("gpt2", "gpt_neox", "bert")
LLAMA = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "attn_out": "self_attn",
    "mlp_out": "mlp",
}
INPUTS = {"gpt2": {"head_out": "attn.c_proj"}, "gpt_neox": {"head_out": "attention.dense"}}
LLAMA_INPUTS = {"head_out": "self_attn.o_proj", "mlp_act": "mlp.down_proj"}
FUSED = {"gpt2": "attn.c_attn", "gpt_neox": "attention.query_key_value"}


@contextmanager
def hooked(model: nn.Module, heads: int, component: str, layer: int | None, change: Change) -> Iterator[None]:
    """Change a site in the calls of a library's model inside."""
    family = model.config.model_type
    handles = _hook(model, family, heads, component, layer, change)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hook(model: nn.Module, family: str, heads: int, component: str, layer: int | None, change: Change) -> list[Any]:
    if component == "embed":
        return [_output(model.get_submodule(EMBED.get(family, "model.embed_tokens")), change)]
    if component == "logits":
        return [model.register_forward_hook(lambda _, __, out: out.__class__(logits=change(out.logits)))]
    block = model.get_submodule(f"{LAYERS.get(family, 'model.layers')}.{layer}")
    if component == "resid_pre":
        return [_input(block, change)]
    if component == "resid_post":
        return [_output(block, change)]
    if component in ("q", "k", "v") and family in FUSED:
        third = "qkv".index(component)
        return [_output(block.get_submodule(FUSED[family]), _of_third(change, third, heads, family == "gpt_neox"))]
    outputs = OUTPUTS[family] if family in OWN else LLAMA | OUTPUTS.get(family, {})
    inputs = INPUTS.get(family, {}) if family in OWN else LLAMA_INPUTS
    if component in outputs:
        return [_output(block.get_submodule(outputs[component]), change)]
    if component in inputs:
        return [_input(block.get_submodule(inputs[component]), change)]
    assert component == "resid_mid"
    # what is added to the stream by attention is chosen such that the stream after it is what the change says
    before: list[Tensor] = []
    keep = block.register_forward_pre_hook(lambda _, given: before.append(given[0]))
    added = block.get_submodule(outputs["attn_out"])
    return [keep, _output(added, lambda x: change(before[-1] + x) - before[-1])]


def _of_third(change: Change, third: int, heads: int, by_head: bool) -> Change:
    """A change of one of three parts of a vector, gathered dim by dim."""

    def dims(width: int) -> list[int]:
        if not by_head:
            return list(range(third * width, (third + 1) * width))
        head = width // heads
        return [h * 3 * head + third * head + i for h in range(heads) for i in range(head)]

    def changed(x: Tensor) -> Tensor:
        columns = dims(x.shape[-1] // 3)
        out = x.clone()
        out[..., columns] = change(x[..., columns])
        return out

    return changed


def _output(module: nn.Module, change: Change) -> Any:
    return module.register_forward_hook(
        lambda _, __, out: (change(out[0]), *out[1:]) if isinstance(out, tuple) else change(out)
    )


def _input(module: nn.Module, change: Change) -> Any:
    return module.register_forward_pre_hook(lambda _, given: (change(given[0]), *given[1:]))
