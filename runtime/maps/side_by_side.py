"""Maps side by side: several of one kind as one map, each for its own equal part of the items."""

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from .feature_map import FeatureMap
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
class SubspacesSideBySide(FeatureMap):
    """Subspaces of equal sizes whose frames are one tensor, shape [map, dim, feature], trained as each alone."""

    def __init__(self, parts: Sequence[SubspaceMap]) -> None:
        super().__init__()
        first = parts[0]
        self.dim, self.shares = first.dim, first.shares
        self.frame = OrthonormalFrame(*first.frame.weight.shape)
        self.frame.open(torch.stack([part.frame.weight for part in parts]))
        for part, weight in zip(parts, self.frame.weight.detach(), strict=True):
            part.frame.share(weight)

    @property
    def error_size(self) -> int:
        """See `FeatureMap.error_size`."""
        return self.dim

    @property
    def exact(self) -> bool:
        """See `FeatureMap.exact`."""
        return True

    def featurise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `FeatureMap.featurise`; the error is the whole vector, as a subspace's."""
        return self._times(x, self.frame.weight), x

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """See `FeatureMap.inverse`."""
        weight = self.frame.weight
        return error + self._times(features - self._times(error, weight), weight.mT)

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`: the same for all."""
        return self.shares[block]

    def draw(self, generator: torch.Generator) -> None:
        """See `FeatureMap.draw`: one after the other."""
        self.frame.draw(generator)

    def settle(self) -> None:
        """See `FeatureMap.settle`."""
        self.frame.retract()

    def state(self) -> dict[str, Tensor]:
        """`weight`: the frames, shape [map, dim, feature]."""
        return {"weight": self.frame.finished()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""
        self.frame.place(tensors["weight"])

    def _times(self, x: Tensor, matrices: Tensor) -> Tensor:
        """Vectors [item, ..., dim], each times the matrix [map, dim, feature] of its part; [item, ..., feature]."""
        product = torch.bmm(x.reshape(len(matrices), -1, x.shape[-1]), matrices)
        return product.view(*x.shape[:-1], matrices.shape[-1])
