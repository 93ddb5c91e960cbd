"""Positions that are not as many tokens in every prompt: sources have as many there as their base, token by token."""

from collections.abc import Iterable

from ...lang.places import Position, Region, Site
from ...lang.program import Alignment
from ..prompts import SpokenTask
from ..sampling.items import Counterparts


def lower_counterparts(places: Iterable[Site | Region], spoken: SpokenTask | None) -> Counterparts | None:
    """What sources have in common with their base, so that each token has its counterpart; None where all have it."""
    found = dict.fromkeys(uneven_positions(places, spoken))
    if not found or spoken is None:
        return None
    counts = dict(spoken.counts)
    texts = tuple(dict.fromkeys(position.text for position in found))
    return Counterparts(texts, tuple(dict.fromkeys(counts[position.slot] for position in found)))


def places_of(alignment: Alignment) -> list[Site | Region]:
    """Where an alignment places its variables, the members of a family each by itself."""
    return [place for each in alignment.placements for place in each.members or (each.place,)]


def uneven_positions(places: Iterable[Site | Region], spoken: SpokenTask | None) -> list[Position]:
    """The positions of places that are not as many tokens in every prompt."""
    uneven = () if spoken is None else spoken.uneven
    listed = [position for place in places for part in place.parts for position in part.positions or ()]
    return [position for position in listed if position.part == "all" and position.slot in uneven]
