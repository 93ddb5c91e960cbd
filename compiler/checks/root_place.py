"""Where in the network a placement lies, through the blocks of other alignments that it may be inside of."""

from collections.abc import Mapping

from ...lang.places import Placement, Region, Site
from ...lang.program import Alignment


def root_place(placement: Placement, alignments: Mapping[str, Alignment]) -> Site | Region:
    """The place in the network that a block inside other alignments lies at."""
    place = placement.place
    while isinstance(place, Site) and place.inside is not None:
        outer, variable = place.inside
        place = next(p.place for p in alignments[outer].placements if p.variable == variable)
    return place
