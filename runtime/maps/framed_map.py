"""Maps whose features are coordinates in an orthonormal frame; what the frame does not span stays as it is."""

from collections.abc import Mapping

import torch
from torch import Tensor

from .feature_map import FeatureMap
from .orthonormal import OrthonormalFrame


class FramedMap(FeatureMap):
    """A map by one frame, or by several at once. Kinds of it differ in how blocks share the features out."""

    def __init__(self, dim: int, frame: OrthonormalFrame) -> None:
        super().__init__()
        self.dim, self.frame = dim, frame

    @property
    def error_size(self) -> int:
        """See `FeatureMap.error_size`."""
        return self.dim

    @property
    def exact(self) -> bool:
        """See `FeatureMap.exact`."""
        return True

    def times(self, x: Tensor, matrix: Tensor) -> Tensor:
        """Vectors [..., dim] times a matrix [dim, feature]: [..., feature]."""
        return x @ matrix

    def featurise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `FeatureMap.featurise`; the error is the whole vector, so that no product is spent on it."""
        return self.times(x, self.frame.weight), x

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """See `FeatureMap.inverse`: what the features became is added, so that nothing moves where they stay."""
        weight = self.frame.weight
        return error + self.times(features - self.times(error, weight), weight.mT)

    def draw(self, generator: torch.Generator) -> None:
        """See `FeatureMap.draw`."""
        self.frame.draw(generator)

    def settle(self) -> None:
        """See `FeatureMap.settle`."""
        self.frame.retract()

    def state(self) -> dict[str, Tensor]:
        """`weight`: the frame, shape [dim, feature]; of several [map, dim, feature]."""
        return {"weight": self.frame.finished()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""
        self.frame.place(tensors["weight"])
