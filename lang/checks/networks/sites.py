"""A site or a region as written -> a typed place: component, layers, heads, dims and positions."""

from dataclasses import replace
from typing import Literal

from ...places import Position, Region, Site
from ...scope import Reporter
from ...sites.components import COMPONENTS, components_of
from ...sites.overlaps import overlap
from ...sites.site_indices import Entries, entries_of, report_alternatives, split_indices, union_of
from ...syntax.alignments import Index, SitesSyntax, SiteSyntax, Star
from .positions import SiteScope, check_positions


def check_site(syntax: SiteSyntax | SitesSyntax, scope: SiteScope, report: Reporter) -> Site | None:
    """One site (`at`): one layer and head, with its dims and positions taken together. None after an error.

    Several in brackets are one vector, each with its own positions.
    """
    if isinstance(syntax, SitesSyntax):
        sites = [_one_site(site, scope, report) for site in syntax.sites]
        return _joined(sites, syntax, report)
    return _one_site(syntax, scope, report)


def check_region(syntax: SiteSyntax | SitesSyntax, scope: SiteScope, report: Reporter) -> Region | None:
    """A region (`in`): every layer, head, entry of dims and position is an alternative. None after an error.

    Several in brackets are alternatives, too.
    """
    if not isinstance(syntax, SitesSyntax):
        return _one_region(syntax, scope, report)
    regions = [_one_region(site, scope, report) for site in syntax.sites]
    found = [region for region in regions if region is not None]
    if len(found) < len(regions):
        return None
    for index, region in enumerate(found):
        if region in found[:index]:
            report.error("CS306", f"`{region.text}` is listed twice", region.span, help="list each alternative once")
            return None
    first, *others = found
    return replace(first, others=tuple(others), span=syntax.span)


def _joined(sites: list[Site | None], syntax: SitesSyntax, report: Reporter) -> Site | None:
    """One vector of all sites, which share no units."""
    found = [site for site in sites if site is not None]
    if len(found) < len(sites):
        return None
    for index, site in enumerate(found):
        if site in found[:index]:
            report.error("CS306", f"`{site.text}` is listed twice", site.span, help="list each site once")
            return None
        other = next((before for before in found[:index] if overlap(before, site, {})), None)
        if other is not None:
            message = f"`{site.text}` is listed twice: `{other.text}` holds some of it"
            report.error("CS306", message, site.span, help="list each dim at each position once")
            return None
    first, *joined = found
    return replace(first, joined=tuple(joined), span=syntax.span)


def _one_site(syntax: SiteSyntax, scope: SiteScope, report: Reporter) -> Site | None:
    indices = split_indices(syntax, scope, report)
    if indices is None:
        return None
    numbers: dict[str, int | None] = {"layer": None, "head": None}
    for noun, index in (("layer", indices.layers), ("head", indices.heads)):
        if index is None:
            continue
        found = entries_of(index, report)
        if found is None or report_alternatives(found, noun, index.span, syntax, report):
            return None
        numbers[noun] = found[0][0]  # type: ignore[assignment]
    taken: tuple[int, ...] | None = None
    if indices.dims is not None:
        entries = entries_of(indices.dims, report)
        if entries is None:
            return None
        if entries == "each" and report_alternatives(entries, "dim", indices.dims.span, syntax, report):
            return None
        taken = union_of(indices.dims, entries, report)  # type: ignore[arg-type]
        if taken is None:
            return None
    positions = _positions_of(syntax, scope, searched=False, report=report)
    if positions is None:
        return None
    return Site(
        syntax.component.text,
        numbers["layer"],
        taken,
        positions,
        head=numbers["head"],
        module=syntax.path.value if syntax.path is not None else None,
        span=syntax.span,
    )


def _one_region(syntax: SiteSyntax, scope: SiteScope, report: Reporter) -> Region | None:
    indices = split_indices(syntax, scope, report)
    if indices is None:
        return None
    layers, heads = (_alternatives(*index, report) for index in ((indices.layers, "layer"), (indices.heads, "head")))
    if layers == "broken" or heads == "broken":
        return None
    dims: Entries | Literal["each"] | None = None
    if indices.dims is not None:
        dims = entries_of(indices.dims, report)
        if dims is None:
            return None
        if dims != "each" and len(set(dims)) < len(dims):
            again = next(e for i, e in enumerate(indices.dims.entries) if dims[i] in dims[:i])
            report.error("CS306", "an alternative is listed twice", again.span, help="list each entry once")
            return None
    positions: tuple[Position, ...] | None = None
    if not isinstance(syntax.position, Star):
        positions = _positions_of(syntax, scope, searched=True, report=report)
        if positions is None:
            return None
    module = syntax.path.value if syntax.path is not None else None
    return Region(syntax.component.text, layers, dims, positions, heads, module, span=syntax.span)


def _alternatives(index: Index | None, noun: str, report: Reporter) -> tuple[int, ...] | Literal["broken"] | None:
    """The layers or heads that an index lists: none without one, None for `*`."""
    if index is None:
        return ()
    found = entries_of(index, report)
    if found == "each":
        return None
    union = None if found is None else union_of(index, found, report, noun)
    return "broken" if union is None else union


def _positions_of(
    syntax: SiteSyntax, scope: SiteScope, searched: bool, report: Reporter
) -> tuple[Position, ...] | None:
    component = syntax.component.text
    if isinstance(syntax.position, Star):
        report.error(
            "CS312",
            "`@ *` stands for alternatives, and `at` states one site",
            syntax.position.span,
            help="search them with `in`, or name the position",
        )
        return None
    if syntax.position is None:
        if not COMPONENTS[component].positioned or component not in components_of(scope.loader):
            return ()  # of what the network cannot have, its facts say what it has
        report.error(
            "CS315",
            f"expected a position after a site of `{component}`",
            syntax.span,
            help="write `@ last`, `@ 3` or `@ {x}` with an input"
            + (", or `@ *` to search them" if searched else "")
            + ("; an MLP has `hidden[i]`, without a position" if component == "resid" else ""),
        )
        return None
    return check_positions(syntax.position, scope, report)
