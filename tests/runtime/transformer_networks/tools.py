"""Small transformers of every family, with random weights, to be run beside the library's own forward."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from cspec.compiler.network_facts.transformer import parse_transformer_config
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    BertConfig,
    Gemma2Config,
    Gemma3Config,
    Gemma3TextConfig,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    OPTConfig,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)

VOCABULARY, WIDTH, LAYERS, HEADS, CONTEXT = 40, 16, 3, 4, 32
IDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
COMMON: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": 24,
    "max_position_embeddings": CONTEXT,
    **IDS,
}
GROUPED: dict[str, Any] = {**COMMON, "num_key_value_heads": 2, "head_dim": 6}
WINDOW = 4
GEMMA3: dict[str, Any] = {
    **GROUPED,
    "sliding_window": WINDOW,
    "query_pre_attn_scalar": 6,
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
}

CONFIGS: dict[str, PreTrainedConfig] = {
    "gpt2": GPT2Config(vocab_size=VOCABULARY, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_positions=CONTEXT, **IDS),
    "gpt_neox": GPTNeoXConfig(**COMMON, use_parallel_residual=True),
    "gpt_neox, one after the other": GPTNeoXConfig(**COMMON, use_parallel_residual=False),
    "llama": LlamaConfig(**GROUPED, attention_bias=True),
    "mistral": MistralConfig(**GROUPED, sliding_window=WINDOW),
    "qwen2": Qwen2Config(
        **{k: v for k, v in GROUPED.items() if k != "head_dim"},
        use_sliding_window=True,
        sliding_window=WINDOW,
        max_window_layers=1,
    ),
    "qwen3": Qwen3Config(**GROUPED),
    "gemma": GemmaConfig(**GROUPED),
    "gemma2": Gemma2Config(**GROUPED, sliding_window=WINDOW, query_pre_attn_scalar=6),
    "gemma3_text": Gemma3TextConfig(**GEMMA3),
    "gemma3": Gemma3Config(
        text_config=GEMMA3,
        vision_config={
            "hidden_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 8,
            "image_size": 16,
            "patch_size": 8,
        },
        mm_tokens_per_image=4,
        image_token_index=39,
        boi_token_index=38,
        eoi_token_index=37,
    ),
    "gemma3_text, both ways": Gemma3TextConfig(**GEMMA3, use_bidirectional_attention=True),
    "bert": BertConfig(**COMMON),
}
"""Tiny configurations; windows are shorter than the prompts, heads wider than their share of the stream."""

DECODERS = tuple(name for name in CONFIGS if name not in ("gemma3_text, both ways", "bert"))


EACH_TABLE = ("gpt2", "gpt_neox", "llama", "gemma2", "gemma3", "bert")
"""One of every family whose modules lie elsewhere."""


def draw_weights(model: PreTrainedModel, seed: int = 0) -> PreTrainedModel:
    """The same model with every parameter random, large enough that each part of it moves the logits."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            centre = weight.mean() if weight.ndim == 1 else 0.0  # norms start at their identity, biases at 0
            weight.copy_(centre + 0.3 * torch.randn(weight.shape, generator=generator))
    return model.eval()


@functools.cache
def network_of(name: str) -> TransformerNetwork:
    """A network of a configuration. Its `model` is the library's, to be called as it is."""
    config = CONFIGS[name]
    kind = AutoModelForMaskedLM if config.model_type == "bert" else AutoModelForCausalLM
    model = draw_weights(kind.from_config(config))
    model.config.pad_token_id = None
    return TransformerNetwork(model, parse_transformer_config(config.to_dict()))


def unknown_network() -> TransformerNetwork:
    """A network of an architecture that is not known here."""
    config = OPTConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        word_embed_proj_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        ffn_dim=24,
        max_position_embeddings=CONTEXT,
        **IDS,
    )
    model = draw_weights(AutoModelForCausalLM.from_config(config))
    return TransformerNetwork(model, parse_transformer_config(config.to_dict()))


def draw_tokens(items: int = 3, length: int = 9, seed: int = 1) -> Tensor:
    """Token ids [item, token] without padding."""
    return torch.randint(0, VOCABULARY, (items, length), generator=torch.Generator().manual_seed(seed))


def pad(prompts: list[Tensor]) -> Tensor:
    """Prompts of several lengths as [item, token], padded on the right with -1."""
    return torch.nn.utils.rnn.pad_sequence(prompts, batch_first=True, padding_value=-1)


def components(network: TransformerNetwork) -> Iterator[tuple[str, int | None]]:
    """Every component of a known architecture at every layer."""
    yield "embed", None
    for layer in range(network.facts.blocks):
        for name in ("resid_pre", "q", "k", "v", "head_out", "attn_out", "resid_mid", "mlp_act", "mlp_out"):
            if network.facts.layers(name):
                yield name, layer
        yield "resid_post", layer
    yield "logits", None


@contextmanager
def reading(
    network: TransformerNetwork, component: str, layer: int | None, path: str | None = None
) -> Iterator[list[Tensor]]:
    """What the site holds in the runs inside."""
    found: list[Tensor] = []

    def read(x: Tensor) -> Tensor:
        found.append(x.clone())
        return x

    with network.edited([(component, layer, path, read)]):
        yield found


def read_all(network: TransformerNetwork, tokens: Tensor) -> dict[tuple[str, int | None], Tensor]:
    """What every site holds in one run."""
    found: dict[tuple[str, int | None], Tensor] = {}

    def keep(site: tuple[str, int | None], x: Tensor) -> Tensor:
        found[site] = x.clone()
        return x

    with network.edited([(*site, None, functools.partial(keep, site)) for site in components(network)]):
        network(tokens)
    return found
