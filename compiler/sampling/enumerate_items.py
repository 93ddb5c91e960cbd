"""Enumerating items: every base with every source of every variable of each kept set, over the whole domain.

Splits and sampling do not apply. Items come set by set, bases in lexicographic order, chunk by chunk.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ...lang.expressions import Expression
from ...lang.record import record
from ..causal_model import Codes
from ..expressions import Column
from .conditions import conditions_of
from .draw_items import Population
from .items import Items, Recipe
from .layouts import tabulated
from .list_inputs import list_inputs
from .propose import interchange
from .relations import TooLargeError
from .spaces import SAMPLED

_LISTED = 1 << 22
_COUNTED = 1 << 26


class TooManyItemsError(Exception):
    """The items of the whole domain are too many to run through."""


def count_items(population: Population) -> int:
    """How many items the whole domain has: for every kept set S, each base with |S| independent sources.

    Exact wherever the inputs can be counted by tables or by listing; else an upper bound, without the conditions. Items
    whose interchange is undefined count, too.
    """
    recipe = population.recipe
    conditions = conditions_of(recipe)
    if not recipe.variables:
        return _total(recipe, conditions.base)
    sizes = [len(recipe.sets[index]) for index in _kept_sets(population)]
    if not conditions.links:
        bases, sources = _total(recipe, conditions.base), _total(recipe, conditions.source)
        return sum(bases * sources**size for size in sizes)
    spaces = population.spaces(None)
    if SAMPLED in f"{spaces.base.how} {spaces.source.how}":
        return sum(math.prod(d.size for d in recipe.model.input_domains) ** (1 + size) for size in sizes)
    base_counts, source_counts = _counts_by_key(population)
    pairs = list(zip(base_counts, source_counts, strict=True))
    return sum(sum(b * s**size for b, s in pairs) for size in sizes)


@record
class Shared:
    """Sources of one variable that stand for all: inputs [source, input], and how many each stands for [source]."""

    inputs: Codes
    multiplicity: Column


def list_sources(population: Population) -> Codes | None:
    """Every source of the whole domain (codes, shape [source, input]); None where they depend on the base.

    Raises TooManyItemsError where they are too many to list.
    """
    conditions = conditions_of(population.recipe)
    return None if conditions.links else _members(population.recipe, conditions.source)


def enumerate_items(population: Population, chunk: int, shared: Sequence[Shared] | None = None) -> Iterator[Items]:
    """Every item of the whole domain in batches of at most `chunk`; in all, `count_items` of them.

    The sources of variables outside an item's set are its base. `shared` (one entry for each variable) replaces all
    sources by those that stand for them; the items then carry multiplicities. Raises ValueError for a population that
    was not opened over the whole domain, TooManyItemsError where bases and sources are too many to list.
    """
    if not population.whole_domain:
        raise ValueError("the population was opened over a split, not over the whole domain")
    recipe = population.recipe
    conditions = conditions_of(recipe)
    if not recipe.variables:
        yield from _bases_alone(recipe, conditions.base, chunk)
        return
    for listed in list_sets(population, shared):
        for low in range(0, listed.total, chunk):
            items = listed.take(np.arange(low, min(low + chunk, listed.total)))
            if len(items):
                yield items


def list_sets(population: Population, shared: Sequence[Shared] | None = None) -> Iterator["ListedSet"]:
    """The items of each kept set in order, none of them made yet; `shared` and the errors as in `enumerate_items`."""
    recipe = population.recipe
    conditions = conditions_of(recipe)
    bases = _members(recipe, conditions.base)
    if conditions.links:
        sources = [_sources_by_base(population, bases)] * len(recipe.variables)
    elif shared is not None:
        sources = [_for_every_base(part.inputs, len(bases), part.multiplicity) for part in shared]
    else:
        every = _members(recipe, conditions.source)
        sources = [_for_every_base(every, len(bases))] * len(recipe.variables)
    for index in _kept_sets(population):
        yield ListedSet(population, index, bases, sources)


@record
class _Sources:
    """For every base, its sources: entries `start` .. `start + count - 1` of `inputs`, with their multiplicities."""

    inputs: Codes
    start: Column
    count: Column
    multiplicity: Column | None = None


def _for_every_base(inputs: Codes, bases: int, multiplicity: Column | None = None) -> _Sources:
    """The same sources for each base."""
    return _Sources(inputs, np.zeros(bases, dtype=np.int64), np.full(bases, len(inputs)), multiplicity)


class ListedSet:
    """All items of one set: bases in lexicographic order, each with every combination of its sources.

    Raises TooManyItemsError where they cannot be counted in 64 bits.
    """

    def __init__(self, population: Population, index: int, bases: Codes, sources: Sequence[_Sources]) -> None:
        self.recipe, self.bases, self.sources = population.recipe, bases, sources
        self.chosen = self.recipe.sets[index]
        most = math.prod(float(sources[j].count.max(initial=0)) for j in self.chosen) * len(bases)
        if not len(bases) or most > 2.0**62:
            raise TooManyItemsError
        self.per_base = np.prod([sources[j].count for j in self.chosen], axis=0)
        self.ends = np.cumsum(self.per_base)
        self.total = int(self.ends[-1])
        self.members = np.zeros((1, len(self.recipe.variables)), dtype=bool)
        self.members[0, list(self.chosen)] = True
        model = self.recipe.model
        self.before = model.output_of(bases)
        self.source_codes = {j: model.run(sources[j].inputs, {})[self.recipe.variables[j]] for j in self.chosen}
        cell_of = {cell.half: i for i, cell in enumerate(population.cells) if cell.set_index == index}
        self.cells = np.array([cell_of.get(half, -1) for half in ("keeping", "changing", "exposed")])
        wanted = self.chosen if "exposed" in self.recipe.halves else ()
        self.source_outputs = {j: model.output_of(sources[j].inputs) for j in wanted}

    def take(self, item: Column) -> Items:
        """The items of these indices, each in 0 .. total-1, that are defined and of a half that the recipe has."""
        found = self._look(item)
        changed = found.after != found.before
        cell = self.cells[np.where(found.exposed & ~changed, 2, changed)]
        wanted = (cell >= 0) & (found.after >= 0)
        return Items(
            found.inputs[wanted], cell[wanted], None if found.multiplicity is None else found.multiplicity[wanted]
        )

    def count_undefined(self, item: Column) -> tuple[int, int]:
        """Of these indices, of how many items the output has no value, and of how many items there are."""
        found = self._look(item)
        counted = np.ones(len(item), dtype=np.int64) if found.multiplicity is None else found.multiplicity
        return int(counted[found.after < 0].sum()), int(counted.sum())

    def _look(self, item: Column) -> "_Looked":
        base = np.searchsorted(self.ends, item, "right")
        digits = item - (self.ends[base] - self.per_base[base])
        inputs = np.repeat(self.bases[base][:, None], 1 + len(self.recipe.variables), axis=1)
        codes = np.zeros((len(item), len(self.recipe.variables)), dtype=np.int64)
        exposed = np.zeros(len(item), dtype=bool)
        multiplicity = None
        for j in reversed(self.chosen):
            digits, digit = np.divmod(digits, self.sources[j].count[base])
            at = self.sources[j].start[base] + digit
            inputs[:, 1 + j] = self.sources[j].inputs[at]
            codes[:, j] = self.source_codes[j][at]
            if self.source_outputs:
                exposed |= self.source_outputs[j][at] != self.before[base]
            counted = self.sources[j].multiplicity
            if counted is not None:
                multiplicity = counted[at] if multiplicity is None else multiplicity * counted[at]
        after = interchange(self.recipe, self.bases[base], codes, np.broadcast_to(self.members, codes.shape))
        return _Looked(inputs, exposed, self.before[base], after, multiplicity)


@record
class _Looked:
    """Items of one set: inputs [item, role, input]; all others of shape [item], `after` -1 where it has no value."""

    inputs: Codes
    exposed: npt.NDArray[np.bool_]
    before: Codes
    after: Codes
    multiplicity: Column | None


def _bases_alone(recipe: Recipe, conditions: Sequence[Expression], chunk: int) -> Iterator[Items]:
    for inputs in list_inputs(recipe.model, conditions, chunk):
        yield Items(inputs[:, None], np.zeros(len(inputs), dtype=np.int64))


def _kept_sets(population: Population) -> list[int]:
    return list(dict.fromkeys(cell.set_index for cell in population.cells))


def _solve(recipe: Recipe, conditions: Sequence[Expression], keep: bool) -> Codes | int:
    """The inputs under conditions as a table (shape [item, input]), or how many there are. Raises TooLargeError."""
    layout = tabulated(recipe.model, conditions)
    leaves = [layout.inputs[name] for name in recipe.model.input_names]
    solution = layout.graph.solve(leaves if keep else [], layout.true, layout.extra)
    if not keep:
        return round(solution.elimination.total)
    assigned = dict(zip(leaves, (solution.elimination.table.of(leaf) for leaf in leaves), strict=True))
    return layout.decode(solution, assigned)


def _total(recipe: Recipe, conditions: Sequence[Expression]) -> int:
    """How many inputs satisfy conditions on them alone; an upper bound where that cannot be found out."""
    total = math.prod(domain.size for domain in recipe.model.input_domains)
    if not conditions and not recipe.model.partial:
        return total
    if total > _LISTED:
        try:
            count = _solve(recipe, conditions, keep=False)
            assert isinstance(count, int)
            return count
        except TooLargeError:
            if total > _COUNTED:
                return total
    return sum(len(inputs) for inputs in list_inputs(recipe.model, conditions, 1 << 20))


def _members(recipe: Recipe, conditions: Sequence[Expression]) -> Codes:
    """Every input under conditions on it alone; codes, shape [item, input]. Raises TooManyItemsError."""
    if math.prod(domain.size for domain in recipe.model.input_domains) > _LISTED:
        try:
            inputs = _solve(recipe, conditions, keep=True)
            assert not isinstance(inputs, int)
            return inputs
        except TooLargeError:
            raise TooManyItemsError from None
    none = np.zeros((0, len(recipe.model.input_names)), dtype=np.int64)
    return np.concatenate([none, *list_inputs(recipe.model, conditions, 1 << 18)])


def _counts_by_key(population: Population) -> tuple[list[int], list[int]]:
    """For each value of what links read of a base, if it has a source: how many bases, and how many sources."""
    spaces = population.spaces(None)
    base, source = spaces.base, spaces.source
    weight = source.solution.elimination.table.weight[source.rows]
    sources = np.add.reduceat(weight, source.group_start) if len(weight) else weight
    if base.layout.members is not None:
        group = source.groups(base.layout.members)
        return np.bincount(group, minlength=len(sources)).tolist(), [round(s) for s in sources.tolist()]
    nodes = [base.layout.graph.expression(reading, base.layout.inputs) for reading in source.readings]
    solution = base.layout.graph.solve(nodes, base.layout.true, base.layout.extra)
    pairs = zip(nodes, source.readings, strict=True)
    group = source.groups_of(np.stack([solution.kept(node) - reading.domain.low for node, reading in pairs], axis=1))
    there = group >= 0
    bases = np.bincount(group[there], weights=solution.elimination.table.weight[there], minlength=len(sources))
    return [round(b) for b in bases.tolist()], [round(s) for s in sources.tolist()]


def _sources_by_base(population: Population, bases: Codes) -> _Sources:
    """Every base's sources, listed once for each value of what links read of it. Raises TooManyItemsError."""
    source = population.spaces(None).source
    if SAMPLED in source.how:
        raise TooManyItemsError
    try:
        row, assigned = source.solution.elimination.expand(source.rows)
    except TooLargeError:
        raise TooManyItemsError from None
    key_of_row = np.zeros(len(source.solution.elimination.table), dtype=np.int64)
    key_of_row[source.rows] = np.repeat(np.arange(len(source.keys)), source.group_count)
    key = key_of_row[row]
    order = np.argsort(key, kind="stable")
    counts = np.bincount(key, minlength=len(source.keys))
    group = source.groups(bases)
    inputs = source.layout.decode(source.solution, assigned)[order]
    if not len(counts):
        return _Sources(inputs, np.zeros(len(bases), dtype=np.int64), np.zeros(len(bases), dtype=np.int64))
    start, count = (np.cumsum(counts) - counts)[group], np.where(group >= 0, counts[group], 0)
    return _Sources(inputs, start, count)
