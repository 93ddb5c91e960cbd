"""Sites inside the blocks of other alignments: where they are in the network, and how many dims they have."""

from collections.abc import Mapping

from ..places import EVERY_TOKEN, Placement, Site
from ..scope import AlignmentView


def root_site(site: Site, views: Mapping[str, AlignmentView | None]) -> Site:
    """The site in the network that a block inside other alignments lies at."""
    while site.inside is not None:
        site = placement_inside(site, views).site
    return site


def placement_inside(site: Site, views: Mapping[str, AlignmentView | None]) -> Placement:
    """The placement whose block a site is."""
    assert site.inside is not None
    alignment, variable = site.inside
    view = views[alignment]
    assert view is not None
    return next(placement for placement in view.placements if placement.variable == variable)


def room_of(site: Site, views: Mapping[str, AlignmentView | None], memberwise: bool = False) -> int | None:
    """How many dims a site has, where its text says so. A family's members have the dims of one position each."""
    if site.inside is not None:
        outer = placement_inside(site, views)
        return room_of(outer.site, views) if outer.sizes == (None,) else outer.size
    parts = site.parts
    widths = [None if part.dims is None or _is_open(part) else len(part.dims) for part in parts]
    if None in widths:
        return None
    count = 1 if memberwise else None
    return sum((width or 0) * (count or max(1, len(part.positions))) for width, part in zip(widths, parts, strict=True))


def _is_open(site: Site) -> bool:
    """Whether how many tokens its positions are is known only from the prompt."""
    return any(position == EVERY_TOKEN or position.part == "all" for position in site.positions)
