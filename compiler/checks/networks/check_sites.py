"""Checks of an alignment's sites against a network: components, layers, dims, positions."""

from collections.abc import Mapping

from ....lang.diagnostics import Diagnostic, Label
from ....lang.places import Placement, Region, Site
from ....lang.program import Alignment
from ...lowering.site_widths import site_width
from .check_positions import FedNetwork, check_positions
from .check_room import Taken, find_common_units, largest_size, report_no_room, site_room, take_room


def check_sites(alignment: Alignment, network: FedNetwork, alignments: Mapping[str, Alignment]) -> list[Diagnostic]:
    """Every place of an alignment exists in the network and has room for what is placed there."""
    found: list[Diagnostic] = []
    taken: list[Taken] = []
    for placement in alignment.placements:
        if isinstance(placement.place, Region):
            mates = [p for p in alignment.placements if p.line == placement.line]
            found += _check_region(placement, placement.place, mates, network)
            continue
        if placement.place.inside is not None:
            found += _check_inside(placement, placement.place.inside, alignments, network)
            continue
        mates = [p for p in alignment.placements if (p.place, p.family) == (placement.place, placement.family)]
        for site in placement.members or (placement.place,):
            problems = check_site(site, network)
            found += problems or _take_room(placement, site, mates, taken, network)
            if problems:
                break
    return found


def _take_room(
    placement: Placement, site: Site, mates: list[Placement], taken: list[Taken], network: FedNetwork
) -> list[Diagnostic]:
    """Room for a placement at a site that exists. Of some modules nobody knows the width before they are loaded.

    `mates` are the placements that share its map, itself among them.
    """
    room = site_room(site, network)
    if room is None or placement.family.name == "sae":
        return []
    if not site.joined:
        return take_room(placement, site, taken, network)
    others = [Taken(p, site, (), largest_size(p) or 0) for p in mates[: mates.index(placement)]]
    size = largest_size(placement)
    if size is None or sum(other.size for other in others) + size <= room:
        return []
    return [report_no_room(placement, site.text, room, others, network)]


def check_place(place: Site | Region, network: FedNetwork) -> list[Diagnostic]:
    """A place that no alignment states, such as a circuit's, exists in the network."""
    if isinstance(place, Site):
        return check_site(place, network)
    return [problem for part in place.parts for problem in _check_alternatives(part, network)[0]][:1]


# --- one site --------------------------------------------------------------------------------------------------------


def check_site(site: Site, network: FedNetwork) -> list[Diagnostic]:
    """Every part of a site exists."""
    for part in site.parts:
        if problems := _check_part(part, network):
            return problems
    for index, part in enumerate(site.parts):
        for other in site.parts[:index]:
            if met := find_common_units(other, part, network):
                message = f"`{part.text}` is listed twice in `{site.text}`: `{other.text}` holds some of it"
                help = "list each dim at each position once"
                return [Diagnostic("CS306", message, Label(part.span), notes=met.notes, help=help)]
    return []


def _check_part(site: Site, network: FedNetwork) -> list[Diagnostic]:
    facts = network.facts
    if site.layer not in facts.layers(site.component):
        return [_no_site(site, network)]
    if site.head is not None and site.head >= facts.heads_of(site.component):
        return [_no_site(site, network)]
    width = site_width(site, facts)
    if site.dims is not None and width is not None and max(site.dims) >= width:
        return [_no_dims(site, site.dims, width, network)]
    if problems := check_positions(site.positions, f"the site `{site.text}`", site.span, network):
        return problems
    return _check_repeated(site, network)


def _check_repeated(site: Site | Region, network: FedNetwork) -> list[Diagnostic]:
    """The same position may be written in two ways, and a site that holds it twice could not be set."""
    met = network.find_repeated(site.positions or ())
    if met is None:
        return []
    return [
        Diagnostic(
            "CS306",
            f"position {met.position} is listed twice in `{site.text}`",
            Label(site.span),
            notes=met.notes,
            help="list each position once",
        )
    ]


def _no_site(place: Site | Region, network: FedNetwork) -> Diagnostic:
    return Diagnostic(
        "CS320",
        f"expected a site of `{network.name}`, found `{place.text}`",
        Label(place.span),
        notes=(f"`{network.name}` has {network.facts.sites}",),
        help=network.facts.sites_help,
    )


def _no_dims(place: Site | Region, dims: tuple[int, ...], width: int, network: FedNetwork) -> Diagnostic:
    return Diagnostic(
        "CS321",
        f"expected dims 0..{width - 1} of `{network.name}`, found {next(d for d in dims if d >= width)}",
        Label(place.span),
        help=f"the site is {width} dims wide, counted from 0",
    )


# --- regions and blocks of other alignments --------------------------------------------------------------------------


def _check_region(
    placement: Placement, region: Region, mates: list[Placement], network: FedNetwork
) -> list[Diagnostic]:
    """Every site of a region exists, and each has room for all the variables that search it together."""
    rooms: list[int] = []
    for part in region.parts:
        problems, found = _check_alternatives(part, network)
        if problems:
            return problems
        rooms += found
    needed = sum(largest_size(mate) or 1 for mate in mates)
    if not rooms or needed <= min(rooms) or placement != mates[-1]:
        return []
    return [
        Diagnostic(
            "CS322",
            f"{', '.join(f'`{mate.variable}`' for mate in mates)} need {needed} dims, but a site of `{region.text}` in"
            f" `{network.name}` has {min(rooms)}",
            Label(placement.size_span),
            help="every site of the region must have room: make the sizes smaller, or leave the site out",
        )
    ]


def _check_alternatives(region: Region, network: FedNetwork) -> tuple[list[Diagnostic], list[int]]:
    """What is wrong with a region, and the room at each of its sites, as far as the network says it."""
    facts = network.facts
    there = facts.layers(region.component)
    layers = there if region.layers is None else region.layers or (None,)
    heads = facts.heads_of(region.component)
    if not layers or not set(layers) <= set(there) or (region.heads and max(region.heads) >= heads):
        return [_no_site(region, network)], []
    rooms: list[int] = []
    for width in (facts.width(region.component, layer) for layer in layers):
        if width is None:
            continue
        entries = () if region.dims is None or region.dims == "each" else region.dims
        for entry in entries:
            if max(entry) >= width:
                return [_no_dims(region, entry, width, network)], []
        rooms += [len(entry) for entry in entries] or [width if region.dims is None else 1]
    problems = check_positions(region.positions, f"the region `{region.text}`", region.span, network)
    if not problems and region.memberwise:
        problems = _check_repeated(region, network)
    return problems, rooms


def _check_inside(
    placement: Placement, inside: tuple[str, str], alignments: Mapping[str, Alignment], network: FedNetwork
) -> list[Diagnostic]:
    """Room in the block of another alignment's variable; its site is checked where that alignment is."""
    size, room = largest_size(placement), _block_size(inside, alignments, network)
    if size is None or room is None or size <= room:
        return []
    return [report_no_room(placement, ".".join(inside), room, [], network)]


def _block_size(outer: tuple[str, str], alignments: Mapping[str, Alignment], network: FedNetwork) -> int | None:
    """The dims of a placed variable; None where they are not known before the search or the fit."""
    placement = next(p for p in alignments[outer[0]].placements if p.variable == outer[1])
    if placement.sizes != (None,):
        return placement.size
    if isinstance(placement.place, Region):
        return None
    if placement.place.inside is not None:
        return _block_size(placement.place.inside, alignments, network)
    return site_room(placement.place, network)
