"""Keys and values of the first positions of unedited runs, by input: what later positions read of them."""

import numpy as np
import torch
from torch import Tensor

from ..networks.prefix import Prefix
from ..networks.protocol import Network
from .kept import Kept, missing
from .numbered_inputs import Numbers


class Prefixes:
    """Keys and values of the positions below one length, by layer, each [input, key head, position, head width]."""

    def __init__(self, network: Network, length: int) -> None:
        self.network, self.length = network, length
        self.keys: list[Kept] = []
        self.values: list[Kept] = []
        self.shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """The bytes that are held."""
        return sum(kept.size for kept in (*self.keys, *self.values))

    def fill(self, numbers: Numbers, tokens: Tensor, room: int) -> bool:
        """Hold those of inputs that are missing; False where there is no room left for them."""
        held = self.keys[0].has(numbers) if self.keys else np.zeros(len(numbers), dtype=bool)
        for part, at in missing(held, numbers):
            found = self.network.prefix(tokens[torch.from_numpy(at).to(tokens.device)], self.length)
            if not self.keys:
                self.keys, self.values = ([Kept(2**62) for _ in found.keys] for _ in range(2))
                self.shape = found.keys[0].shape[1:]
            if 2 * len(part) * found.keys[0][0].nbytes * len(found.keys) > room:  # growing doubles what is held
                return False
            for stores, layers in ((self.keys, found.keys), (self.values, found.values)):
                for kept, layer in zip(stores, layers, strict=True):
                    kept.add(part, layer.flatten(2), 0)
        return True

    def find(self, numbers: Numbers, device: torch.device) -> Tensor:
        """Where inputs are held, shape [item]."""
        return self.keys[0].find(numbers, device)

    def take(self, at: Tensor, first: int) -> Prefix:
        """Those of the inputs that are held there; of the layers before `first`, which are left out, only the shape."""

        def read(kept: list[Kept]) -> tuple[Tensor, ...]:
            found: list[Tensor] = []
            for layer, store in enumerate(kept):
                assert store.held is not None
                if layer < first:
                    found.append(store.held.new_zeros(1).expand(len(at), *self.shape))
                else:
                    found.append(store.held.index_select(0, at).view(len(at), *self.shape))
            return tuple(found)

        return Prefix(read(self.keys), read(self.values))
