"""Transformers as tracr compiles them, without layer norm: what their configuration says.

Lindner et al., "Tracr: Compiled Transformers as a Laboratory for Interpretability" (arXiv 2301.05062).
"""

from dataclasses import replace
from typing import Any

from ...lang.record import record
from .config import check_entries, read_frozen, read_law, read_positive
from .staged import StagedFacts


@record
class TracrFacts(StagedFacts):
    """The configuration of a compiled transformer: an implementation of `NetworkFacts`.

    Position 0 holds the token `bos`, which the network itself puts before an input of 1 .. `context` - 1 tokens.
    `resid[s]` is the residual stream at stage s: 0 the embedding, 1 + 2l after the attention of layer l, 2 + 2l after
    its MLP.
    """

    stage = "resid"

    vocabulary: int
    bos: int
    context: int
    """The most positions that it has room for, with that of `bos`."""
    stream: int
    """The width of the residual stream."""
    blocks: int
    """Layers, each attention and MLP."""
    heads: int
    key: int
    mlp: int
    classes: int
    causal: bool = False
    frozen: tuple[str, ...] = ()
    init: str = "lecun"

    @property
    def reads_numbers(self) -> bool:
        return False

    def accepts(self, tokens: int) -> bool:
        """At least one token, and no more than there are positions for."""
        return 1 <= tokens < self.context

    @property
    def token_counts(self) -> str:
        return "1" if self.context == 2 else f"1 to {self.context - 1}"

    def positions(self, tokens: int) -> int | None:
        """One more than there are tokens."""
        return tokens + 1

    def token_position(self, index: int, tokens: int) -> int:
        """One later, since `bos` comes first."""
        return index + 1

    @property
    def last_layer(self) -> int:
        return 2 * self.blocks

    def width(self, component: str, layer: int | None) -> int | None:
        """The residual stream has the same width at every stage."""
        if layer not in self.layers(component):
            return None
        return self.classes if layer is None else self.stream

    @property
    def sites(self) -> str:
        return f"`resid[0]` to `resid[{self.last_layer}]` and `logits`, each at a position"

    @property
    def sites_help(self) -> str:
        return (
            "`resid[0]` is the embedding, `resid[1 + 2*l]` the stream after the attention of layer l, `resid[2 + 2*l]`"
            " after its MLP"
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's name and shape, in the order in which they are drawn."""
        shapes: dict[str, tuple[int, ...]] = {
            "token_embed": (self.vocabulary, self.stream),
            "pos_embed": (self.context, self.stream),
        }
        inner = self.heads * self.key
        for layer in range(self.blocks):
            widths = {f"attn.{name}": (self.stream, inner) for name in "qkv"} | {
                "attn.o": (inner, self.stream),
                "mlp.in": (self.stream, self.mlp),
                "mlp.out": (self.mlp, self.stream),
            }
            for name, (before, after) in widths.items():
                shapes[f"L{layer}.{name}.w"] = (before, after)
                shapes[f"L{layer}.{name}.b"] = (after,)
        return shapes | {"unembed": (self.stream, self.classes)}


def parse_tracr_config(config: dict[str, Any]) -> TracrFacts:
    """The facts that a configuration states.

    Raises:
        ValueError: an entry is missing, unknown or out of range.
        TypeError: an entry is of another kind than it should be.
    """
    counts = ("vocab", "positions", "width", "layers", "heads", "key", "mlp", "classes")
    check_entries(config, (*counts, "bos"), ("causal", "frozen", "init"))
    vocab, positions, width, layers, heads, key, mlp, classes = (read_positive(n, config[n]) for n in counts)
    bos, causal = config["bos"], config.get("causal", False)
    if not isinstance(bos, int) or isinstance(bos, bool) or not 0 <= bos < vocab:
        raise ValueError(f"`bos` must be a token id of 0..{vocab - 1}")
    if positions < 2:
        raise ValueError("`positions` must be at least 2: `bos` takes one of them")
    if not isinstance(causal, bool):
        raise ValueError("`causal` must be true or false")
    facts = TracrFacts(
        vocabulary=vocab,
        bos=bos,
        context=positions,
        stream=width,
        blocks=layers,
        heads=heads,
        key=key,
        mlp=mlp,
        classes=classes,
        causal=causal,
        init=read_law(config, "lecun"),
    )
    return replace(facts, frozen=read_frozen(config, facts.shapes()))
