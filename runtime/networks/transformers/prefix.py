"""Between prefixes and the caches that the library reads and fills."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer

from ..prefix import Prefix


class HeldLayer(DynamicLayer):
    """A cache's layer that holds keys and values from the start."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.keys, self.values = keys, values
        self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True


def cache_of(prefix: Prefix) -> DynamicCache:
    """A cache that holds a prefix, for one run: a run replaces the tensors of its cache by longer ones.

    Every layer keeps all positions, sliding windows are left to the mask: a window that has moved on cannot be cropped.
    """
    cache = DynamicCache()
    cache.layers += map(HeldLayer, prefix.keys, prefix.values)
    return cache


def prefix_of(cache: DynamicCache, first: int) -> Prefix:
    """What a run of the layers from `first` on has left in its cache; layers before it get an empty shape."""
    layers: Sequence[Any] = cache.layers[first:]
    keys, values = tuple(layer.keys for layer in layers), tuple(layer.values for layer in layers)
    return Prefix((keys[0][:0],) * first + keys, (values[0][:0],) * first + values)
