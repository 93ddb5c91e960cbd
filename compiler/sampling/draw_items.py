"""Drawing items: from a recipe to a population of cells, and from a population to a prefix of each split's stream.

Items come in chunks of 1,024. Chunk c of a split draws from Philox with a key made of the file's seed, the recipe's
content and the split, and with c in the upper half of the counter, so that item i depends on nothing but i.
"""

import hashlib
from dataclasses import field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ...lang.expressions import Apply, Expression, Variable
from ...lang.record import record
from ..causal_model import Codes
from ..expressions import canonical
from .conditions import conditions_of
from .count_apart import say_apart
from .halves import HALVES, halves_that_occur
from .items import Half, Items, Recipe, Split, Undefined
from .open_spaces import Spaces, open_spaces
from .propose import codes_on, interchange
from .spaces import SAMPLED
from .splits import split_of
from .streams import Stream

_AMPLE = 1.25
"""Inputs of a cell for each one that may be asked of it: enough that an unused one is soon met."""
LAW = 1
"""The version of the law of items: part of every key."""


@record
class Cell:
    """One set (by its index in the recipe) and half; `weight` is its share of the items. `accuracy` has no half."""

    set_index: int
    half: Half | None
    weight: Fraction


@record
class Drawn:
    """The first items of a split's stream.

    `drawable` is None where all that were asked for were drawn, else how many could be, and `reason` says why no more.
    `acceptance` is the share of drawn candidates whose half was the wanted one.
    """

    items: Items
    drawable: int | None
    acceptance: float
    reason: str


@record
class Population:
    """The items of a recipe: its cells, what was left out and why, and a stream for each split.

    `left_out` are the sets under which no item changes the output, `absent` the halves that no item of a kept set has;
    `notes` say what was decided by sampling rather than exactly, `undefined` how many items have no output. `key` is
    the content key.
    """

    recipe: Recipe
    cells: tuple[Cell, ...]
    left_out: tuple[tuple[int, ...], ...]
    absent: tuple[tuple[tuple[int, ...], Half], ...]
    notes: tuple[str, ...]
    key: str
    whole_domain: bool
    undefined: Undefined | None = None
    _spaces: dict[Split | None, Spaces] = field(default_factory=dict, repr=False, compare=False)
    _streams: dict[Split, Stream] = field(default_factory=dict, repr=False, compare=False)

    def spaces(self, split: Split | None) -> Spaces:
        """The bases and sources of a split (None: the whole domain), opened once."""
        if split not in self._spaces:
            self._spaces[split] = open_spaces(self.recipe, split, _number(self.key, f"pool/{split}"))
        return self._spaces[split]

    def remarks(self) -> tuple[str, ...]:
        """What a reader must know: sets left out, halves and outputs that are missing, and what was only sampled."""
        names = self.recipe.variables
        said = [f"left out, since no item changes the output: {_set_text(names, s)}" for s in self.left_out]
        for chosen, half in self.absent:
            what = "changes" if half == "changing" else "keeps"
            said.append(f"no item {what} the output under {_set_text(names, chosen)}: its other half counts alone")
        said += [] if self.undefined is None else [self.undefined.text]
        apart = say_apart(self.recipe)
        said += [] if apart is None else [apart]
        return (*said, *(note for note in self.notes if SAMPLED in note))

    def is_ample(self, split: Split, count: int) -> bool:
        """Whether every cell of a split has so many inputs that `count` items cannot use one up.

        Even if all bases and sources came from it: then only a half that is hardly ever met may end the stream. False
        where sources depend on the base.
        """
        spaces = self.spaces(split)
        if spaces.links or not len(spaces.base) or not len(spaces.source):
            return False
        fewest = min(float(space.size.min()) for space in (spaces.base, spaces.source))
        return fewest > _AMPLE * count * (1 + len(self.recipe.variables))

    def draw(self, split: Split, count: int) -> Drawn:
        """The first `count` items of a split: `draw(split, n)` is a prefix of `draw(split, m)` for n <= m."""
        if split not in self._streams:
            self._streams[split] = self._open_stream(split)
        stream = self._streams[split]
        stream.extend(count)
        inputs, cell = stream.first(count)
        drawable = None if len(inputs) == count else len(inputs)
        reason = "" if drawable is None else stream.reason
        return Drawn(Items(inputs, cell), drawable, stream.acceptance, reason)

    def expected(self, split: Split) -> float:
        """About how many items of a split there can be at most, as those show that were drawn; else infinite."""
        return self._streams[split].expected() if split in self._streams else float("inf")

    def _open_stream(self, split: Split) -> Stream:
        spaces = self.spaces(split)
        if not self.recipe.variables:
            cells: tuple[tuple[int, ...], ...] = ((0,),) if self.cells else ()
        else:
            generator = np.random.Generator(np.random.Philox(key=_number(self.key, f"cells/{split}")))
            occurring, _ = halves_that_occur(self.recipe, spaces, generator)
            spaces.patience.renew()
            kept = dict.fromkeys(cell.set_index for cell in self.cells)
            cells = tuple(
                tuple(i for i, c in enumerate(self.cells) if c.set_index == s and c.half in occurring[s]) for s in kept
            )
        members = set_members(self)
        changing = np.array([cell.half == "changing" for cell in self.cells], dtype=bool)
        key = _number(self.key, f"items/{split}")
        return Stream(self.recipe, spaces, tuple(c for c in cells if c), members, changing, key, split == "test")


