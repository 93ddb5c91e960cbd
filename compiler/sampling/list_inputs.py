"""Inputs one after the other: all of a product, all under conditions, or a sampled pool of a region's."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ...lang.expressions import Expression
from ..causal_model import CausalModel, Codes
from .allowed import Allowed
from .conditions import holds
from .items import Recipe
from .splits import Region, hash_rows, tuple_hash

_POOL = 1 << 17
_TRIES = 1 << 21
_FEW_INPUTS = 128
"""Of a task with more inputs, a pool holds fewer."""


def every_input(allowed: Sequence[Allowed]) -> Codes:
    """All inputs of a product of allowed codes, the last input fastest; shape [item, input]."""
    if not allowed:
        return np.zeros((1, 0), dtype=np.int64)
    axes = np.meshgrid(*(some.take(np.arange(len(some))) for some in allowed), indexing="ij")
    return np.stack([axis.reshape(-1) for axis in axes], axis=1)


def list_inputs(model: CausalModel, conditions: Sequence[Expression], chunk: int) -> Iterator[Codes]:
    """All inputs (codes, shape [item, input]) under conditions on them alone, in lexicographic order.

    They come in batches, each of what is left of `chunk` inputs; a batch of none is left out.
    """
    sizes = [domain.size for domain in model.input_domains]
    total = math.prod(sizes)
    for low in range(0, total, chunk):
        index = np.arange(low, min(low + chunk, total))
        inputs = np.stack(np.unravel_index(index, sizes), axis=1).astype(np.int64)
        inputs = inputs[holds(model, conditions, inputs)]
        if len(inputs):
            yield inputs


def in_range(recipe: Recipe, region: Region, inputs: Codes) -> npt.NDArray[np.bool_]:
    """Which inputs have their hash in the region's range; shape [item]."""
    if region.hashed is None:
        return np.ones(len(inputs), dtype=bool)
    uniform = tuple_hash(recipe, inputs)
    return (uniform >= region.hashed[0]) & (uniform < region.hashed[1])


def sampled_members(recipe: Recipe, region: Region, conditions: Sequence[Expression], key: int) -> Codes:
    """A pool of distinct inputs of the region that satisfy the conditions, drawn uniformly with bounded effort."""
    generator = np.random.Generator(np.random.Philox(key=key))
    found: list[Codes] = []
    count = tries = 0
    if region.size == 0:
        return np.zeros((0, len(region.allowed)), dtype=np.int64)
    less = max(1, len(region.allowed) // _FEW_INPUTS)
    pool, most, size = _POOL // less, _TRIES // less, (1 << 16) // less
    while count < pool and tries < most:
        columns = [some.take(generator.integers(0, len(some), size)) for some in region.allowed]
        inputs = np.stack(columns, axis=1)
        inputs = inputs[holds(recipe.model, conditions, inputs) & in_range(recipe, region, inputs)]
        found.append(inputs)
        count, tries = count + len(inputs), tries + size
    drawn = np.concatenate(found)
    _, first = np.unique(hash_rows(0, "pool", drawn), return_index=True)
    return drawn[np.sort(first)][:pool]
