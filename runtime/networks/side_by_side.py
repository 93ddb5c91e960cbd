"""Networks side by side: several of one architecture as one, which is told with each input whose it is."""

from collections.abc import Sequence
from math import gcd
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .mlp import Mlp
from .stages import PlainNetwork

if TYPE_CHECKING:
    from .prefix import Prefix


class MlpsSideBySide(PlainNetwork):
    """MLPs of one shape. The last token of an input is the number of the one that it belongs to.

    Inputs that follow each other and belong to one network are run as a matrix, equal ones of all networks as one batch
    of them: a product of small matrices costs by the call. Each network gives what it gives alone.
    """

    def __init__(self, networks: Sequence[Mlp]) -> None:
        first = networks[0]
        super().__init__(first.component, len(first.sites))
        embeds = [one.embed for one in networks if one.embed is not None]
        self.embed = _stack(embeds) if embeds else None
        layers = [*zip(*(one.layers for one in networks), strict=True), tuple(one.head for one in networks)]
        self.weights = nn.ParameterList(_stack(layer) for layer in layers)
        self.biases = nn.ParameterList(_stack(layer, "bias")[:, None] for layer in layers)
        self.requires_grad_(False)
        self.activation = first.activation
        self._owners: tuple[int, ...] = ()
        """The network of each equal part of what is run."""
        self._own: list[tuple[Tensor, Tensor]] = []
        """The weight [part, before, after] and the bias [part, 1, after] of every layer, and of the head."""

    def start(self, tokens: Tensor) -> Tensor:
        """See `PlainNetwork.start`."""
        inputs, owners = tokens[:, :-1], tokens[:, -1:]
        x = inputs.to(self.weights[0].dtype) if self.embed is None else self.embed[owners, inputs]
        return x.flatten(1)[:, None]

    def advance(
        self,
        state: Tensor,
        tokens: Tensor,
        first: int,
        stop: int,
        prefix: "Prefix | None" = None,
        read: Tensor | None = None,
    ) -> Tensor:
        """See `Network.advance`."""
        self._choose(tokens[:, -1])
        return super().advance(state, tokens, first, stop, prefix, read)

    def step(self, stage: int, x: Tensor) -> Tensor:
        """See `PlainNetwork.step`."""
        active: Tensor = self.activation(self._multiply(stage - 1, x))
        return active

    def answer(self, x: Tensor) -> Tensor:
        """See `PlainNetwork.answer`."""
        return self._multiply(-1, x)

    def _choose(self, owners: Tensor) -> None:
        """The weights of inputs whose networks are these, shape [item]."""
        found, counts = (each.tolist() for each in torch.unique_consecutive(owners, return_counts=True))
        size = gcd(*counts)
        parts = tuple(owner for owner, count in zip(found, counts, strict=True) for _ in range(count // size))
        if parts != self._owners:
            chosen = torch.tensor(parts, device=owners.device)
            pairs = zip(self.weights, self.biases, strict=True)
            self._own = [(weight[chosen].mT, bias[chosen]) for weight, bias in pairs]
            self._owners = parts

    def _multiply(self, layer: int, x: Tensor) -> Tensor:
        """A layer of inputs [item, 1, width], by each one's own weights."""
        weight, bias = self._own[layer]
        return torch.baddbmm(bias, x.reshape(len(bias), -1, x.shape[-1]), weight).view(len(x), 1, -1)


def _stack(modules: Sequence[nn.Module], name: str = "weight") -> nn.Parameter:
    return nn.Parameter(torch.stack([getattr(module, name) for module in modules]))
