"""Whether two things in a network surely share units: then neither can be set while the other is held."""

from collections.abc import Iterator

from .effects import CandidateSubject, CircuitSubject, InputSubject, RestSubject, SiteSubject, Subject, VariablesSubject
from .places import Site
from .scope import Names


def overlap(one: Subject, other: Subject, names: Names) -> bool:
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
    return any(_share(a, b) for a in _sites_of(one, names) for b in _sites_of(other, names))


def _sites_of(subject: Subject, names: Names) -> Iterator[Site]:
    """The stated sites of a thing; none where they are searched for or drawn."""
    match subject:
        case SiteSubject(site=site):
            yield from site.parts
        case CircuitSubject(circuit=name, random=False):
            circuit = names.circuits.entries.get(name)
            if circuit is not None and isinstance(circuit.sites, tuple):
                for site in circuit.sites:
                    yield from site.parts
        case VariablesSubject(alignment=alignment, variables=variables):
            view = names.alignments.entries[alignment]
            for placement in () if view is None else view.placements:
                if placement.variable in variables and isinstance(placement.place, Site):
                    for site in placement.members or (placement.place,):
                        yield from site.parts


def _share(one: Site, other: Site) -> bool:
    """Whether two sites have a unit in common. Positions that are written differently may be different tokens."""
    if (one.component, one.layer, one.head, one.module) != (other.component, other.layer, other.head, other.module):
        return False
    if one.dims is not None and other.dims is not None and not set(one.dims) & set(other.dims):
        return False
    if not one.positions and not other.positions:
        return True
    every = any(p.slot is None and p.index is None for p in (*one.positions, *other.positions))
    return every or bool(set(one.positions) & set(other.positions))
