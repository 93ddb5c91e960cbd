"""Graphs: each is drawn from the evaluations of its edges."""

from dataclasses import replace

from ..experiments import GraphExperiment, Paths
from ..keys import content_key
from ..plan import GraphNode, GraphStep, PlannedEdge, PlannedPaths
from .plan_evaluations import plan_evaluation
from .step_graph import StepGraph


def plan_graph(experiment: GraphExperiment, steps: StepGraph) -> str:
    """Graph, with the evaluations that its edges need: equal ones are one, of claims too."""
    graph = experiment.graph
    edges = tuple(
        PlannedEdge(
            edge.source,
            edge.target,
            _plan_paths(edge.own, experiment, steps),
            None if edge.null is None else _plan_paths(edge.null, experiment, steps),
            edge.why,
        )
        for edge in experiment.edges
    )
    nodes = tuple(GraphNode(node.name, node.circuit.text, node.target.text) for node in graph.nodes)
    key = content_key("graph", 1, nodes=nodes, edges=edges, alpha=experiment.alpha, count=experiment.count)
    if key in steps:  # another graph says the same
        key = content_key("graph again", 1, key=key, name=graph.name)
    step = GraphStep(
        key, graph.name, graph.network, nodes, graph.doc, edges, experiment.alpha, experiment.count, graph.unreached
    )
    return steps.add(step, *step.evaluations)


def _plan_paths(paths: Paths, experiment: GraphExperiment, steps: StepGraph) -> PlannedPaths:
    """The evaluations of one thing's effects on a metric, on the graph's number of items."""
    count = experiment.count
    keys = [
        plan_evaluation(one if count is None else replace(one, count=count), count is None, steps)
        for one in paths.measurements
    ]
    return PlannedPaths(*keys)
