"""Reversible networks: a trained bijection of the whole vector, whose first features are the blocks."""

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from .feature_map import FeatureMap, block_shares, owners


@final
class RevnetMap(FeatureMap):
    """Blocks of additive couplings: with the halves (a, b) of a vector, a += F(b), then b += G(a).

    Reversible residual networks (Gomez et al. 2017, arXiv 1707.04585), as the nonlinear maps of Sutter et al. 2025
    (arXiv 2507.08802) use them. F and G have one hidden layer of `width` ReLU units, and zero output weights at first;
    they need no output bias, since later input biases absorb it and an interchange does not see a constant. Before
    each block stands a fixed random orthogonal matrix, so that the halves mix; at first the map is thus a random
    rotation. The inverse undoes the blocks in turn and is exact.
    """

    shares: Tensor

    def __init__(self, dim: int, sizes: tuple[int, ...], blocks: int, width: int) -> None:
        super().__init__()
        first, second = dim // 2, dim - dim // 2
        self.cut = first
        self.register_buffer("shares", block_shares(owners(sizes, dim), len(sizes)))
        self.mixing = nn.Parameter(torch.eye(dim).repeat(blocks, 1, 1), requires_grad=False)
        self.first, self.second = _Residuals(blocks, second, width, first), _Residuals(blocks, first, width, second)

    @property
    def error_size(self) -> int:
        """See `FeatureMap.error_size`."""
        return 0

    @property
    def exact(self) -> bool:
        """See `FeatureMap.exact`."""
        return False

    def featurise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `FeatureMap.featurise`; there is no error."""
        rows = x.reshape(-1, x.shape[-1])
        for mixing, first, second in zip(self.mixing, self.first.layers(), self.second.layers(), strict=True):
            a, b = self._halves(rows @ mixing)
            a = _moved(a, b, first, 1)
            b = _moved(b, a, second, 1)
            rows = torch.cat([a, b], 1)
        return rows.reshape(x.shape), x[..., :0]

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """See `FeatureMap.inverse`."""
        rows = features.reshape(-1, features.shape[-1])
        blocks = list(zip(self.mixing, self.first.layers(), self.second.layers(), strict=True))
        for mixing, first, second in reversed(blocks):
            a, b = self._halves(rows)
            b = _moved(b, a, second, -1)
            a = _moved(a, b, first, -1)
            rows = torch.cat([a, b], 1) @ mixing.T
        return rows.reshape(features.shape)

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`."""
        return self.shares[block]

    def draw(self, generator: torch.Generator) -> None:
        """See `FeatureMap.draw`."""
        with torch.no_grad():
            self.mixing.copy_(torch.linalg.qr(torch.randn(self.mixing.shape, generator=generator)).Q)
        for residuals in (self.first, self.second):
            residuals.draw(generator)

    def settle(self) -> None:
        """See `FeatureMap.settle`: any weights stand for a map."""

    def state(self) -> dict[str, Tensor]:
        """`mixing` [block, dim, dim]; of F (`first`) and G (`second`) `read`, `bias`, `write`."""
        return {name: parameter.detach().clone() for name, parameter in self.named_parameters()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(tensors[name])
                parameter.requires_grad_(False)

    def _halves(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return rows[:, : self.cut], rows[:, self.cut :]


Layers = tuple[Tensor, Tensor, Tensor]
"""Input weight [read, width], bias [width] and output weight [width, written] of one residual."""


class _Residuals(nn.Module):
    """The residual functions of all blocks, stacked: an optimiser's step costs by the tensor."""

    def __init__(self, blocks: int, read: int, width: int, written: int) -> None:
        super().__init__()
        self.read = nn.Parameter(torch.zeros(blocks, read, width))
        self.bias = nn.Parameter(torch.zeros(blocks, width))
        self.write = nn.Parameter(torch.zeros(blocks, width, written))

    def layers(self) -> list[Layers]:
        """The tensors of each block."""
        return list(zip(self.read.unbind(), self.bias.unbind(), self.write.unbind(), strict=True))

    def draw(self, generator: torch.Generator) -> None:
        """Input weights and biases uniform as torch's `Linear` draws them, output weights zero."""
        bound = 1 / math.sqrt(max(1, self.read.shape[1]))
        with torch.no_grad():
            for parameter in (self.read, self.bias):
                parameter.copy_((2 * torch.rand(parameter.shape, generator=generator) - 1) * bound)
            self.write.zero_()
        self.requires_grad_(True)


def _moved(rows: Tensor, by: Tensor, layers: Layers, sign: int) -> Tensor:
    """Rows plus (sign 1) or minus (-1) the residual of others; all of shape [row, half]."""
    read, bias, write = layers
    return torch.addmm(rows, torch.relu(torch.addmm(bias, by, read)), write, alpha=sign)
