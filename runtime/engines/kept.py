"""Activations of numbered inputs, kept in memory, or in a file where they grow too large for it."""

import math
import os
import tempfile

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..errors import EnvironmentProblem
from .numbered_inputs import Numbers

Bools = npt.NDArray[np.bool_]
ROWS = 512
"""Inputs that are run at once."""


class Kept:
    """Activations [input, position, width] in one tensor that grows; fewer positions are filled up with zeros.

    Activations have `further` positions more than there are tokens in a row (fewer, if negative). A tensor of more
    than `room` bytes lies in a file that ends with it, and only what is read of it comes into memory.
    """

    def __init__(self, room: int) -> None:
        self.room, self.further, self.count = room, 0, 0
        self.at: Numbers = np.empty(0, dtype=np.int64)
        self.held: Tensor | None = None
        self.in_file = False

    @property
    def size(self) -> int:
        """The bytes that are held in memory."""
        return 0 if self.held is None or self.in_file else self.held.nbytes

    def has(self, numbers: Numbers) -> Bools:
        """Which of the inputs are held."""
        known = numbers < len(self.at)
        held: Bools = known.copy()
        held[known] = self.at[numbers[known]] >= 0
        return held

    def add(self, numbers: Numbers, activations: Tensor, tokens: int) -> None:
        """Hold the activations [input, position, width] of inputs of so many tokens, padding included."""
        self.further = activations.shape[1] - tokens
        top = int(numbers.max()) + 1
        if top > len(self.at):
            grown = np.full(max(top, 2 * len(self.at)), -1, dtype=np.int64)
            grown[: len(self.at)] = self.at
            self.at = grown
        stop = self.count + len(numbers)
        held = self._make_room(stop, activations)
        held[self.count : stop, : activations.shape[1]] = activations
        self.at[numbers] = np.arange(self.count, stop)
        self.count = stop

    def find(self, numbers: Numbers, device: torch.device) -> Tensor:
        """Where inputs are held, shape [item]."""
        return torch.from_numpy(self.at[numbers]).to(device)

    def take(self, at: Tensor, tokens: int, device: torch.device) -> Tensor:
        """The activations that are held there [item], at the positions that rows of so many tokens have."""
        assert self.held is not None
        found = self.held.index_select(0, at.to(self.held.device)).to(device)
        beyond = tokens + self.further - found.shape[1]
        return found if beyond == 0 else nn.functional.pad(found, (0, 0, 0, beyond))

    def growth(self, activations: Tensor) -> int:
        """The bytes of the tensor that these are added to; 0 where they fit into the one that is there."""
        shape = self._grown(self.count + len(activations), activations)
        return 0 if shape is None else math.prod(shape) * activations.element_size()

    def _grown(self, count: int, like: Tensor) -> tuple[int, ...] | None:
        """The shape that holds so many inputs with as many positions as `like` has; None where they fit."""
        rows, positions = (0, 0) if self.held is None else self.held.shape[:2]
        if self.held is not None and count <= rows and like.shape[1] <= positions:
            return None
        return (rows if count <= rows else max(count, 2 * rows), max(positions, like.shape[1]), like.shape[2])

    def _make_room(self, count: int, like: Tensor) -> Tensor:
        """The tensor with room for so many inputs with as many positions as `like` has."""
        wanted = self._grown(count, like)
        if wanted is None:
            assert self.held is not None
            return self.held
        size = math.prod(wanted) * like.element_size()
        fits = size <= self.room
        larger = like.new_zeros(wanted) if fits else _in_file(wanted, size, like.dtype)
        if self.held is not None:
            larger[: self.count, : self.held.shape[1]] = self.held[: self.count].to(larger.device)
        self.held, self.in_file = larger, not fits
        return larger


def _in_file(shape: tuple[int, ...], size: int, dtype: torch.dtype) -> Tensor:
    """A tensor of zeros that lies in a file without a name, which ends with the tensor.

    Raises:
        EnvironmentProblem: the disk has no room for it.
    """
    with tempfile.NamedTemporaryFile(prefix="cspec-", suffix=".activations") as file:
        try:
            file.truncate(size)
            if hasattr(os, "posix_fallocate"):  # a file with holes would end the process when they are first written
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as problem:
            message = f"no room in `{tempfile.gettempdir()}` for {size // 2**20:,} MiB of captures: {problem.strerror}"
            raise EnvironmentProblem("CS520", message, "name a folder on a larger disk in TMPDIR") from None
        elements = size // torch.empty(0, dtype=dtype).element_size()
        return torch.from_file(file.name, shared=True, size=elements, dtype=dtype).reshape(shape)


def missing(held: Bools, numbers: Numbers) -> list[tuple[Numbers, Numbers]]:
    """Inputs that are not held, each once, in parts: their numbers, and the rows where they stand."""
    rows = np.flatnonzero(~held)
    new, first = np.unique(numbers[rows], return_index=True)
    return [(new[start : start + ROWS], rows[first[start : start + ROWS]]) for start in range(0, len(new), ROWS)]
