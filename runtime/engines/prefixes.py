"""Keys and values of the first positions of unedited runs, by input: what later positions read of them."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..networks.prefix import Prefix
from .kept import Bools, Kept, missing
from .numbered_inputs import Numbers


class Prefixes:
    """Keys and values of the positions below a length, of the stages from `first` on.

    Of every stage each is [input, key head, position, head width].
    """

    def __init__(self, first: int, length: int) -> None:
        self.first, self.length = first, length
        self.keys: list[Kept] = []
        self.values: list[Kept] = []
        self.shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """The bytes that are held."""
        return sum(kept.size for kept in (*self.keys, *self.values))

    def has(self, numbers: Numbers) -> Bools:
        """Of which inputs they are held."""
        return self.keys[0].has(numbers) if self.keys else np.zeros(len(numbers), dtype=np.bool_)

    def fill(self, numbers: Numbers, tokens: Tensor, room: int, run: Callable[[Tensor], Prefix]) -> bool:
        """Hold those of inputs that are missing, as `run` gives them; False where there is no room left for them."""
        for part, at in missing(self.has(numbers), numbers):
            found = run(tokens[torch.from_numpy(at).to(tokens.device)])
            pairs = list(zip(found.keys, found.values, strict=True))[self.first :]
            if not self.keys:
                self.keys, self.values = ([Kept(2**62) for _ in pairs] for _ in range(2))
                self.shape = pairs[0][0].shape[1:]
            if 2 * len(part) * pairs[0][0][0].nbytes * len(pairs) > room:  # growing doubles what is held
                return False
            for keys, values, (key, value) in zip(self.keys, self.values, pairs, strict=True):
                keys.add(part, key.flatten(2), 0)
                values.add(part, value.flatten(2), 0)
        return True

    def find(self, numbers: Numbers, device: torch.device) -> Tensor:
        """Where inputs are held, shape [item]."""
        return self.keys[0].find(numbers, device)

    def take(self, at: Tensor, first: int, length: int) -> Prefix:
        """Those of the inputs that are held there, of the positions below `length`.

        Of the stages before `first`, which are left out, only the shape.
        """
        heads, _, width = self.shape

        def read(kept: list[Kept]) -> tuple[Tensor, ...]:
            assert kept[0].held is not None
            found = [kept[0].held.new_zeros(1).expand(len(at), heads, length, width)] * first
            for store in kept[first - self.first :]:
                assert store.held is not None
                whole = store.held.view(len(store.held), *self.shape)
                found.append(whole[:, :, :length].index_select(0, at))
            return tuple(found)

        return Prefix(read(self.keys), read(self.values))
