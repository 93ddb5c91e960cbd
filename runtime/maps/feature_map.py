"""The protocol of a map: from a site's vector to features that blocks share out, and back without loss.

An interchange of a block reads `features` of base and source and writes

    features + share(block) * (source features - features)

(exactly the source's where a share is 1), which `inverse` turns back into a vector of the site with the base's own
error.
Axes: `...` is any number of leading axes (item, position), `dim` the site's vector, `feature` what blocks share out.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class FeatureMap(nn.Module, ABC):
    """A view of a site's vector: features and an error, from which the vector is rebuilt.

    A map is open for training after `draw`, each step followed by `settle`, and fixed after `restore`. `state` always
    speaks of the finished map: frames orthonormal, masks 0 or 1.
    """

    @property
    @abstractmethod
    def error_size(self) -> int:
        """The length of the error that `featurise` returns."""

    @property
    @abstractmethod
    def exact(self) -> bool:
        """Whether `inverse` gives a vector back bit by bit where its features stayed what they were."""

    @abstractmethod
    def featurise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features [..., feature] and error [..., error_size] of vectors [..., dim]."""

    @abstractmethod
    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """The vectors [..., dim]: `inverse(*featurise(x))` is x to 1e-5 (x of order 1)."""

    @abstractmethod
    def share(self, block: int) -> Tensor:
        """How far each feature belongs to a block, in [0, 1] and 0 or 1 once the map is fixed; shape [feature]."""

    @abstractmethod
    def draw(self, generator: torch.Generator) -> None:
        """A random map of the family, and its parameters open for training. Draws from the generator alone."""

    @abstractmethod
    def settle(self) -> None:
        """Lead parameters that a step of training has moved back to where they stand for a map of the family."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """The finished map's tensors by name, detached copies: what the store keeps."""

    @abstractmethod
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Become the map of this `state`, and stay fixed."""


class AnnealedMap(FeatureMap):
    """A map whose blocks' sizes are found by training: shares are soft at first and harden as training goes on."""

    @abstractmethod
    def soften(self, done: float) -> None:
        """Shares as soft as they are when this part of the annealing, in [0, 1], is over."""

    @abstractmethod
    def harden(self) -> None:
        """Shares 0 or 1, as in the finished map, until `soften` is called again."""

    @abstractmethod
    def size_parameters(self) -> list[nn.Parameter]:
        """The parameters that decide the sizes."""

    @abstractmethod
    def taken(self) -> Tensor:
        """The part of all features that the blocks take together, in [0, 1]; a scalar with a gradient."""


def block_shares(owner: Tensor, blocks: int) -> Tensor:
    """Shares of 0 and 1, shape [block, feature], of the block that owns each feature (-1: none), shape [feature]."""
    return (owner == torch.arange(blocks)[:, None]).float()


def owners(sizes: tuple[int, ...], features: int) -> Tensor:
    """The block that owns each feature, shape [feature], where blocks of these sizes stand in order; -1 after them."""
    owner = torch.full((features,), -1)
    start = 0
    for block, size in enumerate(sizes):
        owner[start : start + size] = block
        start += size
    return owner
