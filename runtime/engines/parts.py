"""Parts of what is kept: tensors that are filled row by row, in memory or in files that end with them."""

import math
import mmap
import os
import tempfile
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..errors import EnvironmentProblem

IN_MEMORY, RESERVED, IN_FILE = 64 << 20, 256 << 20, 128 << 20
"""Bytes of a part, about. In memory it begins with what it is given, and takes at most the first of these more at once.
Of a processor's memory the second is reserved for it, which costs nothing before it is filled: the fewer the parts, the
faster rows are read."""


class Part:
    """Rows [row, position, width] in one tensor; `start` rows lie in earlier parts.

    So many rows are `filled`, of those that it may fill so far.
    """

    def __init__(self, start: int, held: Tensor, room: int, mapped: mmap.mmap | None = None) -> None:
        self.start, self.held, self.mapped, self.filled = start, held, mapped, 0
        self.room, self.row = room, math.prod(held.shape[1:]) * held.element_size()

    @property
    def in_file(self) -> bool:
        """Whether it lies in a file."""
        return self.mapped is not None

    @property
    def size(self) -> int:
        """The bytes that it takes in memory."""
        return 0 if self.in_file else self.room * self.row

    def make_room(self, rows: Tensor, fits: Callable[[int], bool]) -> bool:
        """Whether at least one of these rows [row, position, width] fits, now that the part has grown if it may."""
        if rows.shape[1] > self.held.shape[1]:
            return False
        if self.filled < self.room:
            return True
        shape, dtype = self.held.shape[1:], self.held.dtype
        most = max(len(self.held), _count_rows(shape, dtype, IN_MEMORY))
        more = max(len(rows), min(self.filled, _count_rows(shape, dtype, IN_MEMORY)))
        count = min(most, self.filled + more)
        if self.in_file or count <= self.filled or not fits(self.row * (count - self.filled)):
            return False
        if count > len(self.held):
            larger = self.held.new_empty(count, *shape)
            larger[: self.filled] = self.held
            self.held = larger
        self.room = count
        return True

    def add(self, rows: Tensor) -> int:
        """Fill in as many of these rows as fit; returns how many. Positions that they lack are zeros."""
        count, positions = min(len(rows), self.room - self.filled), rows.shape[1]
        into = self.held[self.filled : self.filled + count]
        into[:, :positions] = rows[:count]
        into[:, positions:] = 0
        self.filled += count
        self._let_go()
        return count

    def take(self, rows: Tensor, view: Callable[[Tensor], Tensor]) -> Tensor:
        """Some rows [row] of a view of the tensor."""
        found = view(self.held).index_select(0, rows.to(self.held.device))
        self._let_go()
        return found

    def _let_go(self) -> None:
        """The pages of a file that were read or written need not stay in memory."""
        if self.mapped is not None and hasattr(self.mapped, "madvise"):
            self.mapped.madvise(mmap.MADV_DONTNEED)


def open_part(start: int, rows: Tensor, fits: Callable[[int], bool]) -> Part:
    """An empty part for such rows [row, position, width], in memory where it fits.

    Raises:
        EnvironmentProblem: the disk has no room for it.
    """
    shape, dtype = rows.shape[1:], rows.dtype
    most = _count_rows(shape, dtype, IN_MEMORY)
    count = min(most, max(start, len(rows)))
    reserved = _count_rows(shape, dtype, RESERVED) if rows.device.type == "cpu" else count
    if fits(count * math.prod(shape) * rows.element_size()):
        return Part(start, rows.new_empty(reserved, *shape), count)
    held, mapped = _in_file((_count_rows(shape, dtype, IN_FILE), *shape), dtype)
    return Part(start, held, len(held), mapped)


def _count_rows(shape: Sequence[int], dtype: torch.dtype, size: int) -> int:
    """How many rows of a shape are in so many bytes, at least one."""
    return max(1, size // max(1, math.prod(shape) * torch.empty(0, dtype=dtype).element_size()))


def _in_file(shape: Sequence[int], dtype: torch.dtype) -> tuple[Tensor, mmap.mmap]:
    """A tensor that lies in a file without a name, which ends with the tensor.

    Raises:
        EnvironmentProblem: the disk has no room for it.
    """
    size = max(1, math.prod(shape) * torch.empty(0, dtype=dtype).element_size())
    with tempfile.NamedTemporaryFile(prefix="cspec-", suffix=".activations") as file:
        try:
            file.truncate(size)
            if hasattr(os, "posix_fallocate"):  # a file with holes would end the process when they are first written
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as problem:
            message = f"no room in `{tempfile.gettempdir()}` for {size // 2**20:,} MiB of captures: {problem.strerror}"
            raise EnvironmentProblem("CS520", message, "name a folder on a larger disk in TMPDIR") from None
        mapped = mmap.mmap(file.fileno(), size)
        return torch.frombuffer(mapped, dtype=dtype, count=math.prod(shape)).reshape(tuple(shape)), mapped
