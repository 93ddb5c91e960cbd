"""Plain networks as torch modules: loaded from safetensors, or redrawn by their own initialisation law."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from .errors import EnvironmentProblem

if TYPE_CHECKING:
    from ..compiler.network_facts import MlpFacts
    from ..compiler.plan import NetworkSource

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}


class Site(nn.Module):
    """A named place where an engine may read and write: hands on a copy, so that writing spoils nothing upstream."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clone()


class Config:
    """The configuration object that engines expect to find on a network; a plain network has nothing to say in it."""

    def to_dict(self) -> dict[str, object]:
        """An empty table."""
        return {}


class Mlp(nn.Module):
    """A plain MLP over embedded tokens.

    `sites.i` holds `hidden[i]`, shape [item, 1, width]: 0 is the concatenated embedding, i the output of layer i after
    its activation. The middle axis is the one position that such a network has. `logits` is the head's output.
    """

    def __init__(self, facts: "MlpFacts") -> None:
        super().__init__()
        widths = (facts.inputs * facts.embed, *facts.hidden)
        self.facts = facts
        self.embed = nn.Embedding(facts.vocabulary, facts.embed)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(widths[-1], facts.classes)
        self.activation = ACTIVATIONS[facts.activation]()
        self.sites = nn.ModuleList(Site() for _ in widths)
        self.logits = Site()
        self.config = Config()

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, shape [item, 1, class], of token ids, shape [item, position]."""
        x = self.sites[0](self.embed(tokens).flatten(1)[:, None])
        for layer, site in zip(self.layers, list(self.sites)[1:], strict=True):
            x = site(self.activation(layer(x)))
        logits: Tensor = self.logits(self.head(x))
        return logits

    def state(self, tokens: Tensor, component: str, layer: int | None) -> Tensor:
        """The activation at a site, shape [item, 1, width], of token ids, shape [item, token]."""
        found: list[Tensor] = []
        site = self.site_module(component, layer)
        handle = site.register_forward_hook(lambda module, arguments, output: found.append(output))
        try:
            self(tokens)
        finally:
            handle.remove()
        return found[0]

    def site_module(self, component: str, layer: int | None) -> nn.Module:
        """The module whose output is a site's activation, shape [item, 1, width]."""
        return self.logits if layer is None else self.sites[layer]

    def site_path(self, component: str, layer: int | None) -> str:
        """The dotted path of a site's module."""
        return component if layer is None else f"sites[{layer}]"


def load_network(source: "NetworkSource") -> Mlp:
    """The network of a plan, frozen and in evaluation mode, on the CPU in float32.

    Raises:
        EnvironmentProblem: the file has vanished or is broken, or a weight is not finite.
    """
    file = source.file
    network = Mlp(file.facts)
    try:
        with safe_open(str(file.path), framework="pt") as tensors:
            weights = {name: tensors.get_tensor(name).float() for name in file.facts.shapes()}
    except (OSError, SafetensorError) as problem:
        raise EnvironmentProblem("CS504", f"the checkpoint of `{file.name}` cannot be read: {problem}") from None
    if source.draw is not None:
        weights = redraw(file.facts, weights, source.draw_seed)
    if broken := [name for name, weight in weights.items() if not bool(torch.isfinite(weight).all())]:
        raise EnvironmentProblem(
            "CS507", f"the checkpoint of `{file.name}` holds numbers in `{broken[0]}` that are not finite"
        )
    network.load_state_dict(weights)
    return network.requires_grad_(False).eval()


def redraw(facts: "MlpFacts", weights: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Every tensor redrawn by the initialisation law, except the `frozen` ones, which are copied.

    Law `torch`: embeddings uniform on -1..1, weights and biases of a linear layer uniform on -b..b with
    b = 1 / sqrt(inputs of the layer), as torch's `Linear` draws them.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn: dict[str, Tensor] = {}
    for name, shape in facts.shapes().items():
        bound = 1.0
        if name != "embed.weight":
            matrix = name.removesuffix("bias").removesuffix("weight") + "weight"
            bound = 1 / math.sqrt(facts.shapes()[matrix][1])
        fresh = (torch.rand(shape, generator=generator) * 2 - 1) * bound
        drawn[name] = weights[name] if name in facts.frozen else fresh
    return drawn
