"""Captures: what unedited runs of a frozen network give, computed once for each distinct input."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..networks.protocol import Network, read_within

Site = tuple[str, int | None]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
ROWS = 2048
"""Inputs that are run at once."""


class Captures:
    """The states of stages and the activations of sites, by input; on the network's device."""

    def __init__(self, network: Network, device: torch.device) -> None:
        self.network, self.device = network, device
        self.inputs = _Inputs()
        self._kept: dict[int | Site, _Kept] = {}

    def state(self, tokens: Tensor, stage: int) -> Tensor:
        """The state of a stage, shape [item, position, width]."""
        return self._read(tokens, stage, lambda some: self._run_to(some, stage))

    def site(self, tokens: Tensor, component: str, layer: int | None, reads: Tensor) -> Tensor:
        """A site's activation, shape [item, position, width]."""
        stage = self.network.state_of(component, layer)
        if stage is not None:
            return self.state(tokens, stage)
        site = component, layer
        first = self.network.layer_of(component, layer)
        if component == "logits":
            return read_within(self.network, self.state(tokens, first), tokens, first, site, reads)
        return self._read(
            tokens, site, lambda some: read_within(self.network, self.state(some, first), some, first, site, reads)
        )

    def _run_to(self, tokens: Tensor, stage: int) -> Tensor:
        """The state of a stage, from that of the last stage before it which is known of all these inputs."""
        known = [s for s in self._kept if isinstance(s, int) and s < stage]
        for before in sorted(known, reverse=True):
            if self._kept[before].has(self.inputs.find(tokens)).all():
                return self.network.advance(self.state(tokens, before), tokens, before, stage)
        return self.network.advance(self.network.start(tokens), tokens, 0, stage)

    def state_reader(self, tokens: Tensor, stage: int) -> Callable[[Tensor], Tensor]:
        """`state` of some of these inputs, told by their indices, shape [item]; they are captured and found once."""
        kept, numbers = self._hold(tokens, stage, lambda some: self._run_to(some, stage))
        at = torch.from_numpy(kept.at[numbers]).to(self.device)
        return lambda rows: kept.take(at[rows], tokens.shape[1])

    def _read(self, tokens: Tensor, what: int | Site, run: Callable[[Tensor], Tensor]) -> Tensor:
        kept, numbers = self._hold(tokens, what, run)
        return kept.take(torch.from_numpy(kept.at[numbers]).to(self.device), tokens.shape[1])

    @torch.no_grad()
    def _hold(self, tokens: Tensor, what: int | Site, run: Callable[[Tensor], Tensor]) -> "tuple[_Kept, Numbers]":
        """What is kept of a stage or site, these inputs among it, and the inputs' numbers, shape [item]."""
        numbers = self.inputs.number(tokens)
        kept = self._kept.setdefault(what, _Kept())
        missing = numbers[~kept.has(numbers)]
        if len(missing):
            new, first = np.unique(missing, return_index=True)
            at = np.flatnonzero(~kept.has(numbers))[first]
            for start in range(0, len(new), ROWS):
                part = slice(start, start + ROWS)
                some = tokens[torch.from_numpy(at[part]).to(tokens.device)]
                kept.add(new[part], run(some), some.shape[1])
        return kept, numbers


class _Inputs:
    """Distinct inputs, numbered in the order in which they come; what pads a row does not count."""

    def __init__(self) -> None:
        self.hashes = np.empty(0, dtype=np.int64)
        self.numbers = np.empty(0, dtype=np.int64)
        self.weights: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def find(self, tokens: Tensor) -> npt.NDArray[np.int64]:
        """The number of each row; -1 for an input that has none."""
        hashes = self._hash(tokens)
        at = np.searchsorted(self.hashes, hashes)
        found = np.full(len(hashes), -1, dtype=np.int64)
        if len(self.hashes):
            there = self.hashes[np.minimum(at, len(self.hashes) - 1)] == hashes
            found[there] = self.numbers[at[there]]
        return found

    def number(self, tokens: Tensor) -> npt.NDArray[np.int64]:
        """The number of each row; new inputs get the next ones."""
        numbers = self.find(tokens)
        if (numbers >= 0).all():
            return numbers
        fresh = np.unique(self._hash(tokens)[numbers < 0])
        joined = np.concatenate([self.hashes, fresh])
        order: npt.NDArray[np.int64] = np.argsort(joined, kind="stable")
        counted: npt.NDArray[np.int64] = np.concatenate([self.numbers, len(self.numbers) + np.arange(len(fresh))])
        self.hashes, self.numbers = joined[order], counted[order]
        return self.find(tokens)

    def _hash(self, tokens: Tensor) -> npt.NDArray[np.int64]:
        """64 random bits for each input: the sum of its tokens, counted from 1, times odd random numbers."""
        rows = tokens.cpu().numpy()
        if rows.shape[1] > len(self.weights):
            generator = np.random.Generator(np.random.Philox(key=rows.shape[1]))
            drawn = np.asarray(generator.integers(-(2**62), 2**62, rows.shape[1]), dtype=np.int64)
            known = len(self.weights)
            self.weights = np.concatenate([self.weights, 2 * drawn[known:] + 1])
        hashed: npt.NDArray[np.int64] = (rows + 1) @ self.weights[: rows.shape[1]]
        return hashed


class _Kept:
    """Activations of numbered inputs, in one tensor that grows; fewer positions are filled up with zeros.

    Activations have `further` positions more than there are tokens in a row (fewer, if negative).
    """

    def __init__(self) -> None:
        self.further = 0
        self.at = np.empty(0, dtype=np.int64)
        self.count = 0
        self.held: Tensor | None = None

    def has(self, numbers: npt.NDArray[np.int64]) -> Bools:
        """Which of the inputs are held."""
        known = (numbers >= 0) & (numbers < len(self.at))
        held: Bools = known & (self.at[np.where(known, numbers, 0)] >= 0) if len(self.at) else known & False
        return held

    def add(self, numbers: npt.NDArray[np.int64], activations: Tensor, tokens: int) -> None:
        """Hold the activations [input, position, width] of these inputs, which have so many tokens with padding."""
        self.further = activations.shape[1] - tokens
        top = int(numbers.max()) + 1
        if top > len(self.at):
            grown = np.full(max(top, 2 * len(self.at)), -1, dtype=np.int64)
            grown[: len(self.at)] = self.at
            self.at = grown
        _, positions, width = activations.shape
        if self.held is None:
            self.held = activations.new_zeros(len(numbers), positions, width)
        room, length, _ = self.held.shape
        if self.count + len(numbers) > room or positions > length:
            wider = max(room, self.count + len(numbers)) if self.count + len(numbers) <= room else 2 * room
            larger = activations.new_zeros(max(wider, self.count + len(numbers)), max(length, positions), width)
            larger[: self.count, :length] = self.held[: self.count]
            self.held = larger
        self.held[self.count : self.count + len(numbers), :positions] = activations
        self.at[numbers] = np.arange(self.count, self.count + len(numbers))
        self.count += len(numbers)

    def take(self, at: Tensor, tokens: int) -> Tensor:
        """The activations that are held at these places [input], at the positions that rows of so many tokens have."""
        assert self.held is not None
        found = self.held.index_select(0, at)
        beyond = tokens + self.further - found.shape[1]
        return found if beyond == 0 else nn.functional.pad(found, (0, 0, 0, beyond))
