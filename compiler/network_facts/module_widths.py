"""How wide what a module of a known architecture gives is: from its dotted path and the configuration alone.

The names are those of the transformers library. A run holds each width that is used against the activation it meets.
"""

from typing import Literal

from ...lang.record import record

Width = Literal["stream", "mlp", "heads", "key heads", "three streams"]


@record
class _Named:
    """The path of the list of layers, and the modules of a layer by their path in it, each with its width."""

    stack: str
    inner: dict[str, Width]


def _named(stack: str, stream: str, mlp: str, **others: str) -> _Named:
    """Paths of each width, separated by spaces; those of the others by the width's name."""
    listed = {"stream": stream, "mlp": mlp, **{name.replace("_", " "): paths for name, paths in others.items()}}
    return _Named(stack, {path: name for name, paths in listed.items() for path in paths.split()})  # type: ignore[misc]


_NORMS = "input_layernorm post_attention_layernorm"
_LLAMA = {
    "stream": f"self_attn self_attn.o_proj mlp mlp.down_proj {_NORMS}",
    "mlp": "mlp.gate_proj mlp.up_proj mlp.act_fn",
    "heads": "self_attn.q_proj",
    "key_heads": "self_attn.k_proj self_attn.v_proj",
}
_GEMMA2 = _LLAMA | {"stream": f"{_LLAMA['stream']} pre_feedforward_layernorm post_feedforward_layernorm"}

ARCHITECTURES: dict[str, _Named] = {
    "gpt2": _named(
        "transformer.h", "attn attn.c_proj mlp mlp.c_proj ln_1 ln_2", "mlp.c_fc mlp.act", three_streams="attn.c_attn"
    ),
    "gpt_neox": _named(
        "gpt_neox.layers",
        f"attention attention.dense mlp mlp.dense_4h_to_h {_NORMS}",
        "mlp.dense_h_to_4h mlp.act",
        three_streams="attention.query_key_value",
    ),
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "gemma"), _named("model.layers", **_LLAMA)),
    **dict.fromkeys(("gemma2", "gemma3_text"), _named("model.layers", **_GEMMA2)),
    "gemma3": _named("model.language_model.layers", **_GEMMA2),
    "bert": _named(
        "bert.encoder.layer",
        "attention attention.output attention.output.dense output output.dense",
        "intermediate intermediate.dense",
        heads="attention.self attention.self.query attention.self.key attention.self.value",
    ),
}


def find_width(architecture: str, path: str, blocks: int) -> Width | None:
    """Which width what a module gives has; None where it is not known: elsewhere than in one of so many layers, say."""
    named = ARCHITECTURES.get(architecture)
    if named is None or not path.startswith(f"{named.stack}."):
        return None
    layer, _, inner = path.removeprefix(f"{named.stack}.").partition(".")
    if layer not in map(str, range(blocks)):
        return None
    return named.inner.get(inner) if inner else "stream"
