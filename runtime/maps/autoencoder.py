"""Sparse autoencoders: the features that a file's encoder finds, and what it does not rebuild kept beside them."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ...compiler.groundings import Autoencoder
from ..errors import EnvironmentProblem
from .feature_map import FeatureMap

TENSORS = ("W_enc", "b_enc", "W_dec", "b_dec")


@final
class AutoencoderMap(FeatureMap):
    """Features relu((x - b_dec) W_enc + b_enc) of a vector x; changed features move it by their change times W_dec.

    That is the decoder's vector with the base's own error added (docs/networks.md). A vector of several positions or
    sites is read piece by piece, each as wide as the autoencoder. Nothing of it is trained: one block has all features.
    """

    encoder: Tensor
    encoder_bias: Tensor
    decoder: Tensor
    decoder_bias: Tensor

    def __init__(self, dim: int, autoencoder: Autoencoder) -> None:
        super().__init__()
        self.dim, self.width, self.features = dim, autoencoder.width, autoencoder.count(dim)
        tensors = read_autoencoder(autoencoder.path, autoencoder.width, autoencoder.features)
        for name, tensor in zip(("encoder", "encoder_bias", "decoder", "decoder_bias"), tensors, strict=True):
            self.register_buffer(name, tensor, persistent=False)

    @property
    def error_size(self) -> int:
        """See `FeatureMap.error_size`: the vector and its features, which are not computed twice."""
        return self.dim + self.features

    @property
    def exact(self) -> bool:
        """See `FeatureMap.exact`."""
        return True

    def featurise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `FeatureMap.featurise`."""
        pieces = x.reshape(*x.shape[:-1], -1, self.width)
        features = torch.relu((pieces - self.decoder_bias) @ self.encoder + self.encoder_bias).flatten(-2)
        return features, torch.cat([x, features], -1)

    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """See `FeatureMap.inverse`: nothing moves where features stay."""
        vector, before = error[..., : self.dim], error[..., self.dim :]
        moved = (features - before).reshape(*features.shape[:-1], -1, len(self.decoder)) @ self.decoder
        return vector + moved.flatten(-2)

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`: one block has everything."""
        return torch.ones(self.features)

    def draw(self, generator: torch.Generator) -> None:
        """See `FeatureMap.draw`: the file says what the features are."""

    def settle(self) -> None:
        """See `FeatureMap.settle`: nothing is trained."""

    def state(self) -> dict[str, Tensor]:
        """Nothing: the weights are the file's, whose content is part of the fit's key."""
        return {}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""


def read_autoencoder(path: Path, width: int, features: int) -> tuple[Tensor, ...]:
    """The tensors `W_enc`, `b_enc`, `W_dec`, `b_dec` of a file, in float32; kept while the file stays as it is.

    Raises:
        EnvironmentProblem: the file is not what it was when it was checked, or holds numbers that are not finite.
    """
    try:
        return _read(path, width, features, path.stat().st_mtime_ns)
    except OSError as problem:
        raise EnvironmentProblem("CS504", f"cannot read `{path.name}`: {problem}", "copy or write it again") from None


@functools.lru_cache(maxsize=2)
def _read(path: Path, width: int, features: int, changed: int) -> tuple[Tensor, ...]:
    shapes = ((width, features), (features,), (features, width), (width,))
    try:
        tensors = load_file(path)
    except SafetensorError as problem:
        raise EnvironmentProblem("CS504", f"cannot read `{path.name}`: {problem}", "copy or write it again") from None
    found = tuple(tensors[name].float() for name in TENSORS if name in tensors)
    if tuple(tuple(tensor.shape) for tensor in found) != shapes:
        raise EnvironmentProblem("CS530", f"the autoencoder `{path.name}` changed while it was used", "run again")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in found):
        raise EnvironmentProblem("CS507", f"`{path.name}` holds numbers that are not finite", "write it again")
    return found
