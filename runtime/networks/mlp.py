"""The multilayer perceptron over embedded tokens or over numbers."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from ...compiler.network_facts import MlpFacts
from .stages import PlainNetwork

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}


class Mlp(PlainNetwork):
    """A plain MLP. Stage 0, `hidden[0]`, is the concatenated embedding, stage i layer i after its activation.

    One that reads numbers is given these in place of tokens, and they are stage 0. It has one position, whatever the
    number of tokens.
    """

    def __init__(self, facts: MlpFacts) -> None:
        widths = (facts.inputs * facts.embed, *facts.hidden)
        super().__init__("hidden", len(widths))
        self.embed = None if facts.reads_numbers else nn.Embedding(facts.vocabulary, facts.embed)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.head = nn.Linear(widths[-1], facts.classes)
        self.activation = ACTIVATIONS[facts.activation]()

    def start(self, tokens: Tensor) -> Tensor:
        """See `PlainNetwork.start`."""
        x: Tensor = tokens.to(self.head.weight.dtype) if self.embed is None else self.embed(tokens)
        return x.flatten(1)[:, None]

    def step(self, stage: int, x: Tensor) -> Tensor:
        """See `PlainNetwork.step`."""
        active: Tensor = self.activation(self.layers[stage - 1](x))
        return active

    def answer(self, x: Tensor) -> Tensor:
        """See `PlainNetwork.answer`."""
        logits: Tensor = self.head(x)
        return logits


def draw_mlp_tensor(facts: MlpFacts, name: str, generator: torch.Generator) -> Tensor:
    """A fresh tensor by the law `torch`.

    Embeddings are uniform on -1..1, weights and biases of a linear layer uniform on -b..b with b = 1 / sqrt(inputs of
    the layer), as torch's `Linear` draws them.
    """
    shapes = facts.shapes()
    bound = 1.0
    if name != "embed.weight":
        matrix = name.removesuffix("bias").removesuffix("weight") + "weight"
        bound = 1 / math.sqrt(shapes[matrix][1])
    return (torch.rand(shapes[name], generator=generator) * 2 - 1) * bound
