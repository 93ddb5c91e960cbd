"""Sampling a whole domain: some items of every set and half, spread evenly over all that there are."""

from collections.abc import Iterator

import numpy as np

from ..expressions import Column
from .draw_items import Population
from .enumerate_items import ListedSet, list_sets
from .items import Items

_TRIED = 4
"""Items looked at for each one that is wanted: halves are seldom equally frequent."""


def sample_items(population: Population, most: int) -> Items:
    """About `most` items of a whole domain with variables, each cell's number as its weight asks, where it has so many.

    A set's items are cut into ranges of equal length and one is drawn of each, by a generator that depends on the
    population alone: an even stride would meet the same sources again and again. All items are taken of a set that has
    no more than its share. In order of set and index.

    Raises TooManyItemsError where bases and sources cannot be listed.
    """
    generator = np.random.Generator(np.random.Philox(key=int(population.key[:16], 16)))
    parts = list(_parts(population, most, generator))
    return Items(np.concatenate([p.inputs for p in parts]), np.concatenate([p.cell for p in parts]))


def _parts(population: Population, most: int, generator: np.random.Generator) -> Iterator[Items]:
    kept = dict.fromkeys(cell.set_index for cell in population.cells)
    for index, listed in zip(kept, list_sets(population), strict=True):
        weights = {i: cell.weight for i, cell in enumerate(population.cells) if cell.set_index == index}
        share = max(1, int(most * sum(weights.values())))
        if listed.total <= share:
            yield listed.take(np.arange(listed.total))
            continue
        found = listed.take(_spread(listed, min(_TRIED * share, listed.total), generator))
        rows = [_evenly(np.flatnonzero(found.cell == i), max(1, int(most * w))) for i, w in weights.items()]
        chosen = np.sort(np.concatenate(rows))
        yield Items(found.inputs[chosen], found.cell[chosen])


def _spread(listed: ListedSet, count: int, generator: np.random.Generator) -> Column:
    """One index of each of `count` ranges of 0 .. total-1."""
    edges = np.array([listed.total * i // count for i in range(count + 1)], dtype=np.int64)
    return generator.integers(edges[:-1], edges[1:])


def _evenly(rows: Column, count: int) -> Column:
    """At most `count` of some rows, evenly spaced."""
    return rows if len(rows) <= count else rows[np.arange(count) * len(rows) // count]
