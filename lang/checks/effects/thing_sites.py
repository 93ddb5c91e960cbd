"""Things that are places of the network: a site, or a region of sites."""

from ...places import Region, Site
from ...scope import Reporter
from ...syntax.alignments import Dims, Index, SiteSyntax, Star
from ...syntax.effects import Bracket, ThingSyntax
from ...syntax.expressions import ExpressionSyntax, LoopRange
from ...syntax.leaves import Integer
from ...unroll.static_values import static_value
from ..networks.positions import SiteScope
from ..networks.sites import check_region, check_site
from .thing_scope import ThingScope


def check_thing_site(syntax: ThingSyntax, scope: ThingScope) -> Site | None:
    """One stated site; None after an error."""
    site = _as_site(syntax, scope)
    return None if site is None else check_site(site, _site_scope(scope), scope.report)


def check_thing_region(syntax: ThingSyntax, scope: ThingScope) -> Region | None:
    """A region of sites; None after an error."""
    site = _as_site(syntax, scope)
    return None if site is None else check_region(site, _site_scope(scope), scope.report)


def _site_scope(scope: ThingScope) -> SiteScope:
    loaders = {network.loader for network in scope.names.networks.entries.values() if network is not None}
    loader = loaders.pop() if len(loaders) == 1 else None
    task = scope.task
    return SiteScope(None, (), False, loader) if task is None else SiteScope(task.slots, (), task.prompted, loader)


def _as_site(syntax: ThingSyntax, scope: ThingScope) -> SiteSyntax | None:
    """The thing as the syntax of a site, with numbers in its brackets; None after an error."""
    indices = [_index(bracket, scope.report) for bracket in syntax.brackets]
    known = [index for index in indices if index is not None]
    if len(known) < len(indices):
        return None
    return SiteSyntax(syntax.name, tuple(known), syntax.position, syntax.path, syntax.span)


def _index(bracket: Bracket, report: Reporter) -> Index | None:
    entries: list[Dims | Star] = []
    for entry in bracket.entries:
        if isinstance(entry, Star):
            entries.append(entry)
            continue
        low, high = (entry.low, entry.high) if isinstance(entry, LoopRange) else (entry, entry)
        ends = [_whole(low, report), _whole(high, report)]
        if ends[0] is None or ends[1] is None:
            return None
        entries.append(Dims(ends[0], ends[1], entry.span))
    return Index(tuple(entries), bracket.span)


def _whole(expression: ExpressionSyntax, report: Reporter) -> Integer | None:
    value = static_value(expression)
    if type(value) is not int or value < 0:
        report.error(
            "CS306",
            "expected a layer, head or dim, which is a whole number from 0",
            expression.span,
            help="write numbers, as in `hidden[1][0..3]`",
        )
        return None
    return Integer(value, expression.span)
