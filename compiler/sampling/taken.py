"""Inputs that items of a disjoint stream have, by hash: which candidates are still free."""

import numpy as np
import numpy.typing as npt

from ...lang.record import record
from ..causal_model import Codes
from ..expressions import Column
from .splits import hash_rows

Bools = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]


def hash_inputs(inputs: Codes) -> Hashes:
    """One number for each input; inputs [item, role, input], hashes [item, role]."""
    return hash_rows(0, "input", inputs.reshape(-1, inputs.shape[-1])).reshape(inputs.shape[:2])


@record
class Taken:
    """What earlier chunks have `used` (sorted), and what a chunk has: `known` (sorted), each by the first `owner`."""

    used: Hashes
    known: Hashes
    owner: Column

    def is_free(self, keys: Hashes, item: Column) -> Bools:
        """Whether no earlier item has the input; later items of the chunk give way."""
        at = np.minimum(np.searchsorted(self.known, keys), len(self.known) - 1)
        free: Bools = ~self._is_used(keys) & ~((self.known[at] == keys) & (self.owner[at] < item))
        return free

    def clashes(self, keys: Hashes) -> Bools:
        """Which inputs of the chunk itself (hashes, shape [item, role]) an earlier item has."""
        earlier = self.owner[np.searchsorted(self.known, keys)] < np.arange(len(keys))[:, None]
        clash: Bools = self._is_used(keys) | earlier
        return clash

    def _is_used(self, keys: Hashes) -> Bools:
        if not len(self.used):
            return np.zeros(keys.shape, dtype=bool)
        at = np.minimum(np.searchsorted(self.used, keys), len(self.used) - 1)
        used: Bools = self.used[at] == keys
        return used


def take(used: Hashes, keys: Hashes) -> Taken:
    """What is taken where earlier chunks used `used` and a chunk has inputs of these hashes, shape [item, role]."""
    known, first = np.unique(keys, return_index=True)
    return Taken(used, known, first // keys.shape[1])
