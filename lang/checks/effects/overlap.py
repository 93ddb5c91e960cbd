"""Whether two things in a network surely share units, or one surely comes before the other.

Of things that share units neither can be set while the other is held.
"""

from ...effects import (
    CandidateSubject,
    CircuitSubject,
    InputSubject,
    RestSubject,
    SiteSubject,
    Subject,
    VariablesSubject,
)
from ...places import Region, Site
from ...scope import Names
from ...sites.components import COMPONENTS
from ...sites.inner_sites import root_site
from ...sites.overlaps import overlap


def share_units(one: Subject, other: Subject, names: Names) -> bool:
    """True only where it is certain, whatever the network and the prompt."""
    match one, other:
        case InputSubject(), InputSubject():
            return bool({one.name, *one.members} & {other.name, *other.members})
        case CandidateSubject(), CandidateSubject():
            return True
        case (RestSubject(), RestSubject()) | (CircuitSubject(random=True), CircuitSubject(random=True)):
            return one == other
        case VariablesSubject(), VariablesSubject() if one.alignment == other.alignment:
            return bool(set(one.variables) & set(other.variables))
    if isinstance(one, CircuitSubject) and one == other:
        return True
    views = names.alignments.entries
    return any(overlap(a, b, views) for a in _places_of(one, names) for b in _places_of(other, names))


def comes_before(read: Subject, changed: tuple[Subject, ...], names: Names) -> bool:
    """Whether what is read is surely computed no later than anything of these, so that none of them reaches it.

    Of one depth they are apart: what shares units is reported by itself.
    """
    placed = _stated(read, names)
    if placed is None:
        return False
    latest, found = max(placed), list[float]()
    for subject in changed:
        depths = _stated(subject, names)
        if depths is None:
            return False
        found += depths
    return bool(found) and latest <= min(found)


def _stated(subject: Subject, names: Names) -> list[float] | None:
    """When the sites of a thing are computed; None where one is found, or only its network knows."""
    if isinstance(subject, VariablesSubject):
        view = names.alignments.entries[subject.alignment]
        placements = () if view is None else view.placements
        chosen = [each for each in placements if each.variable in subject.variables]
        places = tuple(place for each in chosen for place in each.members or (each.place,))
    else:
        places = _places_of(subject, names)
    sites = [part for p in places if isinstance(p, Site) for part in root_site(p, names.alignments.entries).parts]
    depths = [COMPONENTS[site.component].depth(site.layer) for site in sites]
    return None if len(sites) < len(places) or not sites or any(depth != depth for depth in depths) else depths


def _places_of(subject: Subject, names: Names) -> tuple[Site | Region, ...]:
    """The sites of a thing, or the regions that they are searched in; none where they, or dims of theirs, are found."""
    match subject:
        case SiteSubject(site=site):
            return (site,)
        case CircuitSubject(circuit=name, random=False):
            circuit = names.circuits.entries.get(name)
            return circuit.sites if circuit is not None and isinstance(circuit.sites, tuple) else ()
        case VariablesSubject(alignment=alignment, variables=variables):
            view = names.alignments.entries[alignment]
            placements = () if view is None else view.placements
            chosen = [p for p in placements if p.variable in variables and not p.dims_are_found]
            return tuple(place for p in chosen for place in p.members or (p.place,))
    return ()
