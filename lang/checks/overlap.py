"""Whether two things in a network surely share units: then neither can be set while the other is held."""

from ..effects import (
    CandidateSubject,
    CircuitSubject,
    InputSubject,
    RestSubject,
    SiteSubject,
    Subject,
    VariablesSubject,
)
from ..overlaps import overlap
from ..places import Region, Site
from ..scope import Names


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
