"""From a searched circuit to its ranking: the places it may be chosen from, what scores one, and its cells' names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import inf, isnan

from ...lang.circuits import TopSites
from ...lang.effects import CircuitSubject, Effect
from ...lang.places import Placement
from ...lang.program import Alignment, FitSettings, Program
from ..experiments import Measurement, NetworkFile, Ranking
from ..groundings import Place
from ..terms import Apart, Differ, Found, Gain, Handle
from .lower_alignments import lower_search
from .lower_recipes import find_pairs, item_counts
from .lower_rests import targets_of, with_places
from .model_of_inputs import model_of_inputs

CANDIDATE = "it"
"""The variable of a search's score that stands for the candidate."""

Networks = Mapping[str, NetworkFile]
Pair = Gain | Differ | Apart
Measure = Callable[[Effect, tuple[Place, ...]], Measurement]
"""Lowers the effect that a circuit is searched by, given the candidates."""


def searched_circuits(program: Program, effect: Effect) -> dict[str, TopSites]:
    """The searched circuits that an effect sets, holds or takes values of, by name."""
    named = dict.fromkeys(thing.circuit for thing in effect.things if isinstance(thing, CircuitSubject))
    found = {name: program.circuits[name].sites for name in named}
    return {name: sites for name, sites in found.items() if isinstance(sites, TopSites)}


def place_circuits(
    program: Program, networks: Networks, score: Pair, first: int, measure: Measure
) -> tuple[Pair, dict[str, Place], tuple[Ranking, ...]]:
    """The score with every searched circuit set cell by cell, where the cells may lie, and how they are chosen.

    A cell is named by its rank, whatever its author calls the circuit. Until they are chosen, cells lie where running
    them takes the most.

    Args:
        program: the declarations.
        networks: every network's file.
        score: two runs, in which circuits are set.
        first: the index of the first cell among the measurement's variables.
        measure: lowers a search's own score.
    """
    placed, expanded, rankings = dict[str, Place](), dict[Handle, tuple[str, ...]](), list[Ranking]()
    runs = (score.left.run, score.right.run)
    handles = (target for run in runs for target in targets_of(run) if isinstance(target, Found))
    for handle in dict.fromkeys(handles):
        sites = program.circuits[handle.name].sites
        assert isinstance(sites, TopSites)
        places = region_places(program, networks, sites)
        at = tuple(range(first + len(placed), first + len(placed) + sites.count))
        other = f" ({len(rankings) + 1})" if rankings else ""
        names = tuple(f"{rank}. best of {handle.region}{other}" for rank in range(1, sites.count + 1))
        dearest = zip(at, _dearest(places, sites.count), strict=True)
        placed.update(zip(names, (replace(place, variable=index) for index, place in dearest), strict=True))
        expanded[handle] = names
        count = item_counts(program, find_pairs(program, sites.score.pairs, sites.score.task))[1]
        rankings.append(Ranking(handle.name, places, measure(sites.score, places), count, at))
    left, right = (replace(query, run=with_places(query.run, expanded)) for query in (score.left, score.right))
    return replace(score, left=left, right=right), placed, tuple(rankings)


def region_places(program: Program, networks: Networks, sites: TopSites) -> tuple[Place, ...]:
    """Every place that a circuit may be chosen from, in the region's order, in the network that it is searched in."""
    model, network = model_of_inputs(program.tasks[sites.score.task]), sites.score.network
    placed = Alignment("", model.name, network, (Placement(CANDIDATE, sites.region),), FitSettings(), None)
    search = lower_search(program, placed, {model.name: model}, networks[network], task=sites.score.task)
    (line,) = search.lines
    return tuple(place for (place,) in line)


def _depth(place: Place) -> float:
    """When a place is computed; of a module, which only the network orders, before all others."""
    depth = place.parts[0].depth
    return -inf if isnan(depth) else depth


def _dearest(places: tuple[Place, ...], count: int) -> Iterator[Place]:
    """So many places: the earliest, whose runs are the longest, and then others, of as many layers as there are."""
    layers: dict[object, list[Place]] = {}
    for place in sorted(places, key=_depth):
        layers.setdefault(place.parts[0].activation, []).append(place)
    (first, *others) = layers.values()
    order = [first, *reversed(others)]
    chosen = [layer[rank] for rank in range(len(places)) for layer in order if rank < len(layer)]
    return iter(chosen[:count])
