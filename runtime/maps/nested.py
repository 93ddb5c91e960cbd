"""Nested maps: a map inside a block of another one, which is fitted already and stays as it is."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from .feature_map import FeatureMap


@final
class NestedMap(FeatureMap):
    """The outer map's features in one block are the vectors that the inner map sees.

    The error carries, in this order: the outer features outside the block, the inner error, the outer error.
    """

    def __init__(self, outer: FeatureMap, block: int, inner: FeatureMap) -> None:
        super().__init__()
        self.outer, self.block, self.inner = outer, block, inner
        self.hold(outer.state())

    def hold(self, tensors: Mapping[str, Tensor]) -> None:
        """Use this outer map (its `state`), which no fit changes."""
        self.outer.restore(tensors)
        self.outer.requires_grad_(False)
        within = self.outer.share(self.block) > 0.5
        self.within, self.outside = within.nonzero()[:, 0], (~within).nonzero()[:, 0]

    def view(self, x: Tensor) -> Tensor:
        """What the inner map sees of vectors [..., dim]: the outer features in the block."""
        return self.outer.featurise(x)[0][..., self.within]

    @property
    def error_size(self) -> int:
        """See `FeatureMap.error_size`."""
        return len(self.outside) + self.inner.error_size + self.outer.error_size

    @property
    def exact(self) -> bool:
        """See `FeatureMap.exact`."""
        return self.inner.exact and self.outer.exact

    def featurise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `FeatureMap.featurise`; features are the inner map's."""
        found, outer_error = self.outer.featurise(x)
        features, inner_error = self.inner.featurise(found[..., self.within])
        return features, torch.cat([found[..., self.outside], inner_error, outer_error], -1)

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """See `FeatureMap.inverse`."""
        first, second = len(self.outside), len(self.outside) + self.inner.error_size
        outside, inner_error, outer_error = error[..., :first], error[..., first:second], error[..., second:]
        joined = torch.cat([self.inner.inverse(features, inner_error), outside], -1)
        order = torch.cat([self.within, self.outside]).argsort()
        return self.outer.inverse(joined[..., order], outer_error)

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`."""
        return self.inner.share(block)

    def draw(self, generator: torch.Generator) -> None:
        """See `FeatureMap.draw`: a random inner map; the outer one stays."""
        self.inner.draw(generator)

    def settle(self) -> None:
        """See `FeatureMap.settle`."""
        self.inner.settle()

    def state(self) -> dict[str, Tensor]:
        """The tensors of both maps, named `outer.NAME` and `inner.NAME`."""
        named = (("outer", self.outer.state()), ("inner", self.inner.state()))
        return {f"{which}.{name}": tensor for which, tensors in named for name, tensor in tensors.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""
        parts = {
            which: {n.removeprefix(f"{which}."): t for n, t in tensors.items() if n.startswith(f"{which}.")}
            for which in ("outer", "inner")
        }
        self.hold(parts["outer"])
        self.inner.restore(parts["inner"])


def inner_map(feature_map: FeatureMap) -> FeatureMap:
    """The part of a map that a fit finds: of a nested one the inner map."""
    return feature_map.inner if isinstance(feature_map, NestedMap) else feature_map
