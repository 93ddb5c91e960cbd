"""Members of a family that one line of a loop places at a position each -> one placement of the family."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...diagnostics import Span
from ...places import Placement, Region, Site


def join_members(
    placements: Sequence[Placement], families: Mapping[str, tuple[str, ...]], lines: Sequence[Span]
) -> list[Placement]:
    """Placements in order; where all members of a family share a line, the family stands for them.

    `lines` is where each line was written: all runs of a loop's line have one span. Members whose sites differ in more
    than their positions stay variables of their own.
    """
    by_name = {placement.variable: placement for placement in placements}
    joined: dict[str, Placement] = {}
    gone: set[str] = set()
    for family, members in families.items():
        placed = [by_name[member] for member in members if member in by_name]
        if len(placed) == len(members) and _are_alike(placed, lines):
            first = placed[0]
            joined[first.variable] = _joined(family, placed)
            gone |= set(members)
    kept = [joined.get(p.variable, p) for p in placements]
    return [placement for placement in kept if placement.variable not in gone]


def _joined(family: str, placed: Sequence[Placement]) -> Placement:
    first, places = placed[0], [placement.place for placement in placed]
    positions = tuple((place.positions or ())[0] for place in places)
    if isinstance(first.place, Region):
        return replace(first, variable=family, place=replace(first.place, positions=positions, memberwise=True))
    sites = tuple(placement.site for placement in placed)
    return replace(first, variable=family, place=replace(first.place, positions=positions), members=sites)


def _are_alike(placed: Sequence[Placement], lines: Sequence[Span]) -> bool:
    """Whether placements come from one line and differ in their positions only, of which each has one of its own."""
    places = [placement.place for placement in placed]
    if any(len(place.positions or ()) != 1 or not _is_simple(place) for place in places):
        return False
    common = {(replace(s, positions=()), p.family, p.sizes, lines[p.line]) for s, p in zip(places, placed, strict=True)}
    return len(common) == 1 and len({place.positions for place in places}) == len(places)


def _is_simple(place: Site | Region) -> bool:
    """Whether it is no block of another alignment, and no list of regions."""
    return place.inside is None if isinstance(place, Site) else not place.others
