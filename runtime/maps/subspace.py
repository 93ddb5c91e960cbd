"""Subspaces: an orthonormal frame whose columns the blocks share out. For `rotation`, `pca`, `difference`, `probe`."""

from typing import final

from torch import Tensor

from .feature_map import block_shares, owners
from .framed_map import FramedMap
from .orthonormal import OrthonormalFrame


@final
class SubspaceMap(FramedMap):
    """Features are the coordinates in an orthonormal frame; what the frame does not span stays as it is.

    Swapping a block's features is the interchange of distributed alignment search (Geiger et al. 2023, arXiv
    2303.02536): base + P (source - base) with P the projection on the block's columns.
    """

    shares: Tensor

    def __init__(self, dim: int, sizes: tuple[int, ...]) -> None:
        super().__init__(dim, OrthonormalFrame(dim, sum(sizes)))
        self.register_buffer("shares", block_shares(owners(sizes, sum(sizes)), len(sizes)))

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`."""
        return self.shares[block]

    def place(self, weight: Tensor) -> None:
        """Use this frame, shape [dim, feature], orthonormal columns, block by block."""
        self.frame.place(weight)
