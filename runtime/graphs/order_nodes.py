"""The order of a graph's nodes, strongly connected components of its edges, upstream first, and the ways in it."""

from collections.abc import Iterable, Sequence

import networkx as nx


def find_ways(edges: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """From which node one can go to which, along edges of these, one or several."""
    graph: nx.DiGraph[str] = nx.DiGraph(edges)
    return {(source, target) for source in graph for target in nx.descendants(graph, source)}


def order_nodes(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Nodes that reach each other together, and each such group after all that reach it; ties as they are declared."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    place = {node: index for index, node in enumerate(nodes)}
    condensed = nx.condensation(graph)
    groups = {
        group: tuple(sorted(members, key=place.__getitem__)) for group, members in condensed.nodes(data="members")
    }
    ordered = nx.lexicographical_topological_sort(condensed, key=lambda group: place[groups[group][0]])
    return tuple(groups[group] for group in ordered)
