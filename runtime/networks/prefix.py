"""Keys and values of the first positions of a clean run, from which runs of the later positions go on."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Prefix:
    """Keys and values of every layer, each [item, key head, position, head width]; never changed by a run."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def length(self) -> int:
        """How many positions it holds: 0 .. length - 1."""
        return self.keys[0].shape[-2]

    def take(self, items: Tensor | slice) -> "Prefix":
        """Some items, by index [item] or as a slice, in that order."""
        return self._each(lambda x: x[items])

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Prefix":
        return Prefix(tuple(map(change, self.keys)), tuple(map(change, self.values)))
