"""Opening spaces: from a recipe and a split to the cells of bases and of sources, linked where `where` says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..lang.program import Expression
from .causal_model import Codes
from .expressions import Column, evaluate
from .flatten import Solution
from .items import Recipe, Split
from .relations import Relation, TooLargeError, relation
from .spaces import (
    LISTED,
    MOST_TUPLES,
    Layout,
    Space,
    conditions_of,
    every_input,
    finish,
    holds,
    in_range,
    linked_columns,
    listed,
    sampled_members,
    tabulated,
)
from .splits import Region, hash_rows, region_of

EXACT = "exact"
SAMPLED = "by sampling"
_PAIRS = (1024, 2048)


@dataclass(frozen=True)
class Spaces:
    """The bases and the sources of one split. Without aligned variables, `source` is `base`."""

    base: Space
    source: Space
    links: tuple[Expression, ...]


def open_spaces(recipe: Recipe, split: Split | None, key: int) -> Spaces:
    """The spaces of a split (None: the whole domain). `key` seeds the pools where tables would grow too large."""
    region = region_of(recipe, split)
    conditions = conditions_of(recipe)
    source = _open(recipe, region, conditions.source or conditions.base, key)
    if not conditions.links:
        same = conditions.base == conditions.source or not recipe.variables
        base = source if same else _open(recipe, region, conditions.base, key)
        return Spaces(base, source, ())
    base_columns = linked_columns(recipe, conditions.links, "base")
    try:
        linked = _link(recipe, region, conditions.links, source, base_columns)
        base = _open(recipe, region, conditions.base, key, linked)
    except TooLargeError:
        bases = sampled_members(recipe, region, conditions.base, key)[: _PAIRS[0]]
        sources = sampled_members(recipe, region, conditions.source, key + 1)[: _PAIRS[1]]
        linked = _link_pools(recipe, region, conditions.links, source.law, bases, sources, base_columns)
        base = _open_members(recipe, region, _with_source(bases, linked), SAMPLED)
    return Spaces(base, linked, conditions.links)


def link_holds(recipe: Recipe, links: Sequence[Expression], bases: Codes, sources: Codes) -> Column:
    """Which bases and sources (codes, shape [item, input]) satisfy every link; 0 or 1, shape [item]."""
    values = {}
    for index, (name, domain) in enumerate(zip(recipe.model.input_names, recipe.model.input_domains, strict=True)):
        values[f"base.{name}"] = bases[:, index] + domain.low
        values[f"source.{name}"] = sources[:, index] + domain.low
    mask = np.ones(len(bases), dtype=np.int64)
    for link in links:
        mask &= evaluate(link, values, len(bases))
    return mask


def law_of(recipe: Recipe) -> tuple[str, ...]:
    """The variables of a value tuple: the aligned ones and the output."""
    return tuple(dict.fromkeys((*recipe.variables, recipe.model.output)))


def _open(
    recipe: Recipe, region: Region, conditions: Sequence[Expression], key: int, linked: Space | None = None
) -> Space:
    """The cells of inputs under conditions on them alone, and, for bases, of those that have a source in `linked`."""
    if region.size <= LISTED:
        members = every_input(region.allowed)
        members = members[holds(recipe.model, conditions, members)]
        members = members[in_range(recipe, region, members)]
        return _open_members(recipe, region, _with_source(members, linked), EXACT)
    layout = tabulated(recipe.model, conditions, region.allowed)
    extra = layout.extra if linked is None else (*layout.extra, _keys_of(layout, linked))
    full = law_of(recipe)
    try:
        return _cells(recipe, region, layout, extra, full, EXACT)
    except TooLargeError:
        pass
    try:
        space = _cells(recipe, region, layout, extra, (recipe.model.output,), EXACT)
        sample = space.draw(
            space.choose(np.zeros((1 << 15, len(region.allowed)), dtype=np.int64), _generator(key)), _generator(key)
        )
        codes = recipe.model.run(sample, {})
        if len(np.unique(hash_rows(0, "tuple", np.stack([codes[v] for v in full], axis=1)))) > MOST_TUPLES:
            return space
    except TooLargeError:
        pass
    members = sampled_members(recipe, region, conditions, key)
    return _open_members(recipe, region, _with_source(members, linked), SAMPLED)


def _generator(key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=key))


def _open_members(recipe: Recipe, region: Region, members: Codes, how: str) -> Space:
    full = law_of(recipe)
    return _cells(recipe, region, listed(recipe.model, members, full, ()), None, full, how)


def _cells(
    recipe: Recipe,
    region: Region,
    layout: Layout,
    extra: Sequence[Relation] | None,
    law: tuple[str, ...],
    how: str,
) -> Space:
    """Cells by `law`, or by the output alone where that makes too many."""
    extra = layout.extra if extra is None else extra
    solution = layout.graph.solve([layout.variables[v] for v in law], layout.true, extra)
    if len(solution.elimination.table) > MOST_TUPLES or law == (recipe.model.output,):
        output = (recipe.model.output,)
        if law != output:
            solution = layout.graph.solve([layout.variables[v] for v in output], layout.true, extra)
        law = output
    no_key = np.zeros((len(solution.elimination.table), 0), dtype=np.int64)
    return finish(recipe, region, layout, solution, law, (), no_key, how)


def _link(
    recipe: Recipe, region: Region, links: Sequence[Expression], unlinked: Space, base_columns: Sequence[int]
) -> Space:
    """The sources' cells for each of the base's linked values. Raises TooLargeError."""
    model = recipe.model
    layout = unlinked.layout
    source_columns = linked_columns(recipe, links, "source")
    if layout.members is not None:
        layout = listed(model, layout.members, unlinked.law, source_columns)
    graph = layout.graph
    leaves = [graph.leaf(region.allowed[c] + model.input_domains[c].low) for c in base_columns]
    environment = {f"base.{model.input_names[c]}": leaf for c, leaf in zip(base_columns, leaves, strict=True)}
    environment |= {f"source.{model.input_names[c]}": layout.inputs[model.input_names[c]] for c in source_columns}
    true = (*layout.true, *(graph.expression(link, environment) for link in links))
    extra = (*layout.extra, *(relation((leaf,), (np.arange(len(graph.leaf_values(leaf))),)) for leaf in leaves))
    keep = [*leaves, *(layout.variables[v] for v in unlinked.law)]
    solution = graph.solve(keep, true, extra)
    lows = [model.input_domains[c].low for c in base_columns]
    codes = np.stack([solution.kept(leaf) - low for leaf, low in zip(leaves, lows, strict=True)], axis=1)
    return finish(recipe, region, layout, solution, unlinked.law, tuple(base_columns), codes, unlinked.how)


def _link_pools(
    recipe: Recipe,
    region: Region,
    links: Sequence[Expression],
    law: tuple[str, ...],
    bases: Codes,
    sources: Codes,
    base_columns: Sequence[int],
) -> Space:
    """As `_link`, among pools of bases and sources: every pair is looked at."""
    keys = np.unique(bases[:, list(base_columns)], axis=0)
    layout = listed(recipe.model, sources, law, ())
    leaf = layout.graph.leaf(np.arange(len(keys)))
    key, row = np.divmod(np.arange(len(keys) * len(sources)), max(len(sources), 1))
    full = np.zeros((len(keys), bases.shape[1]), dtype=np.int64)
    full[:, list(base_columns)] = keys
    right = np.flatnonzero(link_holds(recipe, links, full[key], sources[row]))
    extra = (*layout.extra, relation((leaf, layout.row), (key[right], row[right])))
    solution: Solution = layout.graph.solve([leaf, *(layout.variables[v] for v in law)], (), extra)
    codes = keys[solution.kept(leaf)]
    return finish(recipe, region, layout, solution, law, tuple(base_columns), codes, SAMPLED)


def _with_source(members: Codes, linked: Space | None) -> Codes:
    return members if linked is None else members[linked.groups(members) >= 0]


def _keys_of(layout: Layout, linked: Space) -> Relation:
    """The linked values that have a source, as a relation over the bases' leaves."""
    first = linked.key_codes[linked.group_start]
    leaves = [layout.inputs[layout.model.input_names[c]] for c in linked.linked]
    lows = [layout.model.input_domains[c].low for c in linked.linked]
    columns = [
        np.searchsorted(layout.graph.leaf_values(leaf), first[:, i] + low)
        for i, (leaf, low) in enumerate(zip(leaves, lows, strict=True))
    ]
    return relation(leaves, columns)
