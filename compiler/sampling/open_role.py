"""From a recipe and a region to the cells of one role: of inputs under conditions on them alone, or linked to bases."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ...lang.expressions import Expression, Variable
from ..causal_model import CausalModel, Codes
from .allowed import Allowed, Content
from .conditions import conditions_of, holds
from .flatten import Solution, ranked
from .items import Recipe
from .layouts import Layout, listed, tabulated
from .links import Links, read
from .list_inputs import every_input, in_range, sampled_members
from .relations import Relation, TooLargeError, Weights, relation
from .spaces import EXACT, LISTED, MOST_TUPLES, SAMPLED, NoInputError, Space, finish
from .splits import Region, hash_rows

MANY, FEWEST = 64, 400
"""More than so many cells are too fine where fewer inputs could be drawn, and coarser ones give more: 200 items."""
SHARED = 8
"""Layouts whose tables are held at once."""


def law_of(recipe: Recipe) -> tuple[str, ...]:
    """The variables of a value tuple: those that inputs are balanced by, the aligned ones, and the output."""
    return tuple(dict.fromkeys((*(recipe.cells or ()), *recipe.variables, recipe.model.output)))


def least_law_of(recipe: Recipe) -> tuple[str, ...]:
    """The variables of cells where value tuples are too many: those that inputs are balanced by, and the output."""
    return tuple(dict.fromkeys((*(recipe.cells or ()), recipe.model.output)))


def open_role(
    recipe: Recipe, region: Region, conditions: Sequence[Expression], key: int, linked: Space | None = None
) -> Space:
    """The cells of inputs under conditions on them alone, and, for bases, of those that have a source in `linked`."""
    if region.size <= LISTED:
        members = every_input(region.allowed)
        members = members[holds(recipe.model, conditions, members)]
        members = members[in_range(recipe, region, members)]
        return _open_members(recipe, region, _with_source(members, linked), EXACT)
    try:
        return _open_tables(recipe, region, conditions, key, linked)
    except (TooLargeError, NoInputError):
        members = sampled_members(recipe, region, conditions, key)
        return _open_members(recipe, region, _with_source(members, linked), SAMPLED)


def _open_tables(
    recipe: Recipe, region: Region, conditions: Sequence[Expression], key: int, linked: Space | None
) -> Space:
    """The same by tables. Raises TooLargeError where they grow too large, or a pool tells more tuples apart."""
    if conditions_of(recipe).links:  # which add nodes of their own
        layout = tabulated(recipe.model, conditions, region.allowed)
    else:
        layout = _share_layout(recipe.model, tuple(conditions), tuple(some.content for some in region.allowed))
    keys = None if linked is None else _keys_of(layout, linked)
    full = law_of(recipe)
    try:
        return _cells(recipe, region, layout, keys, full, EXACT)
    except TooLargeError:
        pass
    space = _cells(recipe, region, layout, keys, least_law_of(recipe), EXACT)
    if not len(space) or recipe.cells is not None:
        return space
    generator = np.random.Generator(np.random.Philox(key=key))
    sample = space.draw(generator.integers(0, len(space), 1 << 15), generator)
    codes = recipe.model.run(sample, {})
    if len(np.unique(hash_rows(0, "tuple", np.stack([codes[v] for v in full], axis=1)))) > MOST_TUPLES:
        return space
    raise TooLargeError


@lru_cache(maxsize=SHARED)
def _share_layout(model: CausalModel, conditions: tuple[Expression, ...], allowed: tuple[Content, ...]) -> Layout:
    """The layout of a model's inputs, the same for all splits and recipes. Raises TooLargeError."""
    return tabulated(model, conditions, [Allowed.of(content) for content in allowed])


def _open_members(recipe: Recipe, region: Region, members: Codes, how: str) -> Space:
    full = law_of(recipe)
    return _cells(recipe, region, listed(recipe.model, members, full, ()), None, full, how)


