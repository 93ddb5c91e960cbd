"""Captures: what unedited runs of a frozen network give, computed once for each distinct input."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..networks.protocol import Network, read_within
from .kept import Kept
from .numbered_inputs import NumberedInputs, Numbers

if TYPE_CHECKING:
    from ..networks.transformers.prefix import Prefix

Site = tuple[str, int | None]
ROWS = 512
"""Inputs that are run at once."""
ROOM = 2 << 30
"""Bytes of activations that are held in memory, about; keys and values are given up where they need more."""


class Captures:
    """The states of stages, the activations of sites, and keys and values of first positions, by input."""

    def __init__(self, network: Network, device: torch.device, room: int = ROOM) -> None:
        self.network, self.device, self.room = network, device, room
        self.inputs = NumberedInputs()
        self._kept: dict[int | Site, Kept] = {}
        self._prefixes: dict[int, _Prefixes | None] = {}

    @torch.no_grad()
    def state(self, tokens: Tensor, stage: int) -> Tensor:
        """The state of a stage, shape [item, position, width]."""
        return self._read(tokens, stage, lambda some: self._run_to(some, stage))

    @torch.no_grad()
    def site(self, tokens: Tensor, component: str, layer: int | None, reads: Tensor) -> Tensor:
        """A site's activation, shape [item, position, width]. Logits, which may be many, are computed anew."""
        stage = self.network.state_of(component, layer)
        if stage is not None:
            return self.state(tokens, stage)
        first = self.network.layer_of(component, layer)

        def run(some: Tensor) -> Tensor:
            return read_within(self.network, self.state(some, first), some, first, (component, layer), reads)

        return run(tokens) if component == "logits" else self._read(tokens, (component, layer), run)

    @torch.no_grad()
    def prefix(self, tokens: Tensor, first: int, length: int) -> "Prefix | None":
        """Keys and values of the positions below `length`, for layers from `first` on.

        None where the network has no such thing, or they would not fit into memory.
        """
        if not self.network.has_prefixes or length >= tokens.shape[1]:
            return None
        if length not in self._prefixes:
            self._prefixes[length] = _Prefixes(self.network, length)
        prefixes = self._prefixes[length]
        if prefixes is None:
            return None
        numbers = self.inputs.number(tokens)
        if not prefixes.fill(numbers, tokens, self.room - self._size()):
            self._prefixes[length] = None
            return None
        return prefixes.take(numbers, first)

    def _run_to(self, tokens: Tensor, stage: int) -> Tensor:
        """The state of a stage, from that of the last stage before it which is known of all these inputs."""
        numbers = self.inputs.number(tokens)
        known = [s for s, kept in self._kept.items() if isinstance(s, int) and s < stage and kept.has(numbers).all()]
        if not known:
            return self.network.advance(self.network.start(tokens), tokens, 0, stage)
        return self.network.advance(self.state(tokens, max(known)), tokens, max(known), stage)

    def _read(self, tokens: Tensor, what: int | Site, run: Callable[[Tensor], Tensor]) -> Tensor:
        numbers = self.inputs.number(tokens)
        if what not in self._kept:
            self._kept[what] = Kept(self.room // 4)
        kept = self._kept[what]
        for part, at in _missing(kept.has(numbers), numbers):
            some = tokens[torch.from_numpy(at).to(tokens.device)]
            kept.add(part, run(some), some.shape[1])
        return kept.take(numbers, tokens.shape[1], self.device)

    def _size(self) -> int:
        held = sum(kept.size for kept in self._kept.values())
        return held + sum(prefixes.size for prefixes in self._prefixes.values() if prefixes is not None)


class _Prefixes:
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
        for part, at in _missing(held, numbers):
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

    def take(self, numbers: Numbers, first: int) -> "Prefix":
        """Those of inputs; of the layers before `first`, which are left out, nothing but the shape."""
        from ..networks.transformers.prefix import Prefix

        def read(kept: list[Kept]) -> tuple[Tensor, ...]:
            found: list[Tensor] = []
            for layer, store in enumerate(kept):
                assert store.held is not None
                if layer < first:
                    found.append(store.held.new_zeros(1).expand(len(numbers), *self.shape))
                else:
                    at = torch.from_numpy(store.at[numbers]).to(store.held.device)
                    found.append(store.held.index_select(0, at).view(len(numbers), *self.shape))
            return tuple(found)

        return Prefix(read(self.keys), read(self.values))


def _missing(held: "np.ndarray[tuple[int], np.dtype[np.bool_]]", numbers: Numbers) -> list[tuple[Numbers, Numbers]]:
    """Inputs that are not held, each once, in parts: their numbers, and the rows where they stand."""
    rows = np.flatnonzero(~held)
    new, first = np.unique(numbers[rows], return_index=True)
    return [(new[start : start + ROWS], rows[first[start : start + ROWS]]) for start in range(0, len(new), ROWS)]
