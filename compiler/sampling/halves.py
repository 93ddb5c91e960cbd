"""Halves that occur: for every set, whether some item changes the output and whether some item keeps it.

A sample shows what occurs often; what it does not show is looked for exactly, on the model and its twin under the
interchange.
"""

from collections.abc import Sequence

import numpy as np

from ..causal_model import Codes
from .conditions import conditions_of
from .items import Half, Recipe
from .open_spaces import Spaces
from .propose import MORE, Candidates, interchange, output_codes, propose
from .relations import TooLargeError, product, ranges, relation
from .spaces import SAMPLED, NoInputError, Space
from .twins import open_twin

HALVES: tuple[Half, Half] = ("changing", "keeping")
EXPOSED: Half = "exposed"
_SAMPLE = 2048
_LISTED_PAIRS = 4_000_000


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
                more = propose(recipe, spaces, MORE, generator)
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
    if _some_exposed(recipe, spaces, propose(recipe, spaces, MORE, generator), chosen):
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
