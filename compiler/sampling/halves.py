"""Halves that occur: for every set, whether some item changes the output and whether some item keeps it.

A sample shows what occurs often; what it does not show is looked for exactly, on the model and its twin under the
interchange.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ...lang.expressions import Expression
from ...lang.record import record
from ..causal_model import CausalModel, Codes
from ..expressions import Column
from .allowed import Allowed
from .conditions import conditions_of
from .items import Half, Recipe
from .layouts import Layout, tabulated
from .open_spaces import SAMPLED, Spaces, link_holds
from .relations import TooLargeError, product, ranges, relation
from .spaces import NoInputError, Space

HALVES: tuple[Half, Half] = ("changing", "keeping")
EXPOSED: Half = "exposed"
Bools = npt.NDArray[np.bool_]
_SAMPLE = 2048
_MORE = 1 << 16
_OTHER_CELLS = 8
_DOUBLINGS = 8
_LISTED_PAIRS = 4_000_000


@record
class Candidates:
    """Bases and the codes that each aligned variable has on its own source.

    `bases` has shape [item, input], `codes` [item, variable], `base_cells` [item], `source_cells` [item, variable];
    `sources` [item, variable, input] is None where cells determine the codes, so that sources need not be drawn yet.
    `possible` [item] is False where no source was found that goes with the base.
    """

    bases: Codes
    base_cells: Column
    source_cells: Codes
    codes: Codes
    sources: Codes | None
    possible: Bools


def propose(recipe: Recipe, spaces: Spaces, count: int, generator: np.random.Generator) -> Candidates:
    """Draw bases and sources by their own laws, without regard to halves."""
    base_cells = spaces.base.choose(np.zeros((count, 0), dtype=np.int64), generator)
    return propose_sources(recipe, spaces, spaces.base.draw(base_cells, generator), base_cells, generator)


def propose_sources(
    recipe: Recipe, spaces: Spaces, bases: Codes, base_cells: Column, generator: np.random.Generator
) -> Candidates:
    """Draw sources for given bases by their own law, without regard to halves."""
    variables, count = recipe.variables, len(bases)
    possible = np.ones(count, dtype=bool)
    source_cells = np.empty((count, len(variables)), dtype=np.int64)
    if spaces.rejected:
        sources = np.empty((count, len(variables), bases.shape[1]), dtype=np.int64)
        for j in range(len(variables)):
            source_cells[:, j], sources[:, j], found = _reject(recipe, spaces, bases, generator)
            possible &= found
        codes = codes_on(recipe, sources)
        return Candidates(bases, base_cells, source_cells, codes, sources, possible)
    for j in range(len(variables)):
        source_cells[:, j] = spaces.source.choose(bases, generator)
    known = [spaces.source.codes_of(v) for v in variables]
    if all(column is not None for column in known):
        codes = np.empty((count, len(variables)), dtype=np.int64)
        for j, column in enumerate(known):
            codes[:, j] = 0 if column is None else column[source_cells[:, j]]
        return Candidates(bases, base_cells, source_cells, codes, None, possible)
    sources = draw_sources(spaces.source, source_cells, generator)
    return Candidates(bases, base_cells, source_cells, codes_on(recipe, sources), sources, possible)


def _reject(
    recipe: Recipe, spaces: Spaces, bases: Codes, generator: np.random.Generator
) -> tuple[Column, Codes, Bools]:
    """One source for each base by bounded rejection: cells, inputs, and whether one was found."""
    cells = spaces.source.choose(bases, generator)
    inputs, found = draw_that_fit(recipe, spaces, bases, cells, generator)
    for _ in range(_OTHER_CELLS):
        waiting = np.flatnonzero(~found)
        if not len(waiting):
            break
        cells[waiting] = spaces.source.choose(bases[waiting], generator)
        inputs[waiting], found[waiting] = draw_that_fit(recipe, spaces, bases[waiting], cells[waiting], generator)
    return cells, inputs, found


def draw_that_fit(
    recipe: Recipe, spaces: Spaces, bases: Codes, cells: Column, generator: np.random.Generator
) -> tuple[Codes, Bools]:
    """A source from each cell that meets the rejected links with its base, and whether one was found."""
    inputs = np.zeros_like(bases)
    found = np.zeros(len(bases), dtype=bool)
    for doubling in range(_DOUBLINGS):
        waiting = np.flatnonzero(~found)
        if not len(waiting) or spaces.patience.is_over:
            break
        owner = np.repeat(waiting, max(1, min(1 << doubling, _MORE // len(waiting))))
        drawn, inside = spaces.source.draw_once(cells[owner], generator)
        hits = np.flatnonzero(inside & (link_holds(recipe, spaces.rejected, bases[owner], drawn) != 0))
        first = hits[np.unique(owner[hits], return_index=True)[1]]
        inputs[owner[first]], found[owner[first]] = drawn[first], True
        spaces.patience.drawn(len(owner), len(hits))
    return inputs, found


def draw_sources(space: Space, cells: Codes, generator: np.random.Generator) -> Codes:
    """An input for each source cell (shape [item, variable]); codes, shape [item, variable, input]."""
    return space.draw(cells.reshape(-1), generator).reshape(*cells.shape, len(space.region.allowed))


def codes_on(recipe: Recipe, sources: Codes) -> Codes:
    """Each aligned variable's codes on its own source; sources [item, variable, input], codes [item, variable]."""
    columns = [recipe.model.run(sources[:, j], {})[v] for j, v in enumerate(recipe.variables)]
    return np.stack(columns, axis=1)