def _cells(
    recipe: Recipe,
    region: Region,
    layout: Layout,
    keys: tuple[Relation, tuple[int, ...]] | None,
    law: tuple[str, ...],
    how: str,
) -> Space:
    """Cells by `law`, or by the least law where that makes too many, or some with too few inputs for a split's items.

    Where the least law determines the rest, both are the same cells: then they keep the law, so that every variable's
    codes are known from the cell.
    """

    def solve(law: tuple[str, ...]) -> Solution:
        if keys is None:
            return layout.solve(law)
        rows, true = keys
        return layout.graph.solve([layout.variables[v] for v in law], (*layout.true, *true), (*layout.extra, rows))

    solution = solve(law)
    least = least_law_of(recipe)
    weights = solution.elimination.table.weight
    many = len(weights) > MOST_TUPLES
    rare = recipe.cells is None and len(weights) > MANY and _drawable(weights, region) < FEWEST
    if law != least and (many or rare):
        by_least = solve(least)
        coarser = by_least.elimination.table.weight
        if len(coarser) < len(weights) and (many or _drawable(coarser, region) >= FEWEST):
            law, solution = least, by_least
    no_key = np.zeros((len(solution.elimination.table), 0), dtype=np.int64)
    return finish(recipe, region, layout, solution, law, (), no_key, how)


def _drawable(inputs: Weights, region: Region) -> float:
    """About how many inputs can be drawn of cells with so many inputs before one is used up: all are equally likely."""
    if region.hashed is None or not len(inputs):
        return float("inf")
    share = 1.0 if region.size <= LISTED else region.hashed[1] - region.hashed[0]
    return float(inputs.min()) * share * len(inputs)


def link_sources(recipe: Recipe, region: Region, links: Links, unlinked: Space, bases: Space | None) -> Space:
    """The sources' cells for each value of the readings, of `bases` where they are no inputs. Raises TooLargeError."""
    model = recipe.model
    layout = unlinked.layout
    if layout.members is not None:
        layout = listed(model, layout.members, unlinked.law, links.of_source)
    graph = layout.graph
    lows = [reading.domain.low for reading in links.readings]
    if bases is None:
        names = [reading.name for reading in links.readings if isinstance(reading, Variable)]
        columns = [model.input_names.index(name) for name in names]
        leaves = [graph.leaf(region.allowed[c].codes() + low) for c, low in zip(columns, lows, strict=True)]
        rows = [relation((leaf,), (np.arange(len(graph.leaf_values(leaf))),)) for leaf in leaves]
    else:
        codes = _occurring(bases, links.readings)
        ranks = [ranked(codes[:, i] + low) for i, low in enumerate(lows)]
        leaves = [graph.leaf(values) for values, _ in ranks]
        rows = [relation(leaves, [rank for _, rank in ranks])]
    environment = {**layout.inputs, **dict(zip(links.names, leaves, strict=True))}
    true = (*layout.true, *(graph.expression(condition, environment) for condition in links.conditions))
    solution = graph.solve([*leaves, *(layout.variables[v] for v in unlinked.law)], true, (*layout.extra, *rows))
    codes = np.stack([solution.kept(leaf) - low for leaf, low in zip(leaves, lows, strict=True)], axis=1)
    return finish(recipe, region, layout, solution, unlinked.law, links.readings, codes, unlinked.how)


def _occurring(space: Space, readings: Sequence[Expression]) -> Codes:
    """What readings are together on some input of a space; distinct, shape [tuple, reading]. Raises TooLargeError."""
    layout = space.layout
    if layout.members is not None:
        return np.unique(read(space.recipe.model, readings, layout.members), axis=0)
    nodes = [layout.graph.expression(reading, layout.inputs) for reading in readings]
    solution = layout.graph.solve(nodes, layout.true, layout.extra)
    pairs = zip(nodes, readings, strict=True)
    return np.stack([solution.kept(node) - reading.domain.low for node, reading in pairs], axis=1)


def _with_source(members: Codes, linked: Space | None) -> Codes:
    return members if linked is None else members[linked.groups(members) >= 0]


def _keys_of(layout: Layout, linked: Space) -> tuple[Relation, tuple[int, ...]]:
    """The readings' values that have a source, as a relation over leaves, and what makes these the bases' readings."""
    first = linked.key_codes[linked.group_start]
    leaves, true = layout.leaves_of(linked.readings, first)
    columns = [
        np.searchsorted(layout.graph.leaf_values(leaf), first[:, i] + reading.domain.low)
        for i, (leaf, reading) in enumerate(zip(leaves, linked.readings, strict=True))
    ]
    return relation(leaves, columns), true
