"""Graphs: each is drawn from the evaluations of its edges."""

from dataclasses import replace

from ..experiments import GraphExperiment, Measurement
from ..keys import content_key
from ..plan import GraphNode, GraphStep, PlannedEdge, PlannedPaths
from .plan_evaluations import plan_evaluation
from .step_graph import StepGraph


def plan_graph(experiment: GraphExperiment, steps: StepGraph) -> str:
    """Graph, with the evaluations that its edges need: equal ones are one, of claims too."""
    graph, count = experiment.graph, experiment.count
    planned: dict[int, str] = {}

    def plan(measurement: Measurement) -> str:
        """The evaluation on the graph's number of items, of a measurement that several edges have once."""
        if id(measurement) not in planned:
            counted = measurement if count is None else replace(measurement, count=count)
            planned[id(measurement)] = plan_evaluation(counted, count is None, steps)
        return planned[id(measurement)]

    edges = tuple(
        PlannedEdge(
            edge.source,
            edge.target,
            PlannedPaths(*map(plan, edge.own.measurements)),
            None if edge.null is None else PlannedPaths(*map(plan, edge.null.measurements)),
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
