"""Members of a family that one line of a loop places at a position each -> one placement of the family."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..diagnostics import Span
from ..places import Placement, Site


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
            sites = tuple(placement.site for placement in placed)
            place = replace(first.site, positions=tuple(site.positions[0] for site in sites))
            joined[first.variable] = replace(first, variable=family, place=place, members=sites)
            gone |= set(members)
    kept = [joined.get(p.variable, p) for p in placements]
    return [placement for placement in kept if placement.members or placement.variable not in gone]


def _are_alike(placed: Sequence[Placement], lines: Sequence[Span]) -> bool:
    """Whether placements come from one line and differ in their positions only, of which each has one of its own."""
    sites = [placement.place for placement in placed if isinstance(placement.place, Site)]
    if len(sites) < len(placed) or any(len(site.positions) != 1 or site.inside is not None for site in sites):
        return False
    common = {(replace(s, positions=()), p.family, p.sizes, lines[p.line]) for s, p in zip(sites, placed, strict=True)}
    return len(common) == 1 and len({site.positions for site in sites}) == len(sites)
