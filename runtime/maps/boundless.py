"""Rotation with learned sizes: one frame, and boundaries between the blocks that training moves."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from .feature_map import AnnealedMap, block_shares, owners
from .framed_map import FramedMap
from .orthonormal import OrthonormalFrame

MOST_FEATURES = 64
"""The frame's columns at most: no block has needed more, and a square frame of a wide site costs its cube."""
FIRST_TEMPERATURE, LAST_TEMPERATURE = 1.0, 0.1
"""Of the boundaries, in features."""


@final
class BoundlessMap(FramedMap, AnnealedMap):
    """Features are coordinates in an orthonormal frame; boundaries share them out in order, the last ones to no block.

    Boundless distributed alignment search (Wu et al. 2023, arXiv 2305.08809): feature i belongs to the block between
    boundaries a and b by sigmoid((i + 1/2 - a) / T) * sigmoid((b - i - 1/2) / T), T falling geometrically. What is
    trained are the blocks' widths as fractions of the frame, at least one feature each and all together within it.
    """

    sizes: Tensor

    def __init__(self, dim: int, blocks: int) -> None:
        features = min(dim, MOST_FEATURES)
        super().__init__(dim, OrthonormalFrame(dim, features))
        self.blocks, self.features = blocks, features
        self.fractions = nn.Parameter(torch.full((blocks,), 1 / (blocks + 1)))
        self.temperature: float | None = None
        self.register_buffer("sizes", torch.zeros(blocks, dtype=torch.int64))

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`."""
        if self.temperature is None:
            sizes = tuple(int(size) for size in self.sizes)
            return block_shares(owners(sizes, self.features), self.blocks)[block]
        edges, middles = self._edges(), torch.arange(self.features) + 0.5
        after = torch.sigmoid((middles - edges[block]) / self.temperature) if block else torch.ones(self.features)
        return after * torch.sigmoid((edges[block + 1] - middles) / self.temperature)

    def draw(self, generator: torch.Generator) -> None:
        """A random frame, equal fractions for all blocks and the rest."""
        super().draw(generator)
        with torch.no_grad():
            self.fractions.fill_(1 / (self.blocks + 1))
        self.fractions.requires_grad_(True)
        self.soften(0)

    def soften(self, done: float) -> None:
        """See `AnnealedMap.soften`. Fractions that a step has led out of their range are led back."""
        with torch.no_grad():
            self.fractions.clamp_(min=1 / self.features)
            self.fractions.div_(self.fractions.sum().clamp(min=1))
        self.temperature = FIRST_TEMPERATURE * (LAST_TEMPERATURE / FIRST_TEMPERATURE) ** done

    def harden(self) -> None:
        """See `AnnealedMap.harden`. Every boundary moves to the nearest whole number."""
        self.sizes.copy_(self._found())
        self.temperature = None

    def size_parameters(self) -> list[nn.Parameter]:
        """See `AnnealedMap.size_parameters`."""
        return [self.fractions]

    def taken(self) -> Tensor:
        """See `AnnealedMap.taken`."""
        return self.fractions.sum()

    def state(self) -> dict[str, Tensor]:
        """`weight`: the frame, shape [dim, feature]; `sizes`: features of each block in order, shape [block]."""
        sizes = self.sizes if self.temperature is None else self._found()
        return {**super().state(), "sizes": sizes.clone()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""
        super().restore(tensors)
        self.sizes.copy_(tensors["sizes"])
        self.fractions.requires_grad_(False)
        self.temperature = None

    def _edges(self) -> Tensor:
        """The boundaries, 0 first, in features; shape [block + 1]."""
        return torch.cat([torch.zeros(1), self.fractions.cumsum(0) * self.features])

    def _found(self) -> Tensor:
        """The sizes that the present boundaries round to, shape [block]."""
        return self._edges().detach().round().long().clamp(max=self.features).diff()
