"""Streams: the items of one split, chunk by chunk, until enough are there or no more can be drawn."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .causal_model import Codes
from .expressions import Column
from .halves import Bools, codes_on, draw_sources, draw_that_fit, interchange, output_codes, propose
from .items import Recipe
from .open_spaces import Spaces
from .spaces import NoInputError
from .splits import hash_rows

CHUNK = 1024
_ROUND = 2048
"""Candidates drawn together."""
_MOST = 1 << 19
"""Candidates drawn for one chunk."""
_REDRAWN = 8192
_MOST_ATTEMPTS = 6
_MOST_ROUNDS = 1000

Hashes = npt.NDArray[np.uint64]


@dataclass
class Chunk:
    """Items under construction.

    `inputs` has shape [item, role, input], `cell` [item] (of the population), `base_cells` [item] and `source_cells`
    [item, variable] (of the spaces).
    """

    inputs: Codes
    cell: Column
    base_cells: Column
    source_cells: Codes


@dataclass
class Stream:
    """One split's items. `cells` lists for each set the cells of its halves; without halves, one cell.

    `members` tells which variables each cell's set has (shape [cell, variable]), `changing` whether its half is the
    changing one (shape [cell]). A `disjoint` stream (`test`) draws cells at random and uses no input twice; others
    take cells in turn.
    """

    recipe: Recipe
    spaces: Spaces
    cells: tuple[tuple[int, ...], ...]
    members: Bools
    changing: Bools
    key: int
    disjoint: bool
    reason: str = ""
    _chunks: list[Chunk] = field(default_factory=list)
    _used: Hashes = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    _drawn: int = 0
    _accepted: int = 0

    @property
    def acceptance(self) -> float:
        """The share of candidates whose half was the wanted one; 1 before any was drawn."""
        return self._accepted / self._drawn if self._drawn else 1.0

    def extend(self, count: int) -> None:
        """Draw chunks until there are `count` items or the stream has ended."""
        if not self.reason and (not self.cells or not len(self.spaces.base) or not len(self.spaces.source)):
            self.reason = "no input of this split makes an item"
        while len(self._chunks) * CHUNK < count and not self.reason:
            index = len(self._chunks)
            generator = np.random.Generator(np.random.Philox(key=self.key, counter=index << 128))
            try:
                chunk = self._fill(self._choose_cells(index, generator), generator)
                if self.disjoint:
                    self._separate(chunk, generator)
            except NoInputError:
                self.reason = "a cell's inputs in this split are too rare to be drawn"
                return
            self._chunks.append(chunk)

    def first(self, count: int) -> tuple[Codes, Column]:
        """The first items: inputs [item, role, input] and cells [item]."""
        roles = 1 + len(self.recipe.variables)
        inputs = [chunk.inputs for chunk in self._chunks]
        none = np.zeros((0, roles, len(self.recipe.model.input_names)), dtype=np.int64)
        cells = [np.zeros(0, dtype=np.int64), *(chunk.cell for chunk in self._chunks)]
        return np.concatenate([none, *inputs])[:count], np.concatenate(cells)[:count]

    def _choose_cells(self, index: int, generator: np.random.Generator) -> Column:
        halves = np.array([len(cells) for cells in self.cells])
        table = np.array([[cells[0], cells[-1]] for cells in self.cells])
        if self.disjoint:
            chosen = generator.integers(0, len(self.cells), CHUNK)
            half = (generator.random(CHUNK) * halves[chosen]).astype(np.int64)
        else:
            turn, chosen = np.divmod(np.arange(index * CHUNK, (index + 1) * CHUNK), len(self.cells))
            half = turn % halves[chosen]
        cell: Column = table[chosen, half]
        return cell

    def _fill(self, cell: Column, generator: np.random.Generator) -> Chunk:
        """Bases and sources for each cell, by rejection until the half is the wanted one."""
        variables = len(self.recipe.variables)
        width = len(self.recipe.model.input_names)
        chunk = Chunk(
            np.zeros((CHUNK, 1 + variables, width), dtype=np.int64),
            cell,
            np.zeros(CHUNK, dtype=np.int64),
            np.zeros((CHUNK, variables), dtype=np.int64),
        )
        waiting = np.arange(CHUNK)
        spent = 0
        while len(waiting) and spent < _MOST:
            copies = max(1, _ROUND // len(waiting)) if variables else 1
            owner = np.repeat(waiting, copies)
            drawn = propose(self.recipe, self.spaces, len(owner), generator)
            right = drawn.possible & self._is_right(cell[owner], drawn.bases, drawn.codes, drawn.base_cells)
            spent += len(owner)
            self._drawn += len(owner)
            self._accepted += int(right.sum())
            hits = np.flatnonzero(right)
            first = hits[np.unique(owner[hits], return_index=True)[1]]
            at = owner[first]
            chunk.inputs[at, 0] = drawn.bases[first]
            chunk.base_cells[at] = drawn.base_cells[first]
            chunk.source_cells[at] = drawn.source_cells[first]
            if drawn.sources is not None:
                chunk.inputs[at, 1:] = drawn.sources[first]
            elif variables:
                chunk.inputs[at, 1:] = draw_sources(self.spaces.source, drawn.source_cells[first], generator)
            waiting = np.setdiff1d(waiting, at, assume_unique=True)
        if len(waiting):
            self.reason = f"{self._text(int(cell[waiting[0]]))} was not met in {spent:,} draws"
            self._cut(chunk, int(waiting[0]))
        return chunk

    def _is_right(self, cell: Column, bases: Codes, codes: Codes, base_cells: Column) -> Bools:
        """Whether each item has its cell's half."""
        if not self.recipe.variables:
            return np.ones(len(cell), dtype=bool)
        before = output_codes(self.recipe, self.spaces.base, base_cells)
        after = interchange(self.recipe, bases, codes, self.members[cell])
        right: Bools = (after != before) == self.changing[cell]
        return right

    def _text(self, cell: int) -> str:
        names = ", ".join(f"`{v}`" for v, there in zip(self.recipe.variables, self.members[cell], strict=True) if there)
        return f"an item that {'changes' if self.changing[cell] else 'keeps'} the output under {names}"

    def _cut(self, chunk: Chunk, length: int) -> None:
        chunk.inputs, chunk.cell = chunk.inputs[:length], chunk.cell[:length]
        chunk.base_cells, chunk.source_cells = chunk.base_cells[:length], chunk.source_cells[:length]

    def _separate(self, chunk: Chunk, generator: np.random.Generator) -> None:
        """Redraw inputs that an earlier item has; cut the chunk before the first item that finds no unused input."""
        keys = self._hashes(chunk.inputs)
        attempts = np.zeros(len(chunk.cell), dtype=np.int64)
        redraw = self._redraw_linked if self.spaces.links else self._redraw
        for _ in range(_MOST_ROUNDS):
            taken, owner = _owners(keys)
            clash = self._is_used(keys) | (owner[np.searchsorted(taken, keys)] < np.arange(len(keys))[:, None])
            waiting = np.flatnonzero(clash.any(axis=1))
            if not len(waiting):
                break
            tries = int(attempts[waiting[0]])
            if tries == _MOST_ATTEMPTS:
                break
            copies = 4 ** (1 + tries)
            batch = waiting[: max(1, _REDRAWN // copies)]
            attempts[batch] += 1
            redraw(chunk, batch, clash[batch], copies, (taken, owner), generator)
            keys[batch] = self._hashes(chunk.inputs[batch])
        if len(waiting):
            self.reason = "no unused input is left for the next item: in `test` no input occurs in two items"
            self._cut(chunk, int(waiting[0]))
            keys = keys[: waiting[0]]
        self._used = np.union1d(self._used, keys)

    def _redraw(
        self, chunk: Chunk, batch: Column, clash: Bools, copies: int, taken: tuple[Hashes, Column],
        generator: np.random.Generator,
    ) -> None:  # fmt: skip
        """Redraw the clashing roles of some items: given tuples and half, roles are independent."""
        for role in range(chunk.inputs.shape[1]):
            items = batch[clash[:, role]]
            if not len(items):
                continue
            owner = np.repeat(items, copies)
            space = self.spaces.source if role else self.spaces.base
            cells = chunk.source_cells[owner, role - 1] if role else chunk.base_cells[owner]
            drawn = space.draw(cells, generator)
            right = self._is_free(hash_rows(0, "input", drawn), owner, taken)
            if self.recipe.variables and (role == 0 or space.codes_of(self.recipe.variables[role - 1]) is None):
                inputs = chunk.inputs[owner]
                inputs[:, role] = drawn
                codes = codes_on(self.recipe, inputs[:, 1:])
                right &= self._is_right(chunk.cell[owner], inputs[:, 0], codes, chunk.base_cells[owner])
            hits = np.flatnonzero(right)
            first = hits[np.unique(owner[hits], return_index=True)[1]]
            chunk.inputs[owner[first], role] = drawn[first]

    def _redraw_linked(
        self, chunk: Chunk, batch: Column, clash: Bools, copies: int, taken: tuple[Hashes, Column],
        generator: np.random.Generator,
    ) -> None:  # fmt: skip
        """Redraw whole items, base first, each source among those that go with it and have the same tuple."""
        owner = np.repeat(batch, copies)
        bases = self.spaces.base.draw(chunk.base_cells[owner], generator)
        roles = chunk.source_cells.shape[1]
        cells = [self.spaces.source.cells_with(bases, chunk.source_cells[owner, j]) for j in range(roles)]
        source_cells = np.stack(cells, axis=1)
        possible = np.flatnonzero((source_cells >= 0).all(axis=1))
        owner, bases, source_cells = owner[possible], bases[possible], source_cells[possible]
        right = np.ones(len(owner), dtype=bool)
        if self.spaces.rejected:
            sources = np.empty((len(owner), roles, bases.shape[1]), dtype=np.int64)
            for j in range(roles):
                sources[:, j], found = draw_that_fit(self.recipe, self.spaces, bases, source_cells[:, j], generator)
                right &= found
        else:
            sources = draw_sources(self.spaces.source, source_cells, generator)
        inputs = np.concatenate([bases[:, None], sources], axis=1)
        codes = codes_on(self.recipe, sources)
        right &= self._is_right(chunk.cell[owner], bases, codes, chunk.base_cells[owner])
        right &= self._is_free(self._hashes(inputs), owner[:, None], taken).all(axis=1)
        hits = np.flatnonzero(right)
        first = hits[np.unique(owner[hits], return_index=True)[1]]
        chunk.inputs[owner[first]] = inputs[first]
        chunk.source_cells[owner[first]] = source_cells[first]

    def _hashes(self, inputs: Codes) -> Hashes:
        """One number for each input; inputs [item, role, input], hashes [item, role]."""
        return hash_rows(0, "input", inputs.reshape(-1, inputs.shape[-1])).reshape(inputs.shape[:2])

    def _is_used(self, keys: Hashes) -> Bools:
        if not len(self._used):
            return np.zeros(keys.shape, dtype=bool)
        at = np.minimum(np.searchsorted(self._used, keys), len(self._used) - 1)
        used: Bools = self._used[at] == keys
        return used

    def _is_free(self, keys: Hashes, item: Column, taken: tuple[Hashes, Column]) -> Bools:
        """Whether no earlier item has the input; later items of the chunk give way."""
        known, owner = taken
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        free: Bools = ~self._is_used(keys) & ~((known[at] == keys) & (owner[at] < item))
        return free


def _owners(keys: Hashes) -> tuple[Hashes, Column]:
    """Distinct hashes, sorted, and the first item that has each; keys [item, role]."""
    distinct, first = np.unique(keys, return_index=True)
    return distinct, first // keys.shape[1]
