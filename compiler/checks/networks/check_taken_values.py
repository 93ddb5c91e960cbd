"""Checks of values that an effect takes of other places or networks: they are there, as wide, and computed by then."""

from collections.abc import Callable, Iterator

from ....lang.diagnostics import Diagnostic, Label
from ....lang.effects import CircuitSubject, Effect, Setting, SiteSubject, Subject, Taken, VariablesSubject
from ....lang.places import Placement, Region, Site
from ....lang.program import Program
from ....lang.sites.components import COMPONENTS
from ...lowering.site_widths import site_width
from .check_positions import FedNetwork
from .check_sites import check_place

Feed = Callable[[str, str], FedNetwork | None]


def check_taken_values(effect: Effect, program: Program, feed: Feed) -> Iterator[Diagnostic]:
    """What is wrong with the places that an effect takes values of."""
    here = feed(effect.task, effect.network)
    if here is None:
        return
    for setting in effect.settings:
        for value in (portion.value for portion in setting.value.portions):
            if not hasattr(value, "subject"):
                continue
            network = value.network if isinstance(value, Taken) and value.network is not None else effect.network
            there = feed(effect.task, network)
            if there is not None:
                yield from _check_value(effect, setting, value.subject, there, here, program)
            if isinstance(value, Taken) and network == effect.network:
                yield from _check_order(effect, setting, value.subject, program)


def _check_value(
    effect: Effect, setting: Setting, taken: Subject, there: FedNetwork, here: FedNetwork, program: Program
) -> Iterator[Diagnostic]:
    """The places of a value exist in its network, and are as many and as wide as what is set, in their order."""
    problems = [p for site in _sites(taken, program) for p in check_place(site, there)]
    problems += [p for site in _sites(setting.subject, program) for p in check_place(site, here)]
    yield from problems
    if problems:
        return
    wide, needed = _widths(taken, there, program), _widths(setting.subject, here, program)
    if len(wide) > 1 and len(wide) != len(needed):
        yield _misfit(effect, f"`{taken.text}` is {len(wide)} places, `{setting.subject.text}` {len(needed)}")
        return
    for index, width in enumerate(needed):
        own = wide[min(index, len(wide) - 1)] if wide else None
        if own is not None and width is not None and own != width:
            of = taken.text if there.name == here.name else f"{taken.text} on {there.name}"
            yield _misfit(
                effect, f"`{of}` is {own} unit{'' if own == 1 else 's'} wide, `{setting.subject.text}` {width}"
            )
            return
    for own, width in zip(_seen(taken, there, program), _seen(taken, here, program), strict=True):
        if there.name != here.name and own != width:
            text = (
                f"the map of `{taken.text}` sees {width} units in `{here.name}`, and there are {own} in `{there.name}`"
            )
            yield _misfit(effect, text)
            return


def _seen(subject: Subject, network: FedNetwork, program: Program) -> list[int | None]:
    """How wide what the maps of a thing's variables see is, where this is told before a search."""
    if not isinstance(subject, VariablesSubject):
        return []
    return [_width(place, network) for p in _placements(subject, program) for place in p.members or (p.place,)]


def _misfit(effect: Effect, message: str) -> Diagnostic:
    return Diagnostic("CS476", message, Label(effect.span), help="take the value of a place that is as wide")


def _check_order(effect: Effect, setting: Setting, taken: Subject, program: Program) -> Iterator[Diagnostic]:
    """A value in this very run is computed no later than what is set to it, site by site."""
    set_at = [_depth(place) for place in _sites(setting.subject, program)]
    read_at = [_depth(place) for place in _sites(taken, program)]
    read_at = read_at * len(set_at) if len(read_at) == 1 else read_at
    if any(r is not None and s is not None and r > s for r, s in zip(read_at, set_at, strict=False)):
        yield Diagnostic(
            "CS477",
            f"`{taken.text}` is computed after `{setting.subject.text}`, which is set to its value in this very run",
            Label(effect.span),
            help="take the value of an earlier place, or its mean: `mean(X)`",
        )


def _depth(place: Site | Region) -> float | None:
    if isinstance(place, Region) or place.inside is not None:
        return None
    depth = COMPONENTS[place.component].depth(place.layer)
    return None if depth != depth else depth


def _sites(subject: Subject, program: Program) -> list[Site | Region]:
    match subject:
        case SiteSubject(site=site):
            return [site]
        case CircuitSubject(circuit=name, random=False):
            sites = program.circuits[name].sites
            return list(sites) if isinstance(sites, tuple) else []
        case VariablesSubject():
            return [place for p in _placements(subject, program) for place in p.members or (p.place,)]
    return []


def _widths(subject: Subject, network: FedNetwork, program: Program) -> list[int | None]:
    """The units of each place of a thing; None where only a search or a fit, or the loaded network, tells."""
    match subject:
        case VariablesSubject():
            return [_placed_width(p, network) for p in _placements(subject, program)]
        case _:
            return [_width(place, network) for place in _sites(subject, program)]


def _placements(subject: VariablesSubject, program: Program) -> list[Placement]:
    return [p for p in program.alignments[subject.alignment].placements if p.variable in subject.variables]


def _placed_width(placement: Placement, network: FedNetwork) -> int | None:
    if placement.sizes != (None,):
        return placement.size
    widths = [_width(place, network) for place in placement.members or (placement.place,)]
    known = [width for width in widths if width is not None]
    return sum(known) if len(known) == len(widths) else None


def _width(place: Site | Region, network: FedNetwork) -> int | None:
    if isinstance(place, Region) or place.inside is not None:
        return None
    total = 0
    for part in place.parts:
        width = len(part.dims) if part.dims is not None else site_width(part, network.facts)
        if width is None:
            return None
        total += width * len(network.resolve(part.positions))
    return total