def _set_text(names: tuple[str, ...], chosen: tuple[int, ...]) -> str:
    return "{" + ", ".join(names[j] for j in chosen) + "}"


def open_population(recipe: Recipe, whole_domain: bool = False) -> Population:
    """Find the cells of a recipe: those of its `test` split, or of the whole domain.

    Where `test` has none, those of the whole domain stand for them, since `fit` may have items all the same.
    """
    key = drawn_key(recipe, whole_domain)
    split: Split | None = None if whole_domain else "test"
    spaces = open_spaces(recipe, split, _number(key, f"pool/{split}"))
    opened: dict[Split | None, Spaces] = {split: spaces}
    notes = [f"{role}s: {space.how}" for role, space in (("base", spaces.base), ("source", spaces.source))]
    if not recipe.variables:
        cells: tuple[Cell, ...] = (Cell(0, None, Fraction(1)),) if len(spaces.base) else ()
        return Population(recipe, cells, (), (), tuple(notes[:1]), key, whole_domain, _spaces=opened)
    generator = np.random.Generator(np.random.Philox(key=_number(key, f"cells/{split}")))
    cells, occurring, sampled = _find_cells(recipe, spaces, generator)
    if not cells and split == "test":
        spaces = opened[None] = open_spaces(recipe, None, _number(key, "pool/None"))
        cells, occurring, sampled = _find_cells(recipe, spaces, generator)
    kept = {cell.set_index for cell in cells}
    left_out = tuple(recipe.sets[index] for index in occurring if index not in kept)
    absent = tuple(
        (recipe.sets[i], half) for i in occurring if i in kept for half in recipe.halves if half not in occurring[i]
    )
    return Population(recipe, cells, left_out, absent, (*notes, *sampled), key, whole_domain, _spaces=opened)


def _find_cells(
    recipe: Recipe, spaces: Spaces, generator: np.random.Generator
) -> tuple[tuple[Cell, ...], dict[int, tuple[Half, ...]], tuple[str, ...]]:
    """The cells of sets that can change the output, the halves of every set, and notes on what was only sampled."""
    occurring, sampled = halves_that_occur(recipe, spaces, generator)
    told = recipe.halves != ("keeping",)  # where no output tells inputs apart nothing need change
    kept = [
        index
        for index, halves in occurring.items()
        if ("changing" in halves or not told) and set(halves) & set(recipe.halves)
    ]
    wanted = {index: tuple(half for half in occurring[index] if half in recipe.halves) for index in kept}
    cells = tuple(
        Cell(index, half, Fraction(1, len(kept) * len(wanted[index]))) for index in kept for half in wanted[index]
    )
    return cells, occurring, sampled


def set_members(population: Population) -> npt.NDArray[np.bool_]:
    """Which variables each cell's set has, shape [cell, variable]."""
    recipe = population.recipe
    members = np.zeros((len(population.cells), len(recipe.variables)), dtype=bool)
    for row, cell in enumerate(population.cells):
        members[row, list(recipe.sets[cell.set_index])] = True
    return members


def label_of(population: Population, items: Items) -> Codes:
    """The model's output under each item's interchange (on the base, for `accuracy`); codes, shape [item]."""
    recipe = population.recipe
    if not recipe.variables:
        return recipe.model.output_of(items.bases)
    return interchange(recipe, items.bases, codes_on(recipe, items.inputs[:, 1:]), set_members(population)[items.cell])


def population_key(recipe: Recipe, whole_domain: bool) -> str:
    """The sha256 (hex) of everything that the items' law depends on."""
    where = [canonical(condition) for condition in recipe.where]
    held = [(h.input, h.codes) for h in recipe.held_out]
    parts = (
        LAW,
        whole_domain,
        recipe.model.canonical,
        recipe.variables,
        recipe.sets,
        where,
        held,
        recipe.shares,
        recipe.seed,
        *([] if recipe.halves == HALVES else [recipe.halves]),
        *([] if recipe.cells is None else [("cells", *recipe.cells)]),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def drawn_key(recipe: Recipe, whole_domain: bool) -> str:
    """The same of the items themselves, which of one law may be drawn in several ways."""
    key = population_key(recipe, whole_domain)
    links = conditions_of(recipe).links
    return key if all(map(_equates_inputs, links)) else hashlib.sha256(f"{key}/readings".encode()).hexdigest()


def _equates_inputs(link: Expression) -> bool:
    return isinstance(link, Apply) and link.operator == "==" and all(isinstance(a, Variable) for a in link.arguments)


def _number(key: str, role: str) -> int:
    """A 128-bit key of a generator for one role."""
    return int.from_bytes(hashlib.sha256(f"{key}/{role}".encode()).digest()[:16], "big")


__all__ = ["Cell", "Drawn", "Population", "label_of", "open_population", "population_key", "set_members", "split_of"]
