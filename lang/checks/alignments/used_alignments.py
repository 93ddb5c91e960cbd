"""Which alignments the claims, circuits and graphs of a file use, so that one that nothing reads can be told."""

from collections.abc import Iterable, Iterator

from ...circuits import Circuit, Graph, TopSites
from ...claims import Claim, Estimand, Iia, Reading
from ...effects import Effect, RestSubject, Subject, Target, VariablesSubject, VariableTarget


def used_alignments(claims: Iterable[Claim], circuits: Iterable[Circuit], graphs: Iterable[Graph]) -> frozenset[str]:
    """The names of all alignments that something is measured through."""
    used = {
        name
        for claim in claims
        for part in claim.parts
        for term in (*part.left.terms, *part.right.terms)
        for name in _of_estimand(term.estimand)
    }
    for circuit in circuits:
        if isinstance(circuit.sites, TopSites):
            used.update(_of_estimand(circuit.sites.score))
    for graph in graphs:
        used.update(name for node in graph.nodes for thing in (node.circuit, node.target) for name in _of_thing(thing))
    return frozenset(used)


def _of_estimand(estimand: Estimand) -> Iterator[str]:
    match estimand:
        case Iia(alignment=alignment, origin=origin):
            yield alignment
            if origin is not None:
                yield origin
        case Reading(alignment=alignment):
            yield alignment
        case Effect():
            for thing in (*estimand.things, estimand.target):
                yield from _of_thing(thing)


def _of_thing(thing: Subject | Target) -> Iterator[str]:
    match thing:
        case VariablesSubject(alignment=alignment) | VariableTarget(alignment=alignment):
            yield alignment
        case RestSubject(of=alignment, kind="alignment"):
            yield alignment
