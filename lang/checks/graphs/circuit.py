"""Circuits as written -> typed: sets of sites, and searches for them."""

from ...circuits import Circuit, TopSites
from ...diagnostics import Label
from ...places import Site
from ...scope import Names
from ...syntax.circuits import CircuitSyntax, TopSyntax
from ...syntax.effects import ThingSyntax
from ..effects.effect import check_effect
from ..effects.thing_scope import ThingScope
from ..effects.thing_sites import check_thing_region, check_thing_site


def check_circuit(syntax: CircuitSyntax, names: Names) -> Circuit | None:
    """One circuit; None after an error. Circuits that it uses are declared before it."""
    if isinstance(syntax.parts, TopSyntax):
        found = _check_top(syntax.parts, names)
        return None if found is None else Circuit(syntax.name.text, found, syntax.doc, syntax.name.span)
    sites = _check_sites(syntax.parts, names)
    return None if sites is None else Circuit(syntax.name.text, sites, syntax.doc, syntax.name.span)


def _check_sites(parts: tuple[ThingSyntax, ...], names: Names) -> tuple[Site, ...] | None:
    scope = _site_scope(names)
    sites: list[Site] = []
    for part in parts:
        site = check_thing_site(part, scope)
        if site is None:
            return None
        if site in sites:
            names.report.error(
                "CS360",
                f"`{site.text}` is listed twice",
                part.span,
                "again here",
                related=[Label(sites[sites.index(site)].span, "first here")],
                help="list each site once",
            )
            return None
        sites.append(site)
    return tuple(sites)


def _check_top(syntax: TopSyntax, names: Names) -> TopSites | None:
    if syntax.count.value < 1:
        names.report.error(
            "CS361",
            f"expected a number of sites above 0, found {syntax.count.value}",
            syntax.count.span,
            help="write `top 8 of ...`",
        )
        return None
    region = check_thing_region(syntax.region, _site_scope(names))
    score = check_effect(syntax.score, names, searching=True)
    return None if region is None or score is None else TopSites(syntax.count.value, region, score)


def _site_scope(names: Names) -> ThingScope:
    """Slots of a circuit's positions are inputs of the file's only task; of several, they are not known here."""
    tasks = [task for task in names.tasks.entries.values() if task is not None]
    only = tasks[0] if len(tasks) == len(names.tasks.entries) == 1 else None
    return ThingScope(names, only)