def interchange(recipe: Recipe, bases: Codes, codes: Codes, members: Bools) -> Codes:
    """The output's codes on the bases with the variables of `members` (shape [item, variable]) set; shape [item].

    -1 where that run is undefined: no item has it.
    """
    setting = {v: (codes[:, j], members[:, j]) for j, v in enumerate(recipe.variables) if members[:, j].any()}
    return recipe.model.outcome(bases, setting)


def halves_that_occur(
    recipe: Recipe, spaces: Spaces, generator: np.random.Generator
) -> tuple[dict[int, tuple[Half, ...]], tuple[str, ...]]:
    """For every set (by index), the halves that some item has; and notes on what was decided by sampling."""
    occurring: dict[int, tuple[Half, ...]] = dict.fromkeys(range(len(recipe.sets)), ())
    if not len(spaces.base) or not len(spaces.source):
        return occurring, ()
    notes: list[str] = []
    try:
        sample = propose(recipe, spaces, _SAMPLE, generator)
    except NoInputError:
        return occurring, ("some cell's inputs are too rare to be drawn",)
    for index, chosen in enumerate(recipe.sets):
        seen = _seen(recipe, spaces, sample, chosen)
        if EXPOSED in recipe.halves:
            exposed, said = _exposed(recipe, spaces, sample, chosen, generator)
            notes += said
            occurring[index] = exposed
            continue
        missing = [half for half in HALVES if half not in seen]
        if missing:
            try:
                found = [half for half in missing if _exists(recipe, spaces, chosen, half == "changing")]
            except TooLargeError:
                more = propose(recipe, spaces, _MORE, generator)
                found = [half for half in missing if half in _seen(recipe, spaces, more, chosen)]
                notes.append(f"halves of {_names(recipe, chosen)}: {SAMPLED}")
            seen = tuple(half for half in HALVES if half in seen or half in found)
        occurring[index] = seen
    return occurring, tuple(notes)


def _exposed(
    recipe: Recipe, spaces: Spaces, sample: Candidates, chosen: Sequence[int], generator: np.random.Generator
) -> tuple[tuple[Half, ...], list[str]]:
    """Whether an item of the set keeps the output although a source has another one: seen, or not in a large sample.

    Such a set also counts as one that can change the output.
    """
    if _some_exposed(recipe, spaces, sample, chosen):
        return ("changing", EXPOSED), []
    if _some_exposed(recipe, spaces, propose(recipe, spaces, _MORE, generator), chosen):
        return ("changing", EXPOSED), []
    return (), [f"items of {_names(recipe, chosen)} on which a leak could show: {SAMPLED}"]


def _some_exposed(recipe: Recipe, spaces: Spaces, sample: Candidates, chosen: Sequence[int]) -> bool:
    members = np.zeros((len(sample.bases), len(recipe.variables)), dtype=bool)
    members[:, list(chosen)] = True
    before = output_codes(recipe, spaces.base, sample.base_cells)
    keeps = interchange(recipe, sample.bases, sample.codes, members) == before
    other = output_codes(recipe, spaces.source, sample.source_cells[:, list(chosen)]) != before[:, None]
    return bool((keeps & other.any(axis=1) & sample.possible).any())


def _names(recipe: Recipe, chosen: Sequence[int]) -> str:
    return ", ".join(f"`{recipe.variables[j]}`" for j in chosen)


def _seen(recipe: Recipe, spaces: Spaces, sample: Candidates, chosen: Sequence[int]) -> tuple[Half, ...]:
    members = np.zeros((len(sample.bases), len(recipe.variables)), dtype=bool)
    members[:, list(chosen)] = True
    before = output_codes(recipe, spaces.base, sample.base_cells)
    after = interchange(recipe, sample.bases, sample.codes, members)
    changed = (after != before)[sample.possible & (after >= 0)]
    return tuple(half for half, there in zip(HALVES, (changed.any(), not changed.all()), strict=True) if there)


def output_codes(recipe: Recipe, space: Space, cells: Column) -> Codes:
    """The output's codes in some cells: every law's tuple holds it."""
    codes = space.codes_of(recipe.model.output)
    assert codes is not None
    return codes[cells]


