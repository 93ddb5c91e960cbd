"""Distinct inputs: of a frozen network each is run once up to a stage, whoever asks for it and however often."""

from typing import Literal, TypeGuard

import numpy as np
import numpy.typing as npt

from ..causal_model import Codes
from ..experiments import Encoding

Hashes = npt.NDArray[np.int64]
"""Of distinct inputs, in order."""
Keys = tuple[int, int]
"""Keys and values: the first stage, and how many positions."""
Kind = tuple[Literal["reads", "bases", "answers"], int]
"""What inputs are held for where only that is kept which is read, and at which stage."""
Where = tuple[str, Encoding, int | Keys | Kind]
"""A network's key, how it is fed, and the stage up to which it is run, or what is held of it."""


class DistinctInputs:
    """The inputs that a plan's steps have run so far, by network and stage, or keys and values."""

    def __init__(self) -> None:
        self.known: dict[Where, Hashes] = {}

    def add(self, where: Where, new: Hashes) -> None:
        """From now on these inputs, of which none was, are known there."""
        if len(new):
            self.known[where] = np.sort(np.concatenate([self.known.get(where, new[:0]), new]))

    def new(self, where: Where, hashes: Hashes) -> Hashes:
        """Those of some inputs that are not known there."""
        known = self.known.get(where)
        if known is None:
            return hashes
        at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
        new: Hashes = hashes[known[at] != hashes]
        return new


def hash_inputs(codes: Codes, encoding: Encoding) -> Hashes:
    """64 bits for each distinct one of inputs [input, column]: the sum of its codes times odd random numbers.

    Codes that are not fed do not count.
    """
    fed = codes if encoding.prompt is not None else codes[:, list(encoding.columns)]
    generator = np.random.Generator(np.random.Philox(key=fed.shape[1]))
    weights = 2 * generator.integers(-(2**62), 2**62, fed.shape[1], dtype=np.int64) + 1
    hashes: Hashes = np.sort((fed + 1) @ weights)
    first = np.ones(len(hashes), dtype=np.bool_)
    first[1:] = hashes[1:] != hashes[:-1]
    distinct: Hashes = hashes[first]
    return distinct


def is_keys(what: int | Keys | Kind) -> TypeGuard[Keys]:
    """Whether it is keys and values that are held."""
    return isinstance(what, tuple) and isinstance(what[0], int)
