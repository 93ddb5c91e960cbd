"""Ending a disjoint stream before what is left of its inputs has another law than all of them.

Sources whose cell does not tell the codes of their variables are redrawn among all that fit. A half takes some of them
more often than others, so that what is left unused has another law, the more so the less is left.
"""

from dataclasses import dataclass, field

import numpy as np

from ..expressions import Column
from .items import FEWEST_ITEMS, Recipe
from .match_sources import Chunk
from .open_spaces import Spaces
from .propose import output_codes

_MOST_USED = 0.5
"""Of each output's inputs, the share that may be used."""
_HALF_USED = "half of an output's inputs are used: what is left no longer has the law of all"


@dataclass
class Room:
    """What a stream may still use of its inputs. `codes` are the outputs', sorted, `left` how many inputs of each."""

    recipe: Recipe
    spaces: Spaces
    codes: Column = field(init=False)
    left: Column = field(init=False)
    drawn: int = 0

    def __post_init__(self) -> None:
        spaces = (self.spaces.base, self.spaces.source)
        codes = [output_codes(self.recipe, space, np.arange(len(space))) for space in spaces]
        self.codes = np.unique(np.concatenate(codes))
        sizes = [
            np.bincount(np.searchsorted(self.codes, code), weights=space.size, minlength=len(self.codes))
            for space, code in zip(spaces, codes, strict=True)
            if not space.readings  # with links an input is in several cells
        ]
        self.left = (_MOST_USED * np.maximum.reduce(sizes)).astype(np.int64)

    def use(self, chunk: Chunk) -> str:
        """Cut the chunk before the first item, after 200, that takes more than there is room for.

        Returns why the stream ends there; empty where it does not.
        """
        base = output_codes(self.recipe, self.spaces.base, chunk.base_cells)[:, None]
        sources = output_codes(self.recipe, self.spaces.source, chunk.source_cells)
        outputs = np.searchsorted(self.codes, np.concatenate([base, sources], axis=1))
        place = outputs.ravel()
        order = np.argsort(place, kind="stable")
        _, start, count = np.unique(place[order], return_index=True, return_counts=True)
        turn = np.arange(len(order)) - np.repeat(start, count)
        over = order[turn >= self.left[place[order]]] // outputs.shape[1]
        most = max(int(over.min()), FEWEST_ITEMS - self.drawn) if len(over) else len(outputs)
        ends = most < len(outputs)
        if ends:
            chunk.cut(most)
        self.left = self.left - np.bincount(outputs[:most].ravel(), minlength=len(self.left))
        self.drawn += len(chunk.cell)
        return _HALF_USED if ends else ""
