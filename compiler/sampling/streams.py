"""Streams: the items of one split, chunk by chunk, until enough are there or no more can be drawn."""

from dataclasses import dataclass, field

import numpy as np

from ..causal_model import Codes
from ..expressions import Column
from .choose_sources import Chooser
from .items import Recipe
from .keep_apart import Separator
from .match_sources import Chunk, Matcher
from .open_spaces import Spaces
from .propose import Bools
from .spaces import NoInputError

CHUNK = 1024
NO_INPUT = "no input of this split makes an item"


@dataclass
class Stream:
    """One split's items. `cells` lists for each set the cells of its halves; without halves, one cell.

    `members` tells which variables each cell's set has (shape [cell, variable]), `changing` whether its half is the
    changing one (shape [cell]). A `disjoint` stream (`test`) draws cells at random and uses no input twice; others
    take cells in turn. `reason` says why it has ended; it is empty as long as there may be more.
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

    def __post_init__(self) -> None:
        self._matcher = Matcher(Chooser(self.recipe, self.spaces, self.members, self.changing))
        self._separator = Separator(self._matcher)

    @property
    def acceptance(self) -> float:
        """The share of candidates whose half was the wanted one; 1 before any was drawn."""
        return self._matcher.accepted / self._matcher.drawn if self._matcher.drawn else 1.0

    def extend(self, count: int) -> None:
        """Draw chunks until there are `count` items or the stream has ended."""
        if not self.reason and (not self.cells or not len(self.spaces.base) or not len(self.spaces.source)):
            self.reason = NO_INPUT
        while len(self._chunks) * CHUNK < count and not self.reason:
            index = len(self._chunks)
            generator = np.random.Generator(np.random.Philox(key=self.key, counter=index << 128))
            try:
                chunk = self._fill(self._choose_cells(index, generator), generator)
                if self.disjoint:
                    self.reason = self._separator.separate(chunk, generator) or self.reason
            except NoInputError:
                self.reason = "a cell's inputs in this split are too rare to be drawn"
                return
            self._chunks.append(chunk)

    def expected(self) -> float:
        """About how many items there can be at most, by how fast those drawn so far use up the inputs of cells.

        Infinite as long as nothing is drawn, or where inputs may be used twice.
        """
        drawn = sum(len(chunk.cell) for chunk in self._chunks)
        if not self.disjoint or not drawn:
            return float("inf")
        spaces = self.spaces
        of_bases = np.bincount(np.concatenate([c.base_cells for c in self._chunks]), minlength=len(spaces.base))
        of_sources = np.zeros(len(spaces.source), dtype=np.int64)
        if self._matcher.cells_tell_codes():  # else a source may come from another cell
            chosen = np.concatenate([c.source_cells.ravel() for c in self._chunks])
            of_sources = np.bincount(chosen, minlength=len(spaces.source))
        if spaces.base is spaces.source:
            of_bases = of_sources = of_bases + of_sources
        used = ((spaces.base.size, of_bases), (spaces.source.size, of_sources))
        return min(float((size[use > 0] / use[use > 0]).min(initial=np.inf)) for size, use in used) * drawn

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
        """Bases by their own law, whatever the set and the half; then sources with which the half is the wanted one."""
        variables, width = len(self.recipe.variables), len(self.recipe.model.input_names)
        chunk = Chunk(
            np.zeros((CHUNK, 1 + variables, width), dtype=np.int64),
            cell,
            np.zeros(CHUNK, dtype=np.int64),
            np.zeros((CHUNK, variables), dtype=np.int64),
        )
        every = np.arange(CHUNK)
        self._matcher.rebase(chunk, every, generator)
        if not variables:
            return chunk
        left = self._matcher.match(chunk, every, generator)
        if len(left):
            self.reason = self.spaces.rare or f"{self._text(int(cell[left[0]]))} was not met by any of many bases"
            chunk.cut(int(left[0]))
        return chunk

    def _text(self, cell: int) -> str:
        names = ", ".join(f"`{v}`" for v, there in zip(self.recipe.variables, self.members[cell], strict=True) if there)
        return f"an item that {'changes' if self.changing[cell] else 'keeps'} the output under {names}"
