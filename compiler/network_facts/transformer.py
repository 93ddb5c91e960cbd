"""Transformers in the Hugging Face format: what their `config.json` says."""

from typing import Any

from ...lang.record import record
from ...lang.sites.components import COMPONENTS
from .config import read_positive
from .module_widths import find_width

MOST_PARTS, MOST_DIMS, MOST_TOKENS = 10_000, 1_000_000, 10_000_000
"""Of layers, heads and dims of a head, of dims, and of tokens more than any network has: a `config.json` that states
more is mistaken."""
STREAM = ("resid_pre", "resid_post", "attn_out", "mlp_out")
"""Components of a layer that are as wide as the residual stream, in every architecture."""
BETWEEN_LAYERS = ("resid_pre", "resid_post")
"""The stream between layers, by either of its names; other components lie within a layer."""


@record
class TransformerFacts:
    """The configuration of a transformer: an implementation of `NetworkFacts`.

    Layers and heads count from 0. `parallel`: attention and MLP of a layer both read the stream before it, so that
    there is no stream between them. `known` is False for an architecture of which only modules can be named.
    """

    architecture: str
    vocabulary: int
    context: int
    """The most tokens that it reads."""
    stream: int
    """The width of the residual stream."""
    blocks: int
    heads: int
    key_heads: int
    """Heads of keys and values; each serves heads / key_heads of the queries'."""
    head_width: int
    mlp: int
    parallel: bool = False
    known: bool = True
    frozen: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """Every token may be the answer."""
        return self.vocabulary

    @property
    def reads_numbers(self) -> bool:
        return False

    def accepts(self, tokens: int) -> bool:
        """At least one token, and no more than the context holds."""
        return 1 <= tokens <= self.context

    @property
    def token_counts(self) -> str:
        return f"1 to {self.context}"

    def positions(self, tokens: int) -> int | None:
        """One for each token."""
        return tokens

    def token_position(self, index: int, tokens: int) -> int:
        """The index itself: what the tokenizer puts first is a token like others."""
        return index

    @property
    def last_layer(self) -> int:
        return self.blocks - 1

    @property
    def first_site(self) -> tuple[str, int]:
        return "resid_pre", 0

    def next_site(self, component: str, layer: int | None) -> tuple[str, int] | None:
        """The stream after the layer that reads or computes the site."""
        if layer is None:
            return ("resid_post", 0) if component == "embed" else None
        after = layer + 1 if component == "resid_post" else layer
        return None if after > self.last_layer else ("resid_post", after)

    @property
    def last_site(self) -> tuple[str, int]:
        return "resid_post", self.last_layer

    def layers(self, component: str) -> tuple[int | None, ...]:
        """0 .. blocks - 1 for what a layer has; (None,) for what the network has once."""
        if component == "module":
            return (None,)
        if not self.known or self._dims(component) is None:
            return ()
        return tuple(range(self.blocks)) if COMPONENTS[component].layered else (None,)

    def heads_of(self, component: str) -> int:
        """Of queries and outputs all heads, of keys and values as many as there are."""
        if not self.known or not COMPONENTS[component].headed:
            return 0
        return self.key_heads if component in ("k", "v") else self.heads

    def width(self, component: str, layer: int | None) -> int | None:
        """The stream's width for what is added to it, the head's for q, k, v and a head's output."""
        return self._dims(component) if layer in self.layers(component) else None

    def module_width(self, path: str) -> int | None:
        """Of the modules in a layer of a known architecture."""
        widths = {
            "stream": self.stream,
            "mlp": self.mlp,
            "heads": self.heads * self.head_width,
            "key heads": self.key_heads * self.head_width,
            "three streams": 3 * self.stream,
        }
        found = find_width(self.architecture, path, self.blocks)
        return None if found is None else widths[found]

    def _dims(self, component: str) -> int | None:
        if component in ("embed", *STREAM) or (component == "resid_mid" and not self.parallel):
            return self.stream
        if component == "mlp_act":
            return self.mlp
        if component == "logits":
            return self.vocabulary
        return self.head_width if component in ("q", "k", "v", "head_out") else None

    @property
    def sites(self) -> str:
        if not self.known:
            return f'`module("dotted.path")` sites only: its architecture `{self.architecture}` is not known here'
        last, mid = self.last_layer, "" if self.parallel else "`resid_mid`, "
        grouped = f" (0..{self.key_heads - 1} of `k` and `v`)" if self.key_heads != self.heads else ""
        return (
            f"layers 0..{last} of `resid_pre`, {mid}`resid_post`, `attn_out`, `mlp_act` and `mlp_out`, heads"
            f" 0..{self.heads - 1} of `q`, `k`, `v` and `head_out`{grouped}, `embed`, `logits` and modules"
        )

    @property
    def sites_help(self) -> str:
        if not self.known:
            return 'name what you mean in the network\'s own words: `module("model.layers.3") @ last`'
        return f"`resid_post[{self.last_layer}]` is the stream after the last layer; layers and heads count from 0"

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """None: its weights are not read to check a spec."""
        return {}


