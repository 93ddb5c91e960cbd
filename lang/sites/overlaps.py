"""Whether two places overlap whatever is chosen of their alternatives, or one makes setting the other void."""

from collections.abc import Mapping

from ..places import EVERY_TOKEN, Position, Region, Site
from ..record import record
from ..scope import AlignmentView
from .components import REPLACED_BY, same_vector
from .inner_sites import root_site


def overlap(first: Site | Region, second: Site | Region, views: Mapping[str, AlignmentView | None]) -> bool:
    """Whether two places meet in each of their alternatives; blocks of one alignment never do."""
    inside = [place.inside for place in (first, second) if isinstance(place, Site) and place.inside is not None]
    if len(inside) == 2 and inside[0][0] == inside[1][0]:
        return inside[0] == inside[1]
    return any(_meet(a, b) for a in _extents(first, views) for b in _extents(second, views))


def replaces(later: Site | Region, earlier: Site | Region, views: Mapping[str, AlignmentView | None]) -> bool:
    """Whether setting one site makes setting another void, since it is read through the first alone."""
    if not isinstance(later, Site) or not isinstance(earlier, Site):
        return False
    return any(
        REPLACED_BY.get(part.component) == over.component
        and part.layer == over.layer
        and over.dims is None
        and _positions_meet(part, over)
        for part in root_site(earlier, views).parts
        for over in root_site(later, views).parts
    )


@record
class _Extent:
    """The alternatives of a place: vectors (None: not known here), sets of dims (None: all), sets of positions.

    A vector is a component with its layer, head and module path.
    """

    vectors: frozenset[object] | None
    dims: tuple[frozenset[int] | None, ...] | None
    positions: tuple[frozenset[object], ...] | None


def _extents(place: Site | Region, views: Mapping[str, AlignmentView | None]) -> list[_Extent]:
    """Of a site the parts that it is joined of, each by itself; of a region all alternatives together."""
    if isinstance(place, Site):
        found = []
        for site in root_site(place, views).parts:
            vector = (*same_vector(site.component, site.layer), site.head, site.module)
            taken = None if site.dims is None else frozenset(site.dims)
            found.append(_Extent(frozenset({vector}), (taken,), (_tokens(site.positions),)))
        return found
    extents = [_region_extent(part) for part in place.parts]
    if len(extents) == 1:
        return extents
    vectors = None
    if all(extent.vectors is not None for extent in extents):
        vectors = frozenset(vector for extent in extents for vector in extent.vectors or ())
    dims = tuple(d for extent in extents for d in extent.dims or ())
    positions = tuple(p for extent in extents for p in extent.positions or ())
    known = all(extent.dims is not None and extent.positions is not None for extent in extents)
    return [_Extent(vectors, dims if known else None, positions if known else None)]


def _region_extent(region: Region) -> _Extent:
    layers: tuple[int | None, ...] | None = region.layers if region.layers != () else (None,)
    heads: tuple[int | None, ...] | None = region.heads if region.heads != () else (None,)
    vectors = None
    if layers is not None and heads is not None:
        vectors = frozenset(
            (*same_vector(region.component, layer), head, region.module) for layer in layers for head in heads
        )
    if region.dims is None:
        dims: tuple[frozenset[int] | None, ...] | None = (None,)
    else:
        dims = None if region.dims == "each" else tuple(frozenset(entry) for entry in region.dims)
    positions: tuple[frozenset[object], ...] | None = None
    if region.memberwise:
        positions = (_tokens(region.positions or ()),)
    elif region.positions is not None:
        positions = tuple(_tokens((p,)) for p in region.positions) or (frozenset(),)
    return _Extent(vectors, dims, positions)


def _tokens(positions: tuple[Position, ...]) -> frozenset[object]:
    """Positions as a set; empty (which meets every other) where there are none, or where they are every token."""
    return frozenset() if EVERY_TOKEN in positions else frozenset(positions)


def _meet(a: _Extent, b: _Extent) -> bool:
    if a.vectors is None or b.vectors is None or len(a.vectors | b.vectors) > 1:
        return False
    if a.dims is None or b.dims is None:
        if (None,) not in (a.dims, b.dims):
            return False
    elif any(x is not None and y is not None and not x & y for x in a.dims for y in b.dims):
        return False
    if a.positions is None or b.positions is None:
        return False
    return all(not x or not y or x & y for x in a.positions for y in b.positions)


def _positions_meet(a: Site, b: Site) -> bool:
    x, y = _tokens(a.positions), _tokens(b.positions)
    return not x or not y or bool(x & y)
