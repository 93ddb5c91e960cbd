"""From a graph to the effects of its nodes on each other, pair by pair, each beside that of random circuits."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...lang.circuits import Graph, Node
from ...lang.effects import CircuitSubject, Effect, Setting, SiteSubject, Subject, Target
from ...lang.program import Program
from ..causal_model import CausalModel
from ..experiments import Edge, GraphExperiment, GraphItems, Measurement, NetworkFile, Paths
from ..groundings import Place
from .lower_measured_effects import lower_measured_effect
from .lower_recipes import find_pairs, item_counts
from .place_effects import Sites, place_subjects

ITEMS = 1024
"""On how many items a graph is measured, where the file states no budget."""
SEARCHED = "they are drawn beside all nodes, and where this one lies is not known before its search"
"""Why there are none like a circuit that is searched for: one might have sites of what is found in it."""


def lower_graph_items(
    program: Program, models: Mapping[str, CausalModel], networks: Mapping[str, NetworkFile], graph: Graph
) -> GraphItems:
    """What the items of a graph that can be run rest on."""
    lowering = _Lowering(program, models, networks, graph)
    totals = (next(graph_effects(graph, source, target, source.circuit)) for source, target in each_in_turn(graph))
    count = item_counts(program, find_pairs(program, graph.pairs, graph.task))[2]
    count = count if program.budget is not None else min(count, ITEMS)
    return GraphItems(graph, tuple(map(lowering.measure, totals)), None if graph.exhaustively else count)


def lower_graph(
    program: Program, models: Mapping[str, CausalModel], networks: Mapping[str, NetworkFile], items: GraphItems
) -> GraphExperiment:
    """The experiment of a graph, with every edge."""
    lowering = _Lowering(program, models, networks, items.graph)
    edges = tuple(lowering.edge(source, target) for source, target in ordered_pairs(items.graph))
    numbers = sum(count_numbers(paths) for edge in edges for paths in (edge.own, edge.null) if paths is not None)
    alpha = (1 - program.settings.confidence) / max(1, numbers)
    return GraphExperiment(items.graph, edges, alpha, items.count)


def count_numbers(paths: Paths) -> int:
    """How many numbers are given an interval: every effect with its size, the interaction, and what is made up for.

    Of what is no number only the sizes: how often it changes.
    """
    several = len(paths.measurements) > 1
    return 2 * len(paths.measurements) + 2 * several if paths.total.signed else len(paths.measurements)


def ordered_pairs(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Every node with every other one that it may reach."""
    unreached = set(graph.unreached)
    for source in graph.nodes:
        for target in graph.nodes:
            if source is not target and (source.name, target.name) not in unreached:
                yield source, target


def each_in_turn(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Pairs in which each node that may reach another is once a source, and each that may be reached once a target."""
    sources, targets = set[str](), set[str]()
    for source, target in ordered_pairs(graph):
        if source.name not in sources or target.name not in targets:
            sources.add(source.name)
            targets.add(target.name)
            yield source, target


def graph_effects(graph: Graph, source: Node, target: Node, subject: Subject) -> Iterator[Effect]:
    """The total effect of a thing on what a node reads, the direct one given the other nodes, and that through them.

    Of what is no number it is how often it changes.
    """
    others = tuple(node.circuit for node in graph.nodes if node not in (source, target))
    low = (-target.reach[0], target.reach[1]) if target.signed else (0, 1)
    total = Effect(
        "effect" if target.signed else "change",
        (Setting(subject),),
        target.target,
        graph.network,
        graph.random,
        graph.task,
        graph.pairs,
        low,
        target.reach,
        span=graph.span,
    )
    yield total
    if others:
        yield replace(total, given=others)
        yield replace(total, through=others)


def random_like(subject: Subject) -> Subject | None:
    """Random circuits in the place of a node; None where its places are no set of components."""
    match subject:
        case CircuitSubject() | SiteSubject():
            return replace(subject, random=True)
    return None


class _Lowering:
    def __init__(
        self,
        program: Program,
        models: Mapping[str, CausalModel],
        networks: Mapping[str, NetworkFile],
        graph: Graph,
    ) -> None:
        self.program, self.models, self.networks, self.graph = program, models, networks, graph
        subjects = tuple(node.circuit for node in graph.nodes)
        self.sites = Sites(program, networks, graph.network, graph.task)
        self.beside = place_subjects(program, models, networks, subjects, self.sites)
        self.totals: dict[tuple[str, bool, Target], Measurement] = {}
        """What each node does in all to what is read, and (True) random circuits in its place: whoever reads it."""

    def edge(self, source: Node, target: Node) -> Edge:
        """What one node does to the other's metric, and what random circuits beside all nodes do to it."""
        own = self.paths(source, target, source.circuit)
        random = random_like(source.circuit)
        if random is None:
            return Edge(source.name, target.name, own, None, "aligned variables are no set of components")
        if own.total.rankings:
            return Edge(source.name, target.name, own, None, SEARCHED)
        if own.total.metric is not None and own.total.metric.generation is not None:
            return Edge(source.name, target.name, own, None, "answers are generated once for each input")
        null = self.paths(source, target, random, self.beside)
        if lacking := next((one.lacking for one in null.measurements if one.lacking), ""):
            return Edge(source.name, target.name, own, None, lacking)
        return Edge(source.name, target.name, own, null)

    def paths(self, source: Node, target: Node, subject: Subject, beside: tuple[Place, ...] = ()) -> Paths:
        """The effects of a thing on a node's metric, the total one first."""
        effects = graph_effects(self.graph, source, target, subject)
        total, at = next(effects), (source.name, subject is not source.circuit, target.target)
        if at not in self.totals:
            self.totals[at] = self.measure(total, beside)
        return Paths(self.totals[at], *(self.measure(effect, beside) for effect in effects))

    def measure(self, effect: Effect, beside: tuple[Place, ...] = ()) -> Measurement:
        """One effect."""
        return lower_measured_effect(self.program, self.models, self.networks, effect, beside=beside, sites=self.sites)
