"""The codes that an input may have in a split: all of its domain's, some of them, or all but some."""

import numpy as np
import numpy.typing as npt

from ...lang.record import record
from ..causal_model import Codes
from .relations import MOST_ROWS, TooLargeError

Content = tuple[int, bytes | None, bytes | None]
"""Allowed codes as something that can be hashed."""


@record
class Allowed:
    """Codes 0 .. size-1 of a domain: those that are `listed` where it is not None, else all that are not `left_out`.

    Both are sorted and distinct. A domain may be far too large to be listed.
    """

    size: int
    listed: Codes | None = None
    left_out: Codes | None = None

    def __len__(self) -> int:
        if self.listed is not None:
            return len(self.listed)
        return self.size - (0 if self.left_out is None else len(self.left_out))

    @property
    def content(self) -> Content:
        """Its fields, arrays as bytes."""
        listed, left_out = (None if a is None else a.astype(np.int64).tobytes() for a in (self.listed, self.left_out))
        return self.size, listed, left_out

    @staticmethod
    def of(content: Content) -> "Allowed":
        """The codes with this content."""
        size, *arrays = content
        listed, left_out = (None if a is None else np.frombuffer(a, dtype=np.int64) for a in arrays)
        return Allowed(size, listed, left_out)

    def take(self, ranks: Codes) -> Codes:
        """The codes with these ranks, counted from 0 in ascending order."""
        if self.listed is not None:
            return self.listed[ranks]
        if self.left_out is None:
            return ranks
        before: Codes = np.searchsorted(self.left_out - np.arange(len(self.left_out)), ranks, "right")
        return ranks + before

    def codes(self) -> Codes:
        """All of them, in ascending order. Raises TooLargeError."""
        if self.size > MOST_ROWS:
            raise TooLargeError
        return self.take(np.arange(len(self)))

    def holds(self, codes: Codes) -> npt.NDArray[np.bool_]:
        """Which of some codes of the domain are among them."""
        known = self.left_out if self.listed is None else self.listed
        if known is None:
            return np.ones(len(codes), dtype=bool)
        among = np.zeros(len(codes), dtype=bool)
        if len(known):
            among = known[np.minimum(np.searchsorted(known, codes), len(known) - 1)] == codes
        return among if self.listed is not None else ~among
