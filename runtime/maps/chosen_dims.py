"""Identity: the features are the site's own dims, and each block owns some of them, given or searched for."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from .feature_map import block_shares, owners
from .own_dims import OwnDims


@final
class ChosenDims(OwnDims):
    """Features are the site's dims; `owner`, shape [dim], is the block that owns each one (-1: none).

    At first the blocks stand in order from dim 0 on, which is all there is to a map that the spec gives.
    """

    owner: Tensor
    shares: Tensor

    def __init__(self, dim: int, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.sizes = sizes
        self.register_buffer("owner", owners(sizes, dim))
        self.register_buffer("shares", block_shares(self.owner, len(sizes)))

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`."""
        return self.shares[block]

    def draw(self, generator: torch.Generator) -> None:
        """Random dims for every block; of one that takes them all, the map that the spec gives."""
        self.choose(owners(self.sizes, len(self.owner))[torch.randperm(len(self.owner), generator=generator)])

    def choose(self, owner: Tensor) -> None:
        """Give every dim to this block (-1: none), shape [dim]."""
        self.owner.copy_(owner)
        self.shares.copy_(block_shares(owner, len(self.sizes)))

    def settle(self) -> None:
        """See `FeatureMap.settle`: dims are not trained."""

    def state(self) -> dict[str, Tensor]:
        """`owner`: the block that owns each dim (-1: none), shape [dim]."""
        return {"owner": self.owner.clone()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""
        self.choose(tensors["owner"])
