"""Typed placements -> whether they are consistent: frames whose blocks fit, disjoint places, children after parents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from .check_models import descendants
from .diagnostics import Label
from .places import Placement, Region, Site, show_dims
from .program import Model
from .scope import AlignmentView, Reporter


def check_blocks(placements: Sequence[Placement], views: Mapping[str, AlignmentView | None], report: Reporter) -> None:
    """Variables at one place share one frame, in disjoint blocks that fit; all others are disjoint.

    `views` are the alignments that a site may lie inside of.
    """
    clashing: set[int] = set()
    for later, placement in enumerate(placements):
        for other in placements[:later]:
            if _report_clash(other, placement, views, report):
                clashing.add(later)
                break
    frames: dict[object, list[Placement]] = {}
    for index, placement in enumerate(placements):
        if index not in clashing:
            frames.setdefault(_frame_of(placement), []).append(placement)
    for frame in frames.values():
        _check_room(frame, views, report)


def check_order(
    placements: Sequence[Placement], model: Model, views: Mapping[str, AlignmentView | None], report: Reporter
) -> None:
    """A variable that depends on another lies strictly later, or an interchange of one would overwrite the other."""
    below = descendants(model)
    for child in placements:
        for parent in placements:
            if child.variable not in below[parent.variable]:
                continue
            latest, earliest = _depths(child, views)[1], _depths(parent, views)[0]
            one_site = isinstance(child.place, Region) and child.line == parent.line
            if latest > earliest and not one_site:
                continue
            where = "not later than" if latest == earliest else "earlier than"
            places = f"`{child.place.text}` is {where} `{parent.place.text}`"
            report.error(
                "CS305",
                f"a child at its parent's site: `{child.variable}` depends on `{parent.variable}`, and "
                + ("one line gives them one site" if one_site else places),
                child.span,
                f"depends on `{parent.variable}`",
                related=[Label(parent.span, "the parent")],
                help=f"search for `{child.variable}` on a line of its own"
                if one_site
                else f"place `{child.variable}` in a later layer, or leave it out",
            )
            break


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
    if site.dims is None:
        return None
    return len(site.dims) * (1 if memberwise else max(1, len(site.positions)))


# --- frames ----------------------------------------------------------------------------------------------------------


def _frame_of(placement: Placement) -> object:
    """What placements that share one frame have in common."""
    where = placement.place if isinstance(placement.place, Site) else placement.line
    return where, bool(placement.members), placement.family


def _check_room(frame: list[Placement], views: Mapping[str, AlignmentView | None], report: Reporter) -> None:
    """Whether the blocks of one frame fit into every place that it may have."""
    last = frame[-1]
    place = last.place
    rooms: list[tuple[str, int]] = []
    if isinstance(place, Site):
        room = room_of(place, views, memberwise=bool(last.members))
        rooms = [] if room is None else [(place.text, room)]
    elif place.dims is not None:
        rooms = [(place.text, 1)] if place.dims == "each" else [(place.text, len(entry)) for entry in place.dims]
    if not rooms:
        return
    name, room = min(rooms, key=lambda found: found[1])
    sizes = [max((size for size in p.sizes if isinstance(size, int)), default=0) for p in frame]
    if sum(sizes) > room:
        taken = " + ".join(map(str, sizes)) + (f" = {sum(sizes)}" if len(sizes) > 1 else "")
        found = "one of its alternatives" if len(rooms) > 1 else "it"
        report.error(
            "CS304",
            f"the blocks at `{name}` need {taken} dims, {found} has {room}",
            last.size_span,
            help="make the blocks smaller or the site larger",
        )


def _report_clash(
    first: Placement, second: Placement, views: Mapping[str, AlignmentView | None], report: Reporter
) -> bool:
    """Whether two variables claim the same dims, whichever alternatives are chosen."""
    if _frame_of(first) == _frame_of(second) and (first.sizes, first.family.name) != ((None,), "identity"):
        return _report_sizes(first, second, report)
    one_site = isinstance(first.place, Region) and isinstance(second.place, Region) and first.line == second.line
    if not one_site and not _overlap(first.place, second.place, views):
        return False
    a, b = first.place, second.place
    report.error(
        "CS302",
        f"`{first.variable}` and `{second.variable}` overlap at {_shared(a, b)}",
        b.span if b.span != a.span else second.span,
        f"`{second.variable}` is here",
        related=[Label(a.span if b.span != a.span else first.span, f"`{first.variable}` is here")],
        help="give them disjoint dims, or let them share one `rotation` with a `size` each",
    )
    return True


def _report_sizes(first: Placement, second: Placement, report: Reporter) -> bool:
    """Whether two variables of one frame have sizes that cannot stand beside each other."""
    if None in (*first.sizes, *second.sizes):
        whole = first if None in first.sizes else second
        report.error(
            "CS303",
            f"`{whole.variable}` takes all of `{whole.place.text}`, and `{first.variable}` and "
            f"`{second.variable}` share it",
            second.span,
            "no dims are left for this one" if whole is first else "this one has no `size`",
            related=[Label(first.span, "this one has no `size`" if whole is first else "it shares the site with")],
            help=f"give each of them a size: `via {first.family.text} size 4`",
        )
        return True
    if ("learned" in first.sizes) != ("learned" in second.sizes):
        report.error(
            "CS303",
            f"`{first.variable}` and `{second.variable}` share `{second.place.text}`, and the size of one of them "
            "is learned",
            second.span,
            f"size {second.size_text}",
            related=[Label(first.span, f"size {first.size_text}")],
            help="state both sizes, or write `size learned` for both",
        )
        return True
    return False


def _shared(a: Site | Region, b: Site | Region) -> str:
    """Where two places that overlap do so, in the user's words."""
    if not isinstance(a, Site) or not isinstance(b, Site) or a.inside or b.inside:
        return f"`{b.text}`"
    if a.dims == b.dims or a.dims is None or b.dims is None:
        return f"`{(b if a.dims is None else a).text}`"
    common = tuple(sorted(set(a.dims) & set(b.dims)))
    return f"dims {show_dims(common)} of `{Site(a.component, a.layer, None, a.positions).text}`"


