"""Spaces: the inputs of one role (base or source) in one split, in cells of equal value tuple, drawn uniformly.

Exact by relations: small domains are listed, large ones are tabulated by `flatten.py` and sampled backwards. Where the
tables would grow too large, a space is a sampled pool of inputs, and says so.
"""

import math
from collections.abc import Sequence
from dataclasses import field

import numpy as np
import numpy.typing as npt

from ...lang.expressions import Expression
from ...lang.record import record
from ..causal_model import Codes
from ..expressions import Column
from .flatten import Solution
from .items import Recipe
from .layouts import Layout
from .links import read
from .list_inputs import in_range
from .relations import Weights
from .splits import Region, hash_rows

LISTED = 1 << 18
"""Domains of at most so many inputs are listed."""
MOST_TUPLES = 1024
"""Above so many value tuples, cells are the output's values alone."""
FEW = 4096
"""Cells of at most so many inputs are listed where it is open whether one of them is in the split."""
EXACT = "exact"
SAMPLED = "by sampling"
"""How the cells of a space were found."""
_CERTAIN = 40.0
_TRIED = 2.0
"""Draws that are made at a time of each input, for each that is expected to be in the split."""


class NoInputError(Exception):
    """A cell's inputs could not be met within the bound."""


@record
class Space:
    """The cells of one role in one split, and uniform draws from them.

    `tuples` are the codes of `law`'s variables, shape [cell, variable]. Where links name the base, there is one cell
    for each tuple that occurs with each value of what they read of it; cells are sorted by `keys` (hashes of these).
    """

    recipe: Recipe
    region: Region
    layout: Layout
    solution: Solution
    law: tuple[str, ...]
    readings: tuple[Expression, ...]
    """What links read of a base (see `links.py`)."""
    tuples: Codes
    key_codes: Codes
    """The readings behind every cell, shape [cell, reading]."""
    rows: Column
    """The row of the elimination's table behind every cell."""
    inside: Codes
    """Inputs of the cells that are listed, shape [entry, input]; entries `start` .. `start + count - 1` of a cell."""
    start: Column
    count: Column
    how: str
    keys: npt.NDArray[np.uint64] = field(repr=False)
    """Distinct hashes of `key_codes`, sorted; cells of key i are `group_start[i]` .. `+ group_count[i] - 1`."""
    group_start: Column = field(repr=False)
    group_count: Column = field(repr=False)
    size: Weights = field(repr=False)
    """How many inputs each cell has: as counted, where they were listed, else as expected of a split."""
    share: Weights | None = field(repr=False)
    """Each cell's share among those of its key; None where all shares of a key are equal."""

    def __len__(self) -> int:
        return len(self.tuples)

    def codes_of(self, variable: str) -> Codes | None:
        """The codes of a variable for every cell, shape [cell]; None where cells do not determine it."""
        return self.tuples[:, self.law.index(variable)] if variable in self.law else None

    def groups(self, bases: Codes) -> Column:
        """The index among `keys` of every base (codes, shape [item, input]); -1 where it has no source."""
        return self.groups_of(read(self.recipe.model, self.readings, bases))

    def groups_of(self, read: Codes) -> Column:
        """The same by what links read of each base, shape [item, reading]."""
        hashed = hash_rows(0, "key", read)
        at = np.minimum(np.searchsorted(self.keys, hashed), max(len(self.keys) - 1, 0))
        if not len(self.keys):
            return np.full(len(read), -1)
        return np.where(self.keys[at] == hashed, at, -1)

    def choose(self, bases: Codes, generator: np.random.Generator) -> Column:
        """A cell for each base, by the cells' shares among those that occur with it; shape [item]."""
        if not self.readings and self.share is None:
            return generator.integers(0, len(self), len(bases))
        group = self.groups(bases) if self.readings else np.zeros(len(bases), dtype=np.int64)
        return pick(self.group_start[group], self.group_count[group], self.share, generator)

    def draw(self, cells: Column, generator: np.random.Generator) -> Codes:
        """An input for each cell, uniform among its own; codes, shape [item, input]. Raises NoInputError."""
        inputs, inside = self.draw_once(cells, generator)
        for _ in range(4096):
            waiting = np.flatnonzero(~inside)
            if not len(waiting):
                return inputs
            copies = max(1, 1024 // len(waiting))
            uniforms = self.solution.elimination.uniforms(len(waiting) * copies, generator)
            self._redraw(cells, waiting, uniforms.reshape(-1, len(waiting), copies), inputs, inside)
        raise NoInputError

    def _redraw(
        self, cells: Column, waiting: Column, uniforms: Weights, inputs: Codes, inside: npt.NDArray[np.bool_]
    ) -> None:
        """Fill in the first of some draws that is in the split, for each item that waits for one.

        `uniforms` has shape [step, waiting item, copy]: what each draw is made of, which is cheap. The draws themselves
        are made a few copies at a time, as long as an item waits.
        """
        width = math.ceil(_TRIED / max(self.region.share, _TRIED / uniforms.shape[2]))
        for low in range(0, uniforms.shape[2], width):
            tried = uniforms[:, :, low : low + width]
            owner = np.repeat(waiting, tried.shape[2])
            drawn, right = self._open_draw(cells[owner], tried.reshape(len(uniforms), len(owner)))
            hits = np.flatnonzero(right)[::-1]
            inputs[owner[hits]], inside[owner[hits]] = drawn[hits], True
            still = ~inside[waiting]
            waiting, uniforms = waiting[still], uniforms[:, still]
            if not len(waiting):
                return

    def _open_draw(self, cells: Column, uniforms: Weights) -> tuple[Codes, npt.NDArray[np.bool_]]:
        """Inputs of cells that are not listed, in whatever split, and whether each is in this one."""
        assigned = self.solution.elimination.complete(self.rows[cells], uniforms, self.layout.decoded)
        inputs = self.layout.decode(self.solution, assigned)
        return inputs, in_range(self.recipe, self.region, inputs)

    def draw_once(self, cells: Column, generator: np.random.Generator) -> tuple[Codes, npt.NDArray[np.bool_]]:
        """An input for each cell, uniform among its own in all splits that share the domain; whether it is in this."""
        if self.layout.members is not None or self.region.hashed is None:
            assigned = self.solution.elimination.draw(self.rows[cells], generator)
            return self.layout.decode(self.solution, assigned), np.ones(len(cells), dtype=bool)
        inputs = np.empty((len(cells), len(self.region.allowed)), dtype=np.int64)
        inside = self.count[cells] > 0
        some = cells[inside]
        at = self.start[some] + (generator.random(len(some)) * self.count[some]).astype(np.int64)
        inputs[inside] = self.inside[at]
        open_ = np.flatnonzero(~inside)
        uniforms = self.solution.elimination.uniforms(len(open_), generator)
        inputs[open_], inside[open_] = self._open_draw(cells[open_], uniforms)
        return inputs, inside


def finish(
    recipe: Recipe,
    region: Region,
    layout: Layout,
    solution: Solution,
    law: tuple[str, ...],
    readings: tuple[Expression, ...],
    key_codes: Codes,
    how: str,
) -> Space:
    """The cells of a solution: those that have an input in the split, in order of key and tuple."""
    table = solution.elimination.table
    domains = recipe.model.domains
    tuples = np.stack([solution.kept(layout.variables[v]) - domains[v].low for v in law], axis=1)
    rows = np.arange(len(table))
    start = count = np.zeros(len(table), dtype=np.int64)
    inside = np.zeros((0, len(region.allowed)), dtype=np.int64)
    share = 1.0
    if layout.members is None and region.hashed is not None:
        share = region.hashed[1] - region.hashed[0]
        few = np.flatnonzero(table.weight <= (min(FEW, _CERTAIN / -np.log1p(-share)) if 0 < share < 1 else 0))
        affordable = few[np.cumsum(table.weight[few]) <= 1 << 20]
        if len(affordable) < len(few):
            how += f"; {len(few) - len(affordable):,} of its rarest cells left out"
        owner, assigned = solution.elimination.expand(affordable)
        members = layout.decode(solution, assigned)
        right = np.flatnonzero(in_range(recipe, region, members))
        right = right[np.argsort(owner[right], kind="stable")]
        inside, owner = members[right], owner[right]
        count = np.bincount(owner, minlength=len(table))
        start = np.cumsum(count) - count
        occurs = np.ones(len(table), dtype=bool)
        occurs[few] = count[few] > 0
        if share <= 0:
            occurs[:] = False
        rows = np.flatnonzero(occurs)
    size = np.where(count > 0, count, table.weight * share)
    hashed = hash_rows(0, "key", key_codes[rows])
    order = np.argsort(hashed, kind="stable") if readings else np.arange(len(rows))
    rows = rows[order]
    keys, group_start, group_count = np.unique(hashed[order], return_index=True, return_counts=True)
    return Space(
        recipe, region, layout, solution, law, readings, tuples[rows], key_codes[rows], rows, inside,
        start[rows], count[rows], how, keys, group_start, group_count,
        size[rows], _shares(recipe.cells, law, tuples[rows], size[rows], hashed[order]),
    )  # fmt: skip


def pick(start: Column, count: Column, weight: Weights | None, generator: np.random.Generator) -> Column:
    """One entry of each run start .. start+count-1, in proportion to the entries' weights (None: all alike)."""
    uniform = generator.random(len(start))
    if weight is None:
        return start + (uniform * count).astype(np.int64)
    running = np.concatenate([[0.0], np.cumsum(weight)])
    wanted = running[start] + uniform * (running[start + count] - running[start])
    entry: Column = np.clip(np.searchsorted(running, wanted, "right") - 1, start, start + count - 1)
    return entry


def _shares(
    cells: tuple[str, ...] | None, law: Sequence[str], tuples: Codes, size: Weights, key: npt.NDArray[np.uint64]
) -> Weights | None:
    """Each cell's share: the values of `cells` are equally likely, and so is every input among those that have them.

    `size` tells how many inputs each cell has: as counted, where they were listed, else as expected of a split.
    """
    if cells is None:
        return None
    balanced = tuples[:, [law.index(name) for name in cells]]
    by_value = hash_rows(0, "balanced", np.concatenate([key.view(np.int64)[:, None], balanced], axis=1))
    values, value = np.unique(by_value, return_inverse=True)
    share: Weights = size / np.bincount(value, weights=size, minlength=len(values))[value]
    return share
