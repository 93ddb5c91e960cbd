"""Keeping items apart: no input occurs in two items of a disjoint stream."""

from dataclasses import dataclass, field

import numpy as np

from ..expressions import Column
from .choose_sources import Found
from .leave_enough import Room
from .match_sources import Chunk, Matcher
from .splits import hash_rows
from .taken import Hashes, Taken, hash_inputs, take

_TOGETHER, _COPIES = 64, 1024
"""Clashing items that are redrawn together, the earliest first, and candidates for each base at most."""
_MOST_ATTEMPTS = 12
_MOST_ROUNDS = 4000
_USED_UP = "the inputs of some values are nearly used up: in `test` no input occurs in two items"


@dataclass
class Separator:
    """What redraws inputs that an earlier item of the stream has; `used` are the hashes of all that items have."""

    matcher: Matcher
    used: Hashes = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    _room: Room | None = None

    def separate(self, chunk: Chunk, generator: np.random.Generator) -> str:
        """Redraw inputs that an earlier item has, and cut the chunk before the first item that finds no unused one.

        Returns why the stream ends there; empty where it does not.
        """
        reason = ""
        keys = hash_inputs(chunk.inputs)
        attempts = np.zeros(len(chunk.cell), dtype=np.int64)
        for _ in range(_MOST_ROUNDS):
            taken = take(self.used, keys)
            clash = taken.clashes(keys)
            waiting = np.flatnonzero(clash.any(axis=1))
            if not len(waiting):
                break
            batch = waiting[:_TOGETHER]
            attempts[batch] += 1
            copies = 4 ** int(attempts[batch[0]])
            failed = self._redraw(chunk, batch, batch[clash[batch, 0]], min(copies, _COPIES), taken, generator)
            if attempts[batch[0]] > _MOST_ATTEMPTS:
                failed = batch[:1]
            if len(failed):  # what comes before may still be mended
                reason = self.matcher.spaces.rare or _USED_UP
                chunk.cut(int(failed.min()))
            keys = hash_inputs(chunk.inputs)
            if not len(keys):
                break
        else:
            reason = "inputs that no other item has are too rare to be drawn"
            chunk.cut(int(waiting[0]))
        if self.matcher.recipe.variables and not self.matcher.cells_tell_codes():
            self._room = self._room or Room(self.matcher.recipe, self.matcher.spaces)
            reason = self._room.use(chunk) or reason
        keys = keys[: len(chunk.cell)]
        self.used = np.sort(np.concatenate([self.used, keys.ravel()]))  # an input that is there twice does no harm
        return reason

    def _redraw(
        self, chunk: Chunk, batch: Column, rebased: Column, copies: int, taken: Taken, generator: np.random.Generator
    ) -> Column:
        """Redraw clashing items; those that found none.

        A base is redrawn from its own cell, whatever the half, and its item's sources are drawn anew. Where the base
        stays, so do the sources' cells: with other inputs of the same cells the half is the same.
        """
        matcher = self.matcher
        owner = np.repeat(rebased, copies)
        drawn = matcher.spaces.base.draw(chunk.base_cells[owner], generator)
        hits = np.flatnonzero(taken.is_free(hash_rows(0, "input", drawn), owner))
        first = hits[np.unique(owner[hits], return_index=True)[1]]
        chunk.inputs[owner[first], 0] = drawn[first]
        if not matcher.recipe.variables:
            return batch[:0]
        if not matcher.cells_tell_codes():
            return matcher.match(chunk, batch, generator, taken)
        kept = np.setdiff1d(batch, rebased, assume_unique=True)
        found = Found(kept, chunk.source_cells[kept], chunk.inputs[kept, 1:])
        free = matcher.free_within_cells(found, taken, generator)
        chunk.inputs[kept, 1:] = found.sources
        return np.concatenate([matcher.match(chunk, rebased, generator, taken), kept[~free]])
