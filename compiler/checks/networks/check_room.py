"""Room for an alignment's variables at their sites: blocks of one map must fit, all others be disjoint."""

from ....lang.diagnostics import Diagnostic, Label
from ....lang.places import Placement, Site
from ....lang.record import record
from ....lang.sites.components import same_vector
from ...lowering.site_widths import site_width
from .check_positions import FedNetwork, Met


@record
class Taken:
    """A placement at one site: its resolved positions, and the dims that it needs there."""

    placement: Placement
    site: Site
    positions: tuple[int, ...]
    size: int


def take_room(placement: Placement, site: Site, taken: list[Taken], network: FedNetwork) -> list[Diagnostic]:
    """Room for a placement among those before it; positions that are written differently may be the same."""
    positions = network.resolve(site.positions)
    room = site_room(site, network)
    assert room is not None, "the site was checked"
    stated = largest_size(placement)
    new = Taken(placement, site, positions, room if stated is None else stated)
    near = [t for t in taken if _vector(t.site) == _vector(site)]
    for other in near:
        if other.site.positions == site.positions or (network.layout is None and _share(other, new)):
            continue  # positions of prompts stay as they are written, and so make maps of their own
        if met := find_common_units(other.site, site, network):
            return [_overlapping(other, new, met)]
    taken.append(new)
    if site.dims is not None:  # dims that a spec names are the spec's own to divide
        return []
    others = [t for t in near if t.site.dims is None and t.positions == positions]
    if "learned" in placement.sizes:
        return []
    if (others and stated is None) or sum(t.size for t in others) + new.size > room:
        return [report_no_room(placement, site.text, room, others, network)]
    return []


def site_room(site: Site, network: FedNetwork) -> int | None:
    """The length of the vector that a site is: the dims of all its parts at all their positions.

    None where the network lacks it, or does not say how wide it is.
    """
    widths = [part_width(part, network) for part in site.parts]
    if any(width is None for width in widths):
        return None
    return sum((width or 0) * len(network.resolve(p.positions)) for p, width in zip(site.parts, widths, strict=True))


def part_width(part: Site, network: FedNetwork) -> int | None:
    """The dims of one site at one position."""
    width = site_width(part, network.facts)
    return width if width is None or part.dims is None else len(part.dims)


def find_common_units(one: Site, two: Site, network: FedNetwork) -> Met | None:
    """Where two sites share units; positions that are written differently may be the same, if only in some prompt."""
    if _vector(one) != _vector(two):
        return None
    apart = one.dims is not None and two.dims is not None and not set(one.dims) & set(two.dims)
    return None if apart else network.find_common(one.positions, two.positions)


def _vector(site: Site) -> object:
    """What sites of one vector have in common, wherever it is read."""
    return *same_vector(site.component, site.layer), site.head, site.module


def _share(one: Taken, two: Taken) -> bool:
    """Whether two placements are blocks of one map, whose positions are written in two ways."""
    same = (one.positions, one.site.dims, one.placement.family) == (two.positions, two.site.dims, two.placement.family)
    return same and one.placement.sizes != (None,) and two.placement.sizes != (None,)


def _overlapping(one: Taken, two: Taken, met: Met) -> Diagnostic:
    return Diagnostic(
        "CS302",
        f"`{one.placement.variable}` and `{two.placement.variable}` overlap: `{one.site.text}` and `{two.site.text}`"
        f" share position {met.position}",
        Label(two.site.span, f"`{two.placement.variable}` is here"),
        (Label(one.site.span, f"`{one.placement.variable}` is here"),),
        notes=met.notes,
        help="give them disjoint dims or positions, or let them share one `rotation` with a `size` each",
    )


def largest_size(placement: Placement) -> int | None:
    """The largest size that is stated; None where none is: the whole site, or a size to be learned."""
    return max((size for size in placement.sizes if isinstance(size, int)), default=None)


def report_no_room(placement: Placement, site: str, room: int, others: list[Taken], network: FedNetwork) -> Diagnostic:
    """That a placement needs more dims than a site has after the others there."""
    used = sum(other.size for other in others)
    stated = largest_size(placement)
    size = room if stated is None else stated
    before = f" after {used} for {', '.join(f'`{o.placement.variable}`' for o in others)}" if others else ""
    return Diagnostic(
        "CS322",
        f"`{placement.variable}` needs {size} dims{before}, but `{site}` of `{network.name}` has {room}",
        Label(placement.size_span),
        tuple(Label(other.placement.span, "placed here") for other in others),
        help="variables at one site share it in disjoint blocks: make them smaller, or choose another site",
    )
