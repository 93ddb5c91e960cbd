"""Maps side by side: several of one kind as one map, each for its own equal part of the items."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from .feature_map import FeatureMap
from .framed_map import FramedMap
from .nested import NestedMap
from .orthonormal import OrthonormalFrame
from .subspace import SubspaceMap


def side_by_side(maps: Sequence[FeatureMap]) -> FeatureMap:
    """Maps of one frame that were drawn, as one that is open for training; whatever it becomes, they become.

    Of items it is given, the first part belongs to the first map, and so on; parts are equal. Inside of a fitted map
    the inner ones stand side by side.
    """
    nested = [feature_map for feature_map in maps if isinstance(feature_map, NestedMap)]
    if nested:
        return NestedMap(nested[0].outer, nested[0].block, side_by_side([feature_map.inner for feature_map in nested]))
    return SubspacesSideBySide([feature_map for feature_map in maps if isinstance(feature_map, SubspaceMap)])


@final
class SubspacesSideBySide(FramedMap):
    """Subspaces of equal sizes whose frames are one tensor, shape [map, dim, feature], trained as each alone."""

    def __init__(self, parts: Sequence[SubspaceMap]) -> None:
        first = parts[0]
        super().__init__(first.dim, OrthonormalFrame(*first.frame.weight.shape))
        self.shares = first.shares
        self.frame.open(torch.stack([part.frame.weight for part in parts]))
        for part, weight in zip(parts, self.frame.weight.detach(), strict=True):
            part.frame.share(weight)

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`: the same for all."""
        return self.shares[block]

    def times(self, x: Tensor, matrix: Tensor) -> Tensor:
        """Vectors [item, ..., dim], each times the matrix [map, dim, feature] of its part; [item, ..., feature]."""
        product = torch.bmm(x.reshape(len(matrix), -1, x.shape[-1]), matrix)
        return product.view(*x.shape[:-1], matrix.shape[-1])
