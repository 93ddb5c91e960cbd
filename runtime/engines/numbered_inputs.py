"""Distinct inputs of a network, numbered in the order in which they come."""

import numpy as np
import numpy.typing as npt
from torch import Tensor

Numbers = npt.NDArray[np.int64]


class NumberedInputs:
    """Numbers from 0 for rows of tokens; what pads a row does not count."""

    def __init__(self) -> None:
        self._hashes = np.empty(0, dtype=np.int64)
        self._numbers = np.empty(0, dtype=np.int64)
        self._weights: Numbers = np.empty(0, dtype=np.int64)

    def number(self, tokens: Tensor) -> Numbers:
        """The number of each row of tokens [item, token], shape [item]; new inputs get the next ones."""
        hashes = self._hash(tokens)
        numbers = self._find(hashes)
        if (numbers >= 0).all():
            return numbers
        fresh = np.unique(hashes[numbers < 0])
        joined = np.concatenate([self._hashes, fresh])
        order: Numbers = np.argsort(joined, kind="stable")
        counted = np.concatenate([self._numbers, len(self._numbers) + np.arange(len(fresh))])
        self._hashes, self._numbers = joined[order], counted[order]
        return self._find(hashes)

    def _find(self, hashes: Numbers) -> Numbers:
        """The number of each hash; -1 where it has none."""
        found: Numbers = np.full(len(hashes), -1, dtype=np.int64)
        if len(self._hashes):
            at = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
            there = self._hashes[at] == hashes
            found[there] = self._numbers[at[there]]
        return found

    def _hash(self, tokens: Tensor) -> Numbers:
        """64 bits for each input: the sum of its tokens, counted from 1, times odd random numbers."""
        rows = tokens.cpu().numpy()
        length = rows.shape[1]
        if length > len(self._weights):
            generator = np.random.Generator(np.random.Philox(key=length))
            drawn = np.asarray(generator.integers(-(2**62), 2**62, length), dtype=np.int64)
            known = len(self._weights)
            self._weights = np.concatenate([self._weights, 2 * drawn[known:] + 1])
        hashed: Numbers = (rows + 1) @ self._weights[:length]
        return hashed
