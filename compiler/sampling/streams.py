"""Streams: the items of one split, chunk by chunk, until enough are there or no more can be drawn."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..causal_model import Codes
from ..expressions import Column
from .halves import EXPOSED, Bools, draw_sources, draw_that_fit, interchange, output_codes, propose_sources
from .items import Recipe
from .open_spaces import Spaces
from .relations import Weights, ranges
from .spaces import NoInputError, pick
from .splits import hash_rows

CHUNK = 1024
_QUICK = (2, 8, 32)
"""Candidates drawn for each item, attempt by attempt, before sources are chosen among all that fit."""
_SLOW, _PATIENCE = 128, 4
"""Where they cannot be listed: candidates at each further attempt, and attempts after which a base is given up."""
_ATTEMPTS = 64
_WITHIN = 64
"""Draws within one cell for sources that no other item has."""
_LISTED = 1 << 18
"""Combinations of source cells that are looked at together."""
_TOGETHER, _COPIES = 64, 1024
"""Clashing items that are redrawn together, the earliest first, and candidates for each base at most."""
_MOST_USED = 0.5
"""Of an output's inputs, the share that may be used where sources are taken whatever the codes of their variables."""
_FEWEST = 200
"""As many items are not too many, whatever they use: fewer decide nothing, and of so few no drift is to be seen."""
_MOST_ATTEMPTS = 12
_MOST_ROUNDS = 4000

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
    _room: tuple[Column, Column] | None = None
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
        """Bases by their own law, whatever the set and the half; then sources with which the half is the wanted one."""
        variables, width = len(self.recipe.variables), len(self.recipe.model.input_names)
        base_cells = self.spaces.base.choose(np.zeros((CHUNK, 0), dtype=np.int64), generator)
        chunk = Chunk(
            np.zeros((CHUNK, 1 + variables, width), dtype=np.int64),
            cell,
            base_cells,
            np.zeros((CHUNK, variables), dtype=np.int64),
        )
        chunk.inputs[:, 0] = self.spaces.base.draw(base_cells, generator)
        if not variables:
            return chunk
        left = self._match(chunk, np.arange(CHUNK), generator)
        if len(left):
            self.reason = self._rare() or f"{self._text(int(cell[left[0]]))} was not met by any of many bases"
            self._cut(chunk, int(left[0]))
        return chunk

    def _match(
        self, chunk: Chunk, items: Column, generator: np.random.Generator, taken: tuple[Hashes, Column] | None = None
    ) -> Column:
        """Draw sources for items with given bases so that the half is the wanted one; returns those that found none.

        The base stays as long as a source may still fit, so that the half tells nothing of the base. Rejection is
        tried first; then sources are chosen among all that fit, which also tells whether a base has any. With `taken`,
        a source is none that an earlier item has, and an item whose source's cell is used up finds none.
        """
        waiting, used_up = items, items[:0]
        for attempt in range(_ATTEMPTS):
            if not len(waiting) or self.spaces.patience.is_over:
                break
            if attempt < len(_QUICK) and not self._draws_by_cells():
                owner, source_cells, sources = self._reject(chunk, np.repeat(waiting, _QUICK[attempt]), generator)
            else:
                listable = self._listable(chunk, waiting)
                owner, source_cells, sources, hopeless = self._choose(chunk, waiting[listable], generator)
                others = self._reject(chunk, np.repeat(waiting[~listable], _SLOW), generator)
                parts = zip((owner, source_cells, sources), others, strict=True)
                owner, source_cells, sources = (np.concatenate(part) for part in parts)
                if attempt and attempt % _PATIENCE == 0:
                    stuck = waiting if self.spaces.rejected else np.concatenate([hopeless, waiting[~listable]])
                    hopeless = np.setdiff1d(stuck, owner)
                self._rebase(chunk, hopeless, generator)
            if taken is not None:
                free = self._free_within_cells(owner, source_cells, sources, taken, generator)
                if self._cells_tell_codes():
                    used_up = np.concatenate([used_up, owner[~free]])
                    waiting = np.setdiff1d(waiting, owner[~free], assume_unique=True)
                owner, source_cells, sources = owner[free], source_cells[free], sources[free]
            chunk.source_cells[owner], chunk.inputs[owner, 1:] = source_cells, sources
            waiting = np.setdiff1d(waiting, owner, assume_unique=True)
        return np.concatenate([waiting, used_up])

    def _free_within_cells(
        self, owner: Column, cells: Codes, sources: Codes, taken: tuple[Hashes, Column], generator: np.random.Generator
    ) -> Bools:
        """Whether each item's sources are free, after they were redrawn (in place) within the cells that were chosen.

        Another cell is no way out: items would drift towards cells with more inputs. So a cell that is nearly used up
        ends the stream.
        """
        free: Bools = np.asarray(self._is_free(self._hashes(sources), owner[:, None], taken).all(axis=1))
        if not self._cells_tell_codes():
            return free
        for _ in range(_WITHIN):
            used = np.flatnonzero(~free)
            if not len(used):
                break
            sources[used] = draw_sources(self.spaces.source, cells[used], generator)
            free[used] = self._is_free(self._hashes(sources[used]), owner[used, None], taken).all(axis=1)
        return free

    def _cells_tell_codes(self) -> bool:
        """Whether a source's cell determines the codes of all aligned variables, and any of its inputs will do."""
        return self._codes_are_known() and not self.spaces.rejected

    def _draws_by_cells(self) -> bool:
        """Whether links are met by rejection, but the half by choosing cells: so no draw is lost on a wrong half."""
        return self._codes_are_known() and bool(self.spaces.rejected)

    def _codes_are_known(self) -> bool:
        """Whether a source's cell determines the codes of all aligned variables."""
        return all(self.spaces.source.codes_of(name) is not None for name in self.recipe.variables)

    def _reject(self, chunk: Chunk, owner: Column, generator: np.random.Generator) -> tuple[Column, Codes, Codes]:
        """The first candidate of each owner whose half is right: items, source cells and sources."""
        bases, base_cells = chunk.inputs[owner, 0], chunk.base_cells[owner]
        drawn = propose_sources(self.recipe, self.spaces, bases, base_cells, generator)
        right = drawn.possible & self._is_right(chunk.cell[owner], bases, drawn.codes, base_cells, drawn.source_cells)
        self._drawn += len(owner)
        self._accepted += int(right.sum())
        hits = np.flatnonzero(right)
        first = hits[np.unique(owner[hits], return_index=True)[1]]
        cells = drawn.source_cells[first]
        if drawn.sources is not None:
            return owner[first], cells, drawn.sources[first]
        return owner[first], cells, draw_sources(self.spaces.source, cells, generator)

    def _choose(
        self, chunk: Chunk, items: Column, generator: np.random.Generator
    ) -> tuple[Column, Codes, Codes, Column]:
        """Source cells chosen among all that give the half: items, cells, sources; last, items whose base has none."""
        bases, base_cells = chunk.inputs[items, 0], chunk.base_cells[items]
        start, count = self._source_cells(bases)
        chosen = [self.spaces.source.choose(bases, generator) for _ in self.recipe.variables]
        cells: Codes = np.stack(chosen, axis=1)
        some = np.zeros(len(items), dtype=bool)
        sizes = self.members[chunk.cell[items]].sum(axis=1)
        for portion in _portions(count**sizes, _LISTED):
            owner = np.repeat(portion, (count**sizes)[portion])
            digits = ranges(np.zeros(len(portion), dtype=np.int64), (count**sizes)[portion])
            codes = np.zeros((len(owner), len(self.recipe.variables)), dtype=np.int64)
            candidates = cells[owner]
            for j, name in enumerate(self.recipe.variables):
                member = self.members[chunk.cell[items[owner]], j]
                rest, digit = np.divmod(digits, count[owner])
                digits = np.where(member, rest, digits)
                candidates[:, j] = np.where(member, start[owner] + digit, candidates[:, j])
                column = self.spaces.source.codes_of(name)
                assert column is not None
                codes[:, j] = column[candidates[:, j]]
            right = self._is_right(chunk.cell[items[owner]], bases[owner], codes, base_cells[owner], candidates)
            hits = np.flatnonzero(right)
            found, first, fitting = np.unique(owner[hits], return_index=True, return_counts=True)
            weight = self._weights(candidates[hits], self.members[chunk.cell[items[owner[hits]]]])
            at = hits[pick(first, fitting, weight, generator)]
            cells[found], some[found] = candidates[at], True
        sources, drawn = self._draw_within(bases[some], cells[some], generator)
        return items[some][drawn], cells[some][drawn], sources[drawn], items[~some]

    def _draw_within(self, bases: Codes, cells: Codes, generator: np.random.Generator) -> tuple[Codes, Bools]:
        """Sources from cells (shape [item, variable]) that go with their bases, and whether all were found."""
        if not self.spaces.rejected:
            return draw_sources(self.spaces.source, cells, generator), np.ones(len(cells), dtype=bool)
        each = np.repeat(bases, cells.shape[1], axis=0)
        sources, found = draw_that_fit(self.recipe, self.spaces, each, cells.reshape(-1), generator)
        every: Bools = np.asarray(found.reshape(cells.shape).all(axis=1))
        return sources.reshape(*cells.shape, bases.shape[1]), every

    def _weights(self, cells: Codes, members: Bools) -> Weights | None:
        """How likely the source cells of each combination (shape [combination, variable]) are by their own law."""
        share = self.spaces.source.share
        if share is None:
            return None
        weight: Weights = np.where(members, share[cells], 1.0).prod(axis=1)
        return weight

    def _listable(self, chunk: Chunk, items: Column) -> Bools:
        """Whether every combination of source cells of an item's set can be looked at."""
        if not self._codes_are_known():
            return np.zeros(len(items), dtype=bool)
        _, count = self._source_cells(chunk.inputs[items, 0])
        few: Bools = count.astype(np.float64) ** self.members[chunk.cell[items]].sum(axis=1) <= _LISTED
        return few

    def _source_cells(self, bases: Codes) -> tuple[Column, Column]:
        """The first source cell that goes with each base, and how many do."""
        source = self.spaces.source
        if not source.readings:
            return np.zeros(len(bases), dtype=np.int64), np.full(len(bases), len(source))
        group = source.groups(bases)
        return source.group_start[group], source.group_count[group]

    def _rebase(self, chunk: Chunk, items: Column, generator: np.random.Generator) -> None:
        """New bases for items whose base has no source of the wanted half."""
        chunk.base_cells[items] = self.spaces.base.choose(np.zeros((len(items), 0), dtype=np.int64), generator)
        chunk.inputs[items, 0] = self.spaces.base.draw(chunk.base_cells[items], generator)

    def _is_right(self, cell: Column, bases: Codes, codes: Codes, base_cells: Column, source_cells: Codes) -> Bools:
        """Whether each item has its cell's half."""
        if not self.recipe.variables:
            return np.ones(len(cell), dtype=bool)
        before = output_codes(self.recipe, self.spaces.base, base_cells)
        after = interchange(self.recipe, bases, codes, self.members[cell])
        right: Bools = ((after != before) == self.changing[cell]) & (after >= 0)
        if EXPOSED in self.recipe.halves:
            other = output_codes(self.recipe, self.spaces.source, source_cells) != before[:, None]
            right = right & (other & self.members[cell]).any(axis=1)
        return right

    def _rare(self) -> str:
        """Why sources are no longer drawn, if so."""
        return "sources that go with their base are too rare to be drawn" if self.spaces.patience.is_over else ""

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
        for _ in range(_MOST_ROUNDS):
            taken, owner = _owners(keys)
            clash = self._is_used(keys) | (owner[np.searchsorted(taken, keys)] < np.arange(len(keys))[:, None])
            waiting = np.flatnonzero(clash.any(axis=1))
            if not len(waiting):
                break
            batch = waiting[:_TOGETHER]
            attempts[batch] += 1
            copies = 4 ** int(attempts[batch[0]])
            failed = self._redraw(chunk, batch, batch[clash[batch, 0]], min(copies, _COPIES), (taken, owner), generator)
            if attempts[batch[0]] > _MOST_ATTEMPTS:
                failed = batch[:1]
            if len(failed):  # what comes before may still be mended
                used_up = "no unused input is left for the next item: in `test` no input occurs in two items"
                self.reason = self._rare() or used_up
                self._cut(chunk, int(failed.min()))
            keys = self._hashes(chunk.inputs)
            if not len(keys):
                break
        else:
            self.reason = "inputs that no other item has are too rare to be drawn"
            self._cut(chunk, int(waiting[0]))
        if self.recipe.variables and not self._cells_tell_codes():
            self._leave_enough(chunk)
        keys = keys[: len(chunk.cell)]
        self._used = np.sort(np.concatenate([self._used, keys.ravel()]))  # an input that is there twice does no harm

    def _leave_enough(self, chunk: Chunk) -> None:
        """Cut the chunk before the first item, after 200, that would use more than half of the inputs of some output.

        Sources whose cell does not tell the codes of their variables are redrawn among all that fit. A half takes some
        of them more often than others, so that what is left unused has another law, the more so the less is left.
        """
        if self._room is None:
            self._room = self._count_room()
        known, room = self._room
        outputs = np.concatenate([
            output_codes(self.recipe, self.spaces.base, chunk.base_cells)[:, None],
            output_codes(self.recipe, self.spaces.source, chunk.source_cells),
        ], axis=1)  # fmt: skip
        place = np.searchsorted(known, outputs).ravel()
        order = np.argsort(place, kind="stable")
        _, start, count = np.unique(place[order], return_index=True, return_counts=True)
        turn = np.arange(len(order)) - np.repeat(start, count)
        over = order[turn >= room[place[order]]] // outputs.shape[1]
        most = max(int(over.min()), _FEWEST - len(self._chunks) * CHUNK) if len(over) else len(outputs)
        if most < len(outputs):
            self.reason = "half of an output's inputs are used: what is left no longer has the law of all"
            self._cut(chunk, most)
            outputs = outputs[:most]
        room -= np.bincount(np.searchsorted(known, outputs).ravel(), minlength=len(room))

    def _count_room(self) -> tuple[Column, Column]:
        """The outputs' codes, and how many inputs of each may be used."""
        base, source = self.spaces.base, self.spaces.source
        codes = [output_codes(self.recipe, space, np.arange(len(space))) for space in (base, source)]
        known = np.unique(np.concatenate(codes))
        sizes = [
            np.bincount(np.searchsorted(known, code), weights=space.size, minlength=len(known))
            for space, code in zip((base, source), codes, strict=True)
            if not space.readings  # with links an input is in several cells
        ]
        return known, (_MOST_USED * np.maximum.reduce(sizes)).astype(np.int64)

    def _redraw(
        self, chunk: Chunk, batch: Column, rebased: Column, copies: int, taken: tuple[Hashes, Column],
        generator: np.random.Generator,
    ) -> Column:  # fmt: skip
        """Redraw clashing items; those that found none.

        A base is redrawn from its own cell, whatever the half, and its item's sources are drawn anew. Where the base
        stays, so do the sources' cells: with other inputs of the same cells the half is the same.
        """
        owner = np.repeat(rebased, copies)
        drawn = self.spaces.base.draw(chunk.base_cells[owner], generator)
        hits = np.flatnonzero(self._is_free(hash_rows(0, "input", drawn), owner, taken))
        first = hits[np.unique(owner[hits], return_index=True)[1]]
        chunk.inputs[owner[first], 0] = drawn[first]
        if not self.recipe.variables:
            return batch[:0]
        if not self._cells_tell_codes():
            return self._match(chunk, batch, generator, taken)
        kept = np.setdiff1d(batch, rebased, assume_unique=True)
        sources = chunk.inputs[kept, 1:]
        free = self._free_within_cells(kept, chunk.source_cells[kept], sources, taken, generator)
        chunk.inputs[kept, 1:] = sources
        return np.concatenate([self._match(chunk, rebased, generator, taken), kept[~free]])

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


def _portions(sizes: Column, most: int) -> list[Column]:
    """Indices in order, cut where their sizes together would pass `most` (one alone may)."""
    if not len(sizes):
        return []
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(np.cumsum(sizes) // most)) + 1)
