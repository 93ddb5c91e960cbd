"""Checks of a spec against its networks' files: what the header says, never a weight.

From a typed program and the spec's folder to the networks' facts and diagnostics.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ....lang.circuits import TopSites
from ....lang.claims import Accuracy, Estimand, Iia, Reading
from ....lang.diagnostics import Diagnostic, Label
from ....lang.effects import CandidateSubject, CircuitSubject, Effect, Mean, SiteSubject, Taken, VariablesSubject
from ....lang.places import Region, Site
from ....lang.program import Alignment, Program
from ...experiments import NetworkFile
from ...groundings import Autoencoder
from ...lowering.lower_graphs import graph_effects
from ...lowering.lower_searches import region_places
from ...open_network import open_network
from ...prompts.check_prompts import check_position_counts
from .check_autoencoders import check_autoencoders
from .check_branches import check_branches
from .check_sites import check_place, check_sites
from .check_taken_values import check_taken_values
from .feed_networks import Feeding


def check_networks(
    program: Program, folder: Path, allow_path: bool
) -> tuple[dict[str, NetworkFile], tuple[Diagnostic, ...]]:
    """Read every network's facts and check tasks and alignments against them.

    Networks whose file cannot be used are left out of the table; each has a diagnostic.
    """
    files: dict[str, NetworkFile] = {}
    found: list[Diagnostic] = []
    for network in program.networks.values():
        opened = open_network(network, folder, allow_path)
        if isinstance(opened, Diagnostic):
            found.append(opened)
        else:
            files[network.name] = opened
    fed = Feeding(program, files, found)
    autoencoders: dict[str, dict[str, Autoencoder]] = {}
    for alignment, name in _grounded(program):
        if (there := fed.feed(program.models[alignment.model].task, name)) is not None:
            found += check_sites(alignment, there, program.alignments)
            found += check_branches(alignment, program.models[alignment.model], there, program.alignments)
            for mapped in (alignment, *_mapped_anew(alignment, name, program)):
                read, problems = check_autoencoders(mapped, there, folder, allow_path)
                found += problems
                autoencoders.setdefault(name, {}).update(read)
            if there.layout is not None:
                found += check_position_counts(alignment, name, there.layout)
    for task_name, name in fed_pairs(program):
        fed.feed(task_name, name)
    for effect in _effects(program):
        if (there := fed.feed(effect.task, effect.network)) is not None:
            found += (problem for place in _places(effect, program) for problem in check_place(place, there))
            found += check_taken_values(effect, program, fed.feed)
    spoken = fed.spoken()
    whole = {n: replace(file, autoencoders=autoencoders.get(n, {})) for n, file in spoken.items()}
    if all(problem.severity != "error" for problem in found):
        found += _check_counts(program, whole)
    return whole, tuple(dict.fromkeys(found))


def _check_counts(program: Program, files: Mapping[str, NetworkFile]) -> Iterator[Diagnostic]:
    """A circuit has no more sites than the region that it is searched in. What a module has is not known here."""
    for circuit in program.circuits.values():
        sites = circuit.sites
        if not isinstance(sites, TopSites) or any(part.module is not None for part in sites.region.parts):
            continue
        if sites.score.network in files and (there := len(region_places(program, files, sites))) < sites.count:
            yield Diagnostic(
                "CS363",
                f"expected at most {there} sites of `{sites.region.text}`, found {sites.count}",
                Label(sites.region.span),
                help=f"write `top {there} of {sites.region.text}` or fewer, or widen the region",
            )


def fed_pairs(program: Program) -> tuple[tuple[str, str], ...]:
    """Every task with each network that is fed it, by an alignment or a claim."""
    aligned = [(program.models[alignment.model].task, network) for alignment, network in _grounded(program)]
    measured = [(e.task, e.network) for e in _estimands(program) if isinstance(e, Accuracy | Mean)]
    affected = [(effect.task, effect.network) for effect in _effects(program)]
    read = [(e.task, v.network) for e in _effects(program) for v in e.taken if isinstance(v, Taken) and v.network]
    graphs = [(graph.task, graph.network) for graph in program.graphs.values()]
    return tuple(dict.fromkeys((*aligned, *measured, *affected, *read, *graphs)))


def _effects(program: Program) -> Iterator[Effect]:
    """Every effect that a claim measures, that a circuit is searched by, or that a graph's edges start from."""
    yield from (estimand for estimand in _estimands(program) if isinstance(estimand, Effect))
    for graph in program.graphs.values():
        for node in graph.nodes:
            yield next(graph_effects(graph, node, node, node.circuit))
    for circuit in program.circuits.values():
        if isinstance(circuit.sites, TopSites):
            yield circuit.sites.score


def _places(effect: Effect, program: Program) -> Iterator[Site | Region]:
    """Where an effect acts, but for the places of alignments."""
    for subject in effect.subjects:
        if isinstance(subject, SiteSubject):
            yield subject.site
        elif isinstance(subject, CircuitSubject):
            sites = program.circuits[subject.circuit].sites
            yield from (sites.region,) if isinstance(sites, TopSites) else sites
        elif isinstance(subject, CandidateSubject):
            found = (c.sites for c in program.circuits.values() if isinstance(c.sites, TopSites))
            yield from (sites.region for sites in found if sites.score is effect)


def _grounded(program: Program) -> list[tuple[Alignment, str]]:
    """The (alignment, network) pairs: each alignment on its own network, and on those of `iia(A on N)`."""
    own = [(a.name, a.network) for a in program.alignments.values()]
    moved = [(e.alignment, e.network) for e in _estimands(program) if isinstance(e, Iia | Reading)]
    set_ = [(s.alignment, e.network) for e in _effects(program) for s in e.subjects if isinstance(s, VariablesSubject)]
    return [(program.alignments[a], n) for a, n in dict.fromkeys(own + moved + set_)]


def _mapped_anew(alignment: Alignment, network: str, program: Program) -> Iterator[Alignment]:
    """The alignment with the maps of each estimand that replaces them, `iia(A via FAMILY)`."""
    for estimand in _estimands(program):
        if not isinstance(estimand, Iia | Reading) or estimand.via is None:
            continue
        if (estimand.alignment, estimand.network) == (alignment.name, network):
            yield replace(alignment, placements=tuple(p.under(estimand.via) for p in alignment.placements))


def _estimands(program: Program) -> list[Estimand]:
    return [t.estimand for c in program.claims.values() for p in c.parts for t in (*p.left.terms, *p.right.terms)]