@record
class _Names:
    """What a family of architectures calls the entries of its configuration."""

    width: str = "hidden_size"
    layers: str = "num_hidden_layers"
    heads: str = "num_attention_heads"
    mlp: str = "intermediate_size"
    context: str = "max_position_embeddings"


_GPT2 = _Names("n_embd", "n_layer", "n_head", "n_inner", "n_positions")
_LLAMA = _Names()
ARCHITECTURES: dict[str, _Names] = {
    "gpt2": _GPT2,
    "bert": _LLAMA,
    **dict.fromkeys(("gpt_neox", "llama", "mistral", "qwen2", "qwen3"), _LLAMA),
    **dict.fromkeys(("gemma", "gemma2", "gemma3", "gemma3_text"), _LLAMA),
}
"""By `model_type`, how the configuration's entries are called."""


def parse_transformer_config(config: dict[str, Any]) -> TransformerFacts:
    """The facts that a `config.json` states.

    Raises:
        ValueError: an entry is missing or out of range.
        TypeError: an entry is of another kind than it should be.
    """
    architecture = config.get("model_type")
    if not isinstance(architecture, str) or not architecture:
        raise ValueError("it has no entry `model_type`")
    if isinstance(inner := config.get("text_config"), dict):  # networks of text and pictures state the text's apart
        config = config | inner
    names, frozen = ARCHITECTURES.get(architecture), _read_frozen(config.get("cspec", {}))
    if names is None:
        vocabulary = read_positive("vocab_size", config.get("vocab_size"), MOST_TOKENS)
        context = config.get("max_position_embeddings", config.get("n_positions"))
        room = read_positive("max_position_embeddings", context) if context is not None else 2**31
        return TransformerFacts(architecture, vocabulary, room, 0, 0, 0, 0, 0, 0, known=False, frozen=frozen)
    bounds = {names.width: MOST_DIMS, names.layers: MOST_PARTS, names.heads: MOST_PARTS, names.context: None}
    width, layers, heads, context = (read_positive(name, config.get(name), most) for name, most in bounds.items())
    key_heads = read_positive("num_key_value_heads", _or(config, "num_key_value_heads", heads))
    if heads % key_heads:
        raise ValueError(f"`num_key_value_heads` must divide {heads}, the number of heads")
    if config.get("head_dim") is None and width % heads:
        raise ValueError(f"`{names.heads}` must divide {width}, the width")
    return TransformerFacts(
        architecture=architecture,
        vocabulary=read_positive("vocab_size", config.get("vocab_size"), MOST_TOKENS),
        context=context,
        stream=width,
        blocks=layers,
        heads=heads,
        key_heads=key_heads,
        head_width=read_positive("head_dim", _or(config, "head_dim", width // heads), MOST_PARTS),
        mlp=read_positive(
            names.mlp, _or(config, names.mlp, 4 * width if architecture == "gpt2" else None), 4 * MOST_DIMS
        ),
        parallel=architecture == "gpt_neox" and config.get("use_parallel_residual", True) is not False,
        frozen=frozen,
    )


def _read_frozen(ours: Any) -> tuple[str, ...]:
    """The tensors that training left as they were: `{"cspec": {"frozen": [...]}}`. Whether they exist, loading says."""
    listed = ours.get("frozen", []) if isinstance(ours, dict) else None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ValueError("`cspec` must hold a list of names, `frozen`")
    return tuple(listed)


def _or(config: dict[str, Any], name: str, otherwise: Any) -> Any:
    found = config.get(name)
    return otherwise if found is None else found
