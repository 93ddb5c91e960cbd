"""Multilayer perceptrons over embedded tokens or over numbers: what their configuration says."""

from dataclasses import replace
from typing import Any

from ...lang.record import record
from .config import check_entries, read_frozen, read_law, read_positive
from .staged import StagedFacts

ACTIVATIONS = ("relu", "gelu", "tanh", "sigmoid", "identity")


@record
class MlpFacts(StagedFacts):
    """The configuration of a plain MLP (metadata entry `cspec.config`): an implementation of `NetworkFacts`.

    One that reads numbers has no vocabulary, and each input is one dim of its first layer: `vocabulary` 0, `embed` 1.
    """

    stage = "hidden"

    inputs: int
    vocabulary: int
    embed: int
    hidden: tuple[int, ...]
    classes: int
    activation: str = "relu"
    frozen: tuple[str, ...] = ()
    init: str = "torch"

    @property
    def reads_numbers(self) -> bool:
        return self.vocabulary == 0

    def accepts(self, tokens: int) -> bool:
        """Exactly `inputs` of them."""
        return tokens == self.inputs

    @property
    def token_counts(self) -> str:
        return str(self.inputs)

    def positions(self, tokens: int) -> int | None:
        """None: all inputs are one vector."""
        return None

    def token_position(self, index: int, tokens: int) -> int:
        """0: activations have one place for all inputs."""
        return 0

    @property
    def last_layer(self) -> int:
        return len(self.hidden)

    def width(self, component: str, layer: int | None) -> int | None:
        """`hidden[0]` is the embedding or the numbers, `hidden[i]` the output of layer i, `logits` the head's."""
        if layer not in self.layers(component):
            return None
        return self.classes if layer is None else (self.inputs * self.embed, *self.hidden)[layer]

    @property
    def sites(self) -> str:
        return f"`hidden[0]` to `hidden[{self.last_layer}]` and `logits`"

    @property
    def sites_help(self) -> str:
        first = "the numbers that are fed" if self.reads_numbers else "the concatenated embedding"
        return f"`hidden[0]` is {first}, `hidden[i]` the output of layer i"

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's name and shape, in the order in which they are drawn."""
        widths = (self.inputs * self.embed, *self.hidden)
        shapes: dict[str, tuple[int, ...]] = {}
        if not self.reads_numbers:
            shapes["embed.weight"] = self.vocabulary, self.embed
        for i, (before, after) in enumerate(zip(widths, self.hidden, strict=False)):
            shapes[f"layers.{i}.weight"] = (after, before)
            shapes[f"layers.{i}.bias"] = (after,)
        return shapes | {"head.weight": (self.classes, widths[-1]), "head.bias": (self.classes,)}


def parse_mlp_config(config: dict[str, Any]) -> MlpFacts:
    """The facts that a configuration states.

    Raises:
        ValueError: an entry is missing, unknown or out of range.
        TypeError: an entry is of another kind than it should be.
    """
    embedded = ("vocab", "embed") if config.keys() & {"vocab", "embed"} else ()
    check_entries(config, ("inputs", *embedded, "hidden", "classes"), ("activation", "frozen", "init"))
    facts = MlpFacts(
        inputs=read_positive("inputs", config["inputs"]),
        vocabulary=read_positive("vocab", config["vocab"]) if embedded else 0,
        embed=read_positive("embed", config["embed"]) if embedded else 1,
        hidden=tuple(read_positive("hidden", width) for width in config["hidden"]),
        classes=read_positive("classes", config["classes"]),
        activation=str(config.get("activation", "relu")),
        init=read_law(config, "torch"),
    )
    if facts.activation not in ACTIVATIONS:
        raise ValueError(f"expected an activation of {', '.join(ACTIVATIONS)}, found `{facts.activation}`")
    if not facts.hidden:
        raise ValueError("`hidden` names no layer")
    return replace(facts, frozen=read_frozen(config, facts.shapes()))
