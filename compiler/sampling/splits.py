"""Splits: which of fit, select and test an input belongs to, by a hash that depends on nothing but seed and input.

A column of integers is absorbed by `h = mix(h ^ (column + (i + 1) * 0x9E3779B97F4A7C15))` over uint64, where i counts
columns from 0, `mix` is the finaliser of splitmix64 (Steele, Lea, Flood 2014) and h starts as the first eight bytes
(big-endian) of sha256("cspec/seed/role"). The uniform number is `(h >> 11) / 2^53`.
"""

import hashlib

import numpy as np
import numpy.typing as npt

from ...lang.record import record
from ..causal_model import Codes
from .allowed import Allowed
from .items import Recipe, Split
from .relations import product

SPLITS: tuple[Split, ...] = ("fit", "select", "test")
NO_SPLIT = 3
_STEP = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


def hash_rows(seed: int, role: str, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of every row of integers (shape [row, column]); shape [row]."""
    start = hashlib.sha256(f"cspec/{seed}/{role}".encode()).digest()[:8]
    h = np.full(len(columns), int.from_bytes(start, "big"), dtype=np.uint64)
    for i in range(columns.shape[1]):
        h ^= columns[:, i].astype(np.uint64) + np.uint64((i + 1) * _STEP & _WORD)
        h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        h ^= h >> np.uint64(31)
    return h


def hash_uniform(seed: int, role: str, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for every row of integers (shape [row, column]); shape [row]."""
    return (hash_rows(seed, role, columns) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


@record
class Region:
    """Where a split's inputs lie: codes allowed for each input, and the range of the hash (None: all of them)."""

    allowed: tuple[Allowed, ...]
    hashed: tuple[float, float] | None

    @property
    def share(self) -> float:
        """The share of those inputs whose hash is in the range."""
        return 1.0 if self.hashed is None else self.hashed[1] - self.hashed[0]

    @property
    def size(self) -> float:
        """How many inputs the allowed codes make."""
        return product([len(codes) for codes in self.allowed])


def region_of(recipe: Recipe, split: Split | None) -> Region:
    """The region of a split; None: the whole domain.

    With held-out values, `test` is where every held-out input takes a held-out value, `fit` and `select` where none
    does. Inputs whose values are split by hash must all agree, and then no tuple is hashed.
    """
    allowed = [Allowed(domain.size) for domain in recipe.model.input_domains]
    if split is None:
        return Region(tuple(allowed), None)
    index = SPLITS.index(split)
    ranges, by_value = _held_ranges(recipe), _value_splits(recipe)
    for column, held in ranges.items():
        size = allowed[column].size
        allowed[column] = Allowed(size, listed=held) if split == "test" else Allowed(size, left_out=held)
    for column, assigned in by_value.items():
        whole = allowed[column]
        codes = whole.take(np.arange(len(whole)))
        allowed[column] = Allowed(whole.size, listed=codes[assigned[codes] == index])
    if by_value or (ranges and split == "test"):
        return Region(tuple(allowed), None)
    fit, select, _ = recipe.shares
    if ranges:
        share = fit / (fit + select) if fit + select > 0 else 0.0
        return Region(tuple(allowed), (0.0, share) if split == "fit" else (share, 1.0))
    return Region(tuple(allowed), ((0.0, fit), (fit, fit + select), (fit + select, 1.0))[index])


def tuple_hash(recipe: Recipe, inputs: Codes) -> npt.NDArray[np.float64]:
    """The number in [0, 1) that splits input tuples (codes, shape [item, input]); shape [item]."""
    lows = np.array([domain.low for domain in recipe.model.input_domains], dtype=np.int64)
    return hash_uniform(recipe.seed, "split", inputs + lows)


def split_of(recipe: Recipe, inputs: Codes) -> npt.NDArray[np.int64]:
    """The split of every input (codes, shape [item, input]): 0 fit, 1 select, 2 test, 3 none; shape [item]."""
    found = np.full(len(inputs), NO_SPLIT, dtype=np.int64)
    uniform = tuple_hash(recipe, inputs)
    for index, split in enumerate(SPLITS):
        region = region_of(recipe, split)
        inside = np.ones(len(inputs), dtype=bool)
        for column, allowed in enumerate(region.allowed):
            inside &= allowed.holds(inputs[:, column])
        if region.hashed is not None:
            inside &= (uniform >= region.hashed[0]) & (uniform < region.hashed[1])
        found[inside] = index
    return found


def _held_ranges(recipe: Recipe) -> dict[int, Codes]:
    """For each input (by column) with held-out codes: which codes are held out, sorted."""
    held_out: dict[int, Codes] = {}
    for held in recipe.held_out:
        if held.codes is not None:
            column = recipe.model.input_names.index(held.input)
            before = held_out.get(column, np.zeros(0, dtype=np.int64))
            held_out[column] = np.union1d(before, np.array(held.codes, dtype=np.int64))
    return held_out


def _value_splits(recipe: Recipe) -> dict[int, Codes]:
    """For each input (by column) whose values are split by hash: the split of every code.

    A value gets the same split whatever the input.
    """
    splits: dict[int, Codes] = {}
    fit, select, _ = recipe.shares
    for held in recipe.held_out:
        if held.codes is None:
            column = recipe.model.input_names.index(held.input)
            domain = recipe.model.input_domains[column]
            uniform = hash_uniform(recipe.seed, "value", (np.arange(domain.size) + domain.low)[:, None])
            splits[column] = (uniform >= fit).astype(np.int64) + (uniform >= fit + select)
    return splits
