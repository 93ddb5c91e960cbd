"""Where the field's components lie in each family of transformers: module paths, as data.

A path is relative to the network's root, or (in `Ports`) to one layer.
"""

from dataclasses import dataclass, replace
from typing import Literal

End = Literal["reads", "gives", "shares"]
Packing = Literal["alone", "side by side", "by head"]


@dataclass(frozen=True)
class Port:
    """One end of a module: what it `reads`, what it `gives`, or what it reads and its layer goes on with (`shares`).

    A module that gives queries, keys and values in one vector has them `side by side`, [3 * heads * head_width], or
    `by head`, [heads * 3 * head_width]; `third` says which of the three.
    """

    module: str
    end: End = "gives"
    packing: Packing = "alone"
    third: int = 0


@dataclass(frozen=True)
class Ports:
    """The ports of one layer, by component. `resid_mid` is None where attention and MLP read the same stream."""

    q: Port
    k: Port
    v: Port
    head_out: Port
    attn_out: Port
    resid_mid: Port | None
    mlp_act: Port
    mlp_out: Port


@dataclass(frozen=True)
class Family:
    """A family's modules.

    `stack` is the list of layers, `embed` gives the token's embedding, `final` reads the stream after the last layer,
    and `head` gives a vector's logits. `causal`: a position reads itself and those before it. `spare` are beginnings
    of tensors that checkpoints hold and a network with this head has no use for.
    """

    stack: str
    embed: str
    final: str
    head: str
    ports: Ports
    causal: bool = True
    spare: tuple[str, ...] = ()


def _packed(module: str, packing: Packing) -> tuple[Port, Port, Port]:
    return Port(module, "gives", packing, 0), Port(module, "gives", packing, 1), Port(module, "gives", packing, 2)


_GPT2 = Family(
    stack="transformer.h",
    embed="transformer.wte",
    final="transformer.ln_f",
    head="lm_head",
    ports=Ports(
        *_packed("attn.c_attn", "side by side"),
        head_out=Port("attn.c_proj", "reads"),
        attn_out=Port("attn.c_proj"),
        resid_mid=Port("ln_2", "shares"),
        mlp_act=Port("mlp.c_proj", "reads"),
        mlp_out=Port("mlp.c_proj"),
    ),
)
_GPT_NEOX = Family(
    stack="gpt_neox.layers",
    embed="gpt_neox.embed_in",
    final="gpt_neox.final_layer_norm",
    head="lm_head",
    ports=Ports(
        *_packed("attention.query_key_value", "by head"),
        head_out=Port("attention.dense", "reads"),
        attn_out=Port("attention.dense"),
        resid_mid=Port("post_attention_layernorm", "shares"),
        mlp_act=Port("mlp.dense_4h_to_h", "reads"),
        mlp_out=Port("mlp.dense_4h_to_h"),
    ),
)
_LLAMA = Family(
    stack="model.layers",
    embed="model.embed_tokens",
    final="model.norm",
    head="lm_head",
    ports=Ports(
        q=Port("self_attn.q_proj"),
        k=Port("self_attn.k_proj"),
        v=Port("self_attn.v_proj"),
        head_out=Port("self_attn.o_proj", "reads"),
        attn_out=Port("self_attn.o_proj"),
        resid_mid=Port("post_attention_layernorm", "shares"),
        mlp_act=Port("mlp.down_proj", "reads"),
        mlp_out=Port("mlp.down_proj"),
    ),
)
_GEMMA2 = replace(
    _LLAMA,
    ports=replace(
        _LLAMA.ports,
        attn_out=Port("post_attention_layernorm"),
        resid_mid=Port("pre_feedforward_layernorm", "shares"),
        mlp_out=Port("post_feedforward_layernorm"),
    ),
)
_BERT = Family(
    stack="bert.encoder.layer",
    embed="bert.embeddings.word_embeddings",
    final="cls",
    head="cls",
    ports=Ports(
        q=Port("attention.self.query"),
        k=Port("attention.self.key"),
        v=Port("attention.self.value"),
        head_out=Port("attention.output.dense", "reads"),
        attn_out=Port("attention.output.dense"),
        resid_mid=Port("intermediate", "shares"),
        mlp_act=Port("output.dense", "reads"),
        mlp_out=Port("output.dense"),
    ),
    causal=False,
    spare=("bert.pooler.", "cls.seq_relationship."),
)

FAMILIES: dict[str, Family] = {
    "gpt2": _GPT2,
    "gpt_neox": _GPT_NEOX,
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "gemma"), _LLAMA),
    **dict.fromkeys(("gemma2", "gemma3_text"), _GEMMA2),
    "gemma3": replace(
        _GEMMA2,
        stack="model.language_model.layers",
        embed="model.language_model.embed_tokens",
        final="model.language_model.norm",
    ),
    "bert": _BERT,
}
"""By `model_type`."""


def family_of(architecture: str, parallel: bool = False, both_ways: bool = False) -> Family | None:
    """The family of a `model_type`; None where only modules can be named.

    `parallel`: attention and MLP of a layer read the same stream, and there is none between them. `both_ways`: a
    position reads those after it, too.
    """
    family = FAMILIES.get(architecture)
    if family is None:
        return None
    ports = replace(family.ports, resid_mid=None) if parallel else family.ports
    return replace(family, ports=ports, causal=family.causal and not both_ways)
