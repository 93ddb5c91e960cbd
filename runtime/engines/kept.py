"""Activations of numbered inputs, kept in parts: in memory, or in files where they grow too large for it."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from .numbered_inputs import Numbers
from .parts import Part, open_part

Bools = npt.NDArray[np.bool_]
View = Callable[[Tensor], Tensor]
"""What of a part's tensor [row, ...] is read, row by row."""
Claim = Callable[[int], bool]
"""Whether there is room in memory for so many bytes more."""
COPIED = 1 << 23
"""Bytes of states that are asked again and again which are laid out in the order of their inputs: near each other, they
are read much faster."""


class Kept:
    """Activations [input, position, width] in parts that are filled one after the other; see `Part`.

    Activations have `further` positions more than there are tokens in a row (fewer, if negative); a part fills those
    that have fewer than it up with zeros. What is more than `most` bytes, or finds no room by `claim`, lies in files,
    of which only what is read comes into memory.
    """

    def __init__(self, claim: Claim, most: int) -> None:
        self.claim, self.most, self.further, self.count = claim, most, 0, 0
        self.at: Numbers = np.empty(0, dtype=np.int64)
        self.parts: list[Part] = []

    @property
    def size(self) -> int:
        """The bytes that are held in memory."""
        return sum(part.size for part in self.parts)

    def row_size(self, tokens: int) -> int:
        """The bytes of an input's activation, of a row of so many tokens."""
        first = self.parts[0].held
        return (tokens + self.further) * first.shape[2] * first.element_size()

    def has(self, numbers: Numbers) -> Bools:
        """Which of the inputs are held."""
        known = numbers < len(self.at)
        held: Bools = known.copy()
        held[known] = self.at[numbers[known]] >= 0
        return held

    def add(self, numbers: Numbers, activations: Tensor, tokens: int) -> None:
        """Hold the activations [input, position, width] of inputs of so many tokens, padding included.

        Raises:
            EnvironmentProblem: they lie in a file, and the disk has no room for it.
        """
        self.further = activations.shape[1] - tokens
        top = int(numbers.max()) + 1
        if top > len(self.at):
            grown = np.full(max(top, 2 * len(self.at)), -1, dtype=np.int64)
            grown[: len(self.at)] = self.at
            self.at = grown
        done = 0
        while done < len(numbers):
            rows = activations[done:]
            if not self.parts or not self.parts[-1].make_room(rows, self._fits):
                self.parts.append(open_part(self.count, rows, self._fits))
            taken = self.parts[-1].add(rows)
            self.at[numbers[done : done + taken]] = np.arange(self.count, self.count + taken)
            self.count, done = self.count + taken, done + taken

    def _fits(self, wanted: int) -> bool:
        """Whether so many bytes more may lie in memory; what has begun in files goes on there."""
        in_files = bool(self.parts) and self.parts[-1].in_file
        return not in_files and self.size + wanted <= self.most and self.claim(wanted)

    def find(self, numbers: Numbers, device: torch.device) -> Tensor:
        """Where inputs are held, shape [item]."""
        return torch.from_numpy(self.at[numbers]).to(device)

    def take(self, at: Tensor, tokens: int, device: torch.device, first: int = 0) -> Tensor:
        """The activations that are held there [item], of rows of so many tokens, at the positions from `first` on.

        Shape [item, position, width].
        """
        positions = tokens + self.further

        def cut(held: Tensor) -> Tensor:
            return held[:, first:positions]

        def fill(found: Tensor) -> Tensor:
            beyond = positions - first - found.shape[1]
            return found if beyond == 0 else nn.functional.pad(found, (0, 0, 0, beyond))

        return self.gather(at, device, (cut,), fill)[0]

    def gather(
        self, at: Tensor, device: torch.device, views: Sequence[View], fill: View = lambda found: found
    ) -> list[Tensor]:
        """What is seen of the rows that are held there [item], in their order, by each of some views.

        `fill` makes what parts give alike.
        """
        if (part := self._holding(at)) is not None:
            return [fill(part.take(at - part.start, view).to(device)) for view in views]
        order = at.argsort()
        ordered = at[order]
        starts = torch.tensor([part.start for part in self.parts[1:]], device=at.device)
        stops = [*torch.searchsorted(ordered, starts).tolist(), len(at)]
        pieces = [piece for piece in zip(self.parts, (0, *stops), stops, strict=False) if piece[1] < piece[2]]
        found = []
        for view in views:
            seen: Tensor | None = None
            for part, begin, stop in pieces:
                rows = fill(part.take(ordered[begin:stop] - part.start, view).to(device))
                seen = rows.new_empty(len(at), *rows.shape[1:]) if seen is None else seen
                seen[order[begin:stop]] = rows
            assert seen is not None, "there are items"
            found.append(seen)
        return found

    def _holding(self, at: Tensor) -> Part | None:
        """The part that holds all of these rows [item], if one does."""
        if len(self.parts) == 1:
            return self.parts[0]
        first, last = (int(end) for end in at.aminmax())
        part = next(part for part in reversed(self.parts) if part.start <= first)
        return part if last < part.start + part.filled else None


def missing(held: Bools, numbers: Numbers, at_once: int) -> list[tuple[Numbers, Numbers]]:
    """Inputs that are not held, each once, so many at a time: their numbers, and the rows where they stand."""
    rows = np.flatnonzero(~held)
    new, first = np.unique(numbers[rows], return_index=True)
    return [
        (new[start : start + at_once], rows[first[start : start + at_once]]) for start in range(0, len(new), at_once)
    ]
