"""Maps whose features are the site's own dims, whichever way blocks share them out."""

from torch import Tensor

from .feature_map import FeatureMap


class OwnDims(FeatureMap):
    """The identity: a vector is its own features, and nothing is left over."""

    @property
    def error_size(self) -> int:
        """See `FeatureMap.error_size`."""
        return 0

    @property
    def exact(self) -> bool:
        """See `FeatureMap.exact`."""
        return True

    def featurise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `FeatureMap.featurise`; there is no error."""
        return x, x[..., :0]

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """See `FeatureMap.inverse`."""
        return features