def _exists(recipe: Recipe, spaces: Spaces, chosen: Sequence[int], changing: bool) -> bool:
    """Whether some base and sources of the spaces change (or keep) the output. Raises TooLargeError."""
    if spaces.rejected:
        raise TooLargeError
    base, source = spaces.base, spaces.source
    columns = {recipe.variables[j]: source.codes_of(recipe.variables[j]) for j in chosen}
    if base.layout.members is not None:
        if any(codes is None for codes in columns.values()):
            raise TooLargeError
        return _exists_listed(recipe, base.layout.members, source, chosen, changing)
    values = {}
    for name, codes in columns.items():
        if codes is None:
            node = source.layout.variables[name]
            values[name] = source.layout.graph.solve([node], source.layout.true, source.layout.extra).kept(node)
        else:
            values[name] = np.unique(codes) + recipe.model.domains[name].low
    twin = open_twin(recipe.model, conditions_of(recipe).base, base.region.allowed, values)
    extra, true = list(twin.layout.extra), twin.layout.true
    if source.readings:
        graph = twin.layout.graph
        leaves, same = twin.layout.leaves_of(source.readings, source.key_codes)
        true = (*true, *same)
        for name, codes in columns.items():
            if codes is None:
                raise TooLargeError
            rows = np.unique(np.concatenate([source.key_codes, codes[:, None]], axis=1), axis=0)
            all_leaves = [*leaves, twin.set_to[name]]
            lows = [*(reading.domain.low for reading in source.readings), recipe.model.domains[name].low]
            ranks = [
                np.searchsorted(graph.leaf_values(leaf), rows[:, i] + low)
                for i, (leaf, low) in enumerate(zip(all_leaves, lows, strict=True))
            ]
            extra.append(relation(all_leaves, ranks))
    wanted = twin.differs if changing else twin.layout.graph.apply("not", (twin.differs,))
    return twin.layout.graph.solve([], (*true, twin.defined, wanted), extra).elimination.total > 0


def _exists_listed(recipe: Recipe, members: Codes, source: Space, chosen: Sequence[int], changing: bool) -> bool:
    """Look at every base with every combination of the sources' cells, or of what these are codes of."""
    if not source.readings:
        return _exists_unlinked(recipe, members, source, chosen, changing)
    group = source.groups(members)
    start, count = source.group_start[group], source.group_count[group]
    combinations = count ** len(chosen)
    if float(count.max(initial=0)) ** len(chosen) > _LISTED_PAIRS or combinations.sum() > _LISTED_PAIRS:
        raise TooLargeError
    before = recipe.model.output_of(members)
    base = np.repeat(np.arange(len(members)), combinations)
    digits = ranges(np.zeros(len(members), dtype=np.int64), combinations)
    setting = {}
    for j in chosen:
        digits, digit = np.divmod(digits, count[base])
        codes = source.codes_of(recipe.variables[j])
        assert codes is not None
        setting[recipe.variables[j]] = (codes[start[base] + digit], np.ones(len(base), dtype=bool))
    after = recipe.model.outcome(members[base], setting)
    changed = (after != before[base])[after >= 0]
    return bool(changed.any() if changing else not changed.all())


def _exists_unlinked(recipe: Recipe, members: Codes, source: Space, chosen: Sequence[int], changing: bool) -> bool:
    """The same where every source goes with every base: only the codes of the variables matter."""
    values = []
    for j in chosen:
        codes = source.codes_of(recipe.variables[j])
        assert codes is not None
        values.append(np.unique(codes))
    sizes = [len(members), *map(len, values)]
    if product(sizes) > _LISTED_PAIRS:
        raise TooLargeError
    base, *picked = np.unravel_index(np.arange(int(product(sizes))), sizes)
    everywhere = np.ones(len(base), dtype=bool)
    setting = {
        recipe.variables[j]: (codes[pick], everywhere) for j, codes, pick in zip(chosen, values, picked, strict=True)
    }
    after = recipe.model.outcome(members[base], setting)
    changed = (after != recipe.model.output_of(members)[base])[after >= 0]
    return bool(changed.any() if changing else not changed.all())


@record
class Twin:
    """A model beside itself under an interchange: on the same base, with some variables set to leaves of their own."""

    layout: Layout
    set_to: Mapping[str, int]
    intervened: Mapping[str, int]
    """The node of every variable under the interchange."""
    differs: int
    """The node that is 1 where the interchange changes the output."""
    defined: int
    """The node that is 1 where the output has a value under the interchange."""


def open_twin(
    model: CausalModel, conditions: Sequence[Expression], allowed: Sequence[Allowed], values: Mapping[str, Column]
) -> Twin:
    """The twin in which the variables of `values` (what each may be set to, sorted) are set."""
    layout = tabulated(model, conditions, allowed)
    graph = layout.graph
    set_to = {name: graph.leaf(column) for name, column in values.items()}
    settled = {truth: graph.constant(1) for name in set_to for truth in model.settles(name)}
    intervened = graph.model(model.guarded, layout.inputs, set_to | settled)
    differs = graph.apply("!=", (layout.variables[model.output], intervened[model.output]))
    truth = model.hidden.get(model.output)
    return Twin(layout, set_to, intervened, differs, graph.constant(1) if truth is None else intervened[truth])
