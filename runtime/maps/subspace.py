"""Subspaces: an orthonormal frame whose columns the blocks share out. For `rotation`, `pca`, `difference`, `probe`."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from .feature_map import FeatureMap, block_shares, owners
from .orthonormal import OrthonormalFrame


@final
class SubspaceMap(FeatureMap):
    """Features are the coordinates in an orthonormal frame; what the frame does not span stays as it is.

    Swapping a block's features is the interchange of distributed alignment search (Geiger et al. 2023, arXiv
    2303.02536): base + P (source - base) with P the projection on the block's columns.
    """

    shares: Tensor

    def __init__(self, dim: int, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.dim = dim
        self.frame = OrthonormalFrame(dim, sum(sizes))
        self.register_buffer("shares", block_shares(owners(sizes, sum(sizes)), len(sizes)))

    @property
    def error_size(self) -> int:
        """See `FeatureMap.error_size`."""
        return self.dim

    @property
    def exact(self) -> bool:
        """See `FeatureMap.exact`."""
        return True

    def featurise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `FeatureMap.featurise`; the error is the whole vector, so that no product is spent on it."""
        return x @ self.frame.weight, x

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """See `FeatureMap.inverse`: what the features became is added, so that nothing moves where they stay."""
        weight = self.frame.weight
        return error + (features - error @ weight) @ weight.T

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`."""
        return self.shares[block]

    def draw(self, generator: torch.Generator) -> None:
        """See `FeatureMap.draw`."""
        self.frame.draw(generator)

    def place(self, weight: Tensor) -> None:
        """Use this frame, shape [dim, feature], orthonormal columns, block by block."""
        self.frame.place(weight)

    def settle(self) -> None:
        """See `FeatureMap.settle`."""
        self.frame.retract()

    def state(self) -> dict[str, Tensor]:
        """`weight`: the frame, shape [dim, feature]."""
        return {"weight": self.frame.finished()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""
        self.place(tensors["weight"])
