"""Random circuits: as many components of the same kinds in the same layers as a circuit has, and none that is named.

A component is a head where the circuit's cell is one, else a unit. Like a circuit that is searched for are as many
sites of its region, the best ones too. Which ones are drawn depends on the file's seed and on where the circuit
lies, or may lie, and on nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import lru_cache

import numpy as np

from ...lang.places import IDENTITY
from ...lang.record import record
from ...lang.sites.components import is_module
from ..groundings import Part, Place
from ..keys import content_key, derived_seed
from ..network_facts import NetworkFacts
from ..terms import Apart, Assignment, Differ, Found, Gain, Handle, Query, RandomCells, Run, ValueOf
from .lower_rests import Expanded, targets_of, with_places

Pair = Gain | Differ | Apart
_TRIES = 64
"""Draws in a row, for each circuit that is there already, that give one of these: then there are taken to be no others.

If there were one more, it would have been missed so often with a probability of about exp(-64).
"""


@record
class RandomCircuits:
    """The circuits that were drawn, at most as many as were asked for; where there is none, `why`."""

    circuits: tuple[tuple[Place, ...], ...] = ()
    why: str = ""


@record
class Placed:
    """A score whose random circuits have cells, these by name, and the variables of each draw.

    Where a circuit cannot be drawn, the score as it was, and what it is `lacking`.
    """

    score: Pair
    cells: dict[str, Place] = field(default_factory=dict)
    draws: tuple[tuple[int, ...], ...] = ()
    lacking: str = ""


def draw_circuits(
    cells: Sequence[Place],
    beside: Iterable[Place],
    facts: NetworkFacts,
    count: int,
    seed: int,
    others: Sequence[NetworkFacts] = (),
) -> RandomCircuits:
    """So many different circuits like `cells`, of components that neither they nor places `beside` them use.

    Args:
        cells: the circuit's places.
        beside: further places that no draw may touch.
        facts: the network's.
        count: how many circuits are drawn; there may be fewer.
        seed: the file's.
        others: the facts of networks that must have the components, too.
    """
    taken = frozenset(part for place in (*cells, *beside) for part in place.parts)
    return _draw_circuits(tuple(cells), taken, facts, count, seed, tuple(others))


@lru_cache(maxsize=256)
def _draw_circuits(
    cells: tuple[Place, ...],
    parts: frozenset[Part],
    facts: NetworkFacts,
    count: int,
    seed: int,
    others: tuple[NetworkFacts, ...],
) -> RandomCircuits:
    """As `draw_circuits`, beside these parts: the same for all effects of one thing beside the same others."""
    taken = sorted(parts, key=repr)
    if any(place.further for place in cells):
        return RandomCircuits(why="a vector of several sites is no set of components")
    if any(place.width == 0 or is_module(place.component) for place in cells):
        return RandomCircuits(why="how many components a module has is known to its network alone")
    where = content_key("cells", 1, cells=[replace(place, variable=0) for place in cells], beside=taken)
    generator = np.random.Generator(np.random.Philox(key=derived_seed(seed, "random circuits", where)))
    found: dict[tuple[Part, ...], tuple[Place, ...]] = {}
    misses = 0
    while len(found) < count and misses < _TRIES * max(1, len(found)):
        drawn = _draw(cells, taken, facts, others, generator)
        if isinstance(drawn, str):
            return RandomCircuits(why=drawn)
        key = tuple(sorted((part for place in drawn for part in place.parts), key=repr))
        misses = misses + 1 if key in found else 0
        found.setdefault(key, drawn)
    return RandomCircuits(tuple(found.values()))


def draw_of_region(
    region: Sequence[Place], size: int, beside: Iterable[Place], count: int, seed: int
) -> RandomCircuits:
    """So many different circuits of `size` places of a region, of those that share no units with places `beside` them.

    Args:
        region: every place that a circuit may be chosen from.
        size: how many it has.
        beside: places that no draw may touch.
        count: how many circuits are drawn; there may be fewer.
        seed: the file's.
    """
    taken = [part for place in beside for part in place.parts]
    free = [place for place in region if not _touch(place, taken)]
    if len(free) < size:
        sites = "site" if len(free) == 1 else "sites"
        return RandomCircuits(why=f"its region has {len(free)} {sites} that nothing else uses, and {size} are needed")
    where = content_key("region", 1, places=[replace(place, variable=0) for place in free], size=size)
    generator = np.random.Generator(np.random.Philox(key=derived_seed(seed, "random circuits", where)))
    found: dict[tuple[int, ...], tuple[Place, ...]] = {}
    misses = 0
    while len(found) < count and misses < _TRIES * max(1, len(found)):
        key = tuple(sorted(generator.choice(len(free), size, replace=False).tolist()))
        drawn = tuple(replace(free[index], family=IDENTITY, size=None) for index in key)
        apart = not any(_touch(one, [p for other in drawn[:i] for p in other.parts]) for i, one in enumerate(drawn))
        misses = 0 if apart and key not in found else misses + 1
        if apart:
            found.setdefault(key, drawn)
    why = "" if found else f"no {size} sites of its region were found that share no units"
    return RandomCircuits(tuple(found.values()), why)


def _touch(place: Place, taken: Iterable[Part]) -> bool:
    """Whether a place shares units with any of these."""
    return any(part.meets(other) and {*part.dims} & {*other.dims} for part in place.parts for other in taken)


def _draw(
    cells: Sequence[Place],
    taken: Sequence[Part],
    facts: NetworkFacts,
    others: Sequence[NetworkFacts],
    generator: np.random.Generator,
) -> tuple[Place, ...] | str:
    """One circuit like `cells`; in words, what there is too little of."""
    drawn, used = dict[int, Place](), list(taken)
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, cell in enumerate(cells):
        part = cell.parts[0]
        groups.setdefault((part.activation, part.positions, part.head is not None), []).append(index)
    for members in groups.values():
        first = cells[members[0]].parts[0]
        heads = facts.heads_of(first.component) if first.head is not None else 0
        unit = first.width // heads if heads else 1
        busy = {dim // unit for part in used if first.meets(part) for dim in part.dims}
        width = min([first.width, *(other.width(first.component, first.layer) or 0 for other in others)])
        free = [one for one in range(width // unit) if one not in busy]
        own = sorted({dim // unit for index in members for dim in cells[index].dims})
        if len(free) < len(own):
            what = ("head" if heads else "unit") + ("s" if len(free) != 1 else "")
            return f"`{first.site}` has {len(free)} other {what}, and {len(own)} are needed"
        moved = dict(zip(own, sorted(generator.choice(free, len(own), replace=False).tolist()), strict=True))
        for index in members:
            dims = tuple(moved[dim // unit] * unit + dim % unit for dim in cells[index].dims)
            head = None if not heads else moved[cells[index].dims[0] // unit]
            drawn[index] = replace(cells[index], dims=dims, head=head, family=IDENTITY, size=None)
        used += [drawn[index].parts[0] for index in members]
    return tuple(drawn[index] for index in range(len(cells)))


def place_random(
    score: Pair,
    placed: Mapping[str, Place],
    beside: Iterable[Place],
    facts: NetworkFacts,
    region: Callable[[Found], Sequence[Place]],
    count: int,
    seed: int,
    others: Sequence[NetworkFacts] = (),
) -> Placed:
    """The score with every random circuit as the cells of all that are drawn, each set for the items that have it.

    Args:
        score: two runs, in which random circuits are set.
        placed: where everything else lies that the runs name.
        beside: further places that no draw may touch.
        facts: the network's.
        region: the places that a circuit may be chosen from.
        count: how many circuits are drawn of each.
        seed: the file's.
        others: the facts of networks that random circuits take their values in.
    """
    runs = (score.left.run, score.right.run)
    handles = dict.fromkeys(t for run in runs for t in targets_of(run) if isinstance(t, RandomCells))
    if not handles:
        return Placed(score)
    named = {target for run in runs for target in targets_of(run) if isinstance(target, str)}
    busy = [*beside, *(placed[name] for name in named if name in placed)]
    drawn = list[RandomCircuits]()
    for handle in handles:
        around = [*busy, *(p for one in drawn for c in one.circuits for p in c)]
        searched = [of for of in handle.of if isinstance(of, Found)]
        if searched:
            (found_by,) = searched
            random = draw_of_region(region(found_by), found_by.count, around, count, seed)
        else:
            cells = [placed[name] for name in handle.of if isinstance(name, str)]
            random = draw_circuits(cells, around, facts, count, seed, others)
        if not random.circuits:
            return Placed(score, lacking=random.why)
        drawn.append(random)
    found, expanded = dict[str, Place](), dict[Handle, tuple[str, ...]](dict.fromkeys(handles, ()))
    draws = list[tuple[int, ...]]()
    for draw in range(min(len(one.circuits) for one in drawn)):
        first = len(placed) + len(found)
        for number, (handle, one) in enumerate(zip(handles, drawn, strict=True)):
            for place in one.circuits[draw]:
                name = f"{place.text} (random {number + 1}.{draw + 1})"
                found[name] = replace(place, variable=len(placed) + len(found))
                expanded[handle] += (name,)
        draws.append(tuple(range(first, len(placed) + len(found))))
    left, right = (_in_turn(query, expanded, set(found)) for query in (score.left, score.right))
    return Placed(replace(score, left=left, right=right), found, tuple(draws))


def _in_turn(query: Query, expanded: Expanded, random: set[str]) -> Query:
    return replace(query, run=_within(with_places(query.run, expanded), random, {}))


def _within(run: Run, random: set[str], known: dict[int, Run]) -> Run:
    """A run that sets cells of random circuits sets those of its item's alone. Each run is gone through once."""
    if not run.assignments:
        return run
    if id(run) not in known:
        made = tuple(_assigned(assignment, random, known) for assignment in run.assignments)
        within = run.within_set or any(map(random.__contains__, _names(run)))
        known[id(run)] = replace(run, assignments=made, within_set=within)
    return known[id(run)]


def _assigned(assignment: Assignment, random: set[str], known: dict[int, Run]) -> Assignment:
    value = assignment.value
    if not isinstance(value, ValueOf) or (inner := _within(value.run, random, known)) is value.run:
        return assignment
    return replace(assignment, value=replace(value, run=inner))


def _names(run: Run) -> list[str]:
    return [a.target for a in run.assignments if isinstance(a.target, str)]
