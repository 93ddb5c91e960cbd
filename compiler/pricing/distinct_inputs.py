"""Distinct inputs: of a frozen network each is run once up to a stage, whoever asks for it and however often."""

import numpy as np
import numpy.typing as npt

from ..causal_model import Codes
from ..experiments import Encoding

Hashes = npt.NDArray[np.int64]
Where = tuple[str, Encoding, int]
"""A network's key, how it is fed, and the stage up to which it is run."""


class DistinctInputs:
    """The inputs that a plan's steps have run so far, by network and stage."""

    def __init__(self) -> None:
        self.known: dict[Where, Hashes] = {}

    def add(self, where: Where, codes: Codes) -> int:
        """How many of these inputs [input, column] are new there; from now on they are not."""
        found, before = np.unique(_hash(codes, where[1])), self.known.get(where)
        self.known[where] = found if before is None else np.union1d(before, found)
        return len(self.known[where]) - (0 if before is None else len(before))

    def look(self, where: Where, codes: Codes) -> int:
        """How many of these inputs would be new there."""
        found, before = np.unique(_hash(codes, where[1])), self.known.get(where)
        return len(found) if before is None else len(np.setdiff1d(found, before, assume_unique=True))


def _hash(codes: Codes, encoding: Encoding) -> Hashes:
    """64 bits for each input: the sum of the codes that are fed, counted from 1, times odd random numbers."""
    fed = codes if encoding.prompt is not None else codes[:, list(encoding.columns)]
    generator = np.random.Generator(np.random.Philox(key=fed.shape[1]))
    weights = 2 * generator.integers(-(2**62), 2**62, fed.shape[1], dtype=np.int64) + 1
    hashed: Hashes = (fed + 1) @ weights
    return hashed
