"""Keys and values of the first positions of a clean run, from which runs of the later positions go on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer


@dataclass(frozen=True)
class Prefix:
    """Keys and values of every layer, each [item, key head, position, head width]; never changed by a run."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def length(self) -> int:
        """How many positions it holds: 0 .. length - 1."""
        return self.keys[0].shape[-2]

    def crop(self, length: int) -> "Prefix":
        """The first `length` positions."""
        if not 1 <= length <= self.length:
            raise ValueError(f"expected a length of 1 to {self.length}, found {length}")
        return self._each(lambda x: x[..., :length, :])

    def take(self, items: Tensor | slice) -> "Prefix":
        """Some items, by index [item] or as a slice, in that order."""
        return self._each(lambda x: x[items])

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Prefix":
        return Prefix(tuple(map(change, self.keys)), tuple(map(change, self.values)))


def cache_of(prefix: Prefix) -> DynamicCache:
    """A cache that holds a prefix, for one run: a run replaces the tensors of its cache by longer ones.

    Every layer keeps all positions, sliding windows are left to the mask: a window that has moved on cannot be cropped.
    """
    cache = DynamicCache()
    for keys, values in zip(prefix.keys, prefix.values, strict=True):
        layer: Any = DynamicLayer()  # type: ignore[no-untyped-call]
        layer.lazy_initialization(keys, values)
        layer.keys, layer.values = keys, values
        cache.layers.append(layer)
    return cache


def prefix_of(cache: DynamicCache) -> Prefix:
    """What a run has left in its cache."""
    layers: Sequence[Any] = cache.layers
    return Prefix(tuple(layer.keys for layer in layers), tuple(layer.values for layer in layers))