# --- places that overlap whatever is chosen --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Extent:
    """The alternatives of a place: layers (None: not known here), sets of dims (None: all), sets of positions."""

    component: str
    layers: tuple[int | None, ...] | None
    dims: tuple[frozenset[int] | None, ...] | None
    positions: tuple[frozenset[object], ...] | None


def _extent(place: Site | Region, views: Mapping[str, AlignmentView | None]) -> _Extent:
    if isinstance(place, Site):
        site = root_site(place, views)
        dims = None if site.dims is None else frozenset(site.dims)
        return _Extent(site.component, (site.layer,), (dims,), (frozenset(site.positions),))
    layers = place.layers if place.layers != () else (None,)
    if place.dims is None:
        alternatives: tuple[frozenset[int] | None, ...] | None = (None,)
    else:
        alternatives = None if place.dims == "each" else tuple(frozenset(entry) for entry in place.dims)
    positions = None if place.positions is None else tuple(frozenset({p}) for p in place.positions) or (frozenset(),)
    return _Extent(place.component, layers, alternatives, positions)


def _overlap(first: Site | Region, second: Site | Region, views: Mapping[str, AlignmentView | None]) -> bool:
    """Whether two places meet in each of their alternatives; blocks of one alignment never do."""
    inside = [place.inside for place in (first, second) if isinstance(place, Site) and place.inside is not None]
    if len(inside) == 2 and inside[0][0] == inside[1][0]:
        return inside[0] == inside[1]
    a, b = _extent(first, views), _extent(second, views)
    if a.component != b.component or a.layers is None or b.layers is None:
        return False
    if any(layer != other for layer in a.layers for other in b.layers):
        return False
    if a.dims is None or b.dims is None:
        if (None,) not in (a.dims, b.dims):
            return False
    elif any(x is not None and y is not None and not x & y for x in a.dims for y in b.dims):
        return False
    if a.positions is None or b.positions is None:
        return False
    return all(not x or not y or x & y for x in a.positions for y in b.positions)


def _depths(placement: Placement, views: Mapping[str, AlignmentView | None]) -> tuple[float, float]:
    """The earliest and the latest layer that a placement may have; what has no layer comes last."""
    place = placement.place
    if isinstance(place, Site):
        layer = root_site(place, views).layer
        return (inf, inf) if layer is None else (layer, layer)
    if place.layers is None:
        return 0, inf
    return (min(place.layers), max(place.layers)) if place.layers else (inf, inf)
