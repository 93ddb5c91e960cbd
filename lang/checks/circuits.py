"""Circuits and graphs as written -> typed: sets of sites, searches for them, and nodes whose effects are measured."""

from ..circuits import Circuit, Graph, Node, TopSites
from ..diagnostics import Label
from ..effects import CircuitSubject, InputSubject
from ..places import Site
from ..scope import Names, NodeView
from ..suggest import suggest
from ..syntax.circuits import CircuitSyntax, GraphSyntax, NodeSyntax, TopSyntax
from ..syntax.effects import ThingSyntax
from .accuracy import check_network_reference
from .effects import check_effect
from .find_measured import is_over_repeated
from .find_recipe import Recipe, find_recipe
from .overlap import share_units
from .things import ThingScope, check_subject, check_thing_region, check_thing_site


def check_circuit(syntax: CircuitSyntax, names: Names) -> Circuit | None:
    """One circuit; None after an error. Circuits that it uses are declared before it."""
    if isinstance(syntax.parts, TopSyntax):
        found = _check_top(syntax.parts, names)
        return None if found is None else Circuit(syntax.name.text, found, syntax.doc, syntax.name.span)
    sites = _check_sites(syntax.parts, names)
    return None if sites is None else Circuit(syntax.name.text, sites, syntax.doc, syntax.name.span)


def _check_sites(parts: tuple[ThingSyntax, ...], names: Names) -> tuple[Site, ...] | None:
    scope = _site_scope(names)
    sites: list[Site] = []
    for part in parts:
        site = check_thing_site(part, scope)
        if site is None:
            return None
        if site in sites:
            names.report.error(
                "CS360",
                f"`{site.text}` is listed twice",
                part.span,
                "again here",
                related=[Label(sites[sites.index(site)].span, "first here")],
                help="list each site once",
            )
            return None
        sites.append(site)
    return tuple(sites)


def _check_top(syntax: TopSyntax, names: Names) -> TopSites | None:
    if syntax.count.value < 1:
        names.report.error(
            "CS361",
            f"expected a number of sites above 0, found {syntax.count.value}",
            syntax.count.span,
            help="write `top 8 of ...`",
        )
        return None
    region = check_thing_region(syntax.region, _site_scope(names))
    score = check_effect(syntax.score, names, searching=True)
    return None if region is None or score is None else TopSites(syntax.count.value, region, score)


def _site_scope(names: Names) -> ThingScope:
    """Slots of a circuit's positions are inputs of the file's only task; of several, they are not known here."""
    tasks = [task for task in names.tasks.entries.values() if task is not None]
    only = tasks[0] if len(tasks) == len(names.tasks.entries) == 1 else None
    return ThingScope(names, only)


def check_graph(syntax: GraphSyntax, names: Names) -> Graph | None:
    """One graph, whose nodes are known by name from here on; None after an error."""
    report, errors = names.report, names.report.errors
    network = check_network_reference(syntax.network, names)
    nodes = [node for node in syntax.nodes if isinstance(node, NodeSyntax)]
    declared = [node for node in nodes if names.nodes.declare(node.name)]
    if not nodes:
        report.error(
            "CS362",
            f"graph `{syntax.name.text}` has no node",
            syntax.name.span,
            help="add a line such as `node skill: heads -> correct`",
        )
    tasks = [task for task in names.tasks.entries.values() if task is not None]
    if len(tasks) < len(names.tasks.entries) or network is None:
        return None
    metrics = {node.metric.text for node in declared}
    fitting = [task for task in tasks if metrics <= set(task.metrics)]
    if not fitting:
        every = dict.fromkeys(metric for task in tasks for metric in task.metrics)
        unknown = next((n for n in declared if n.metric.text not in every), None)
        at = declared[0] if unknown is None else unknown
        report.error(
            "CS471",
            f"expected a metric, found `{at.metric.text}`" if unknown else "the nodes' metrics belong to several tasks",
            at.metric.span,
            help=suggest(at.metric.text, every, "metrics") if unknown else "give each task a graph of its own",
        )
        return None
    if len(fitting) > 1:
        report.error(
            "CS416",
            f"graph `{syntax.name.text}` is of which task",
            syntax.name.span,
            notes=[f"`{task.name}` could be meant" for task in fitting[:4]],
            help="read a metric that one task alone has",
        )
        return None
    (task,) = fitting
    recipe = Recipe(None, False)
    if not is_over_repeated(syntax.over, names):
        recipe = find_recipe(syntax.over[0] if syntax.over else (), task.name, names, syntax.name.span, report)
    found = [_check_node(node, ThingScope(names, task)) for node in declared]
    _check_apart([node for node in found if node is not None], declared, names)
    for node in found:
        if node is not None:
            view = NodeView(node.circuit, node.metric, network.name, network.random, task.name)
            names.nodes.entries[node.name] = view
    if report.errors > errors or not recipe.known:
        return None
    known = tuple(node for node in found if node is not None)
    return Graph(
        syntax.name.text,
        network.name,
        network.random,
        task.name,
        known,
        recipe.name,
        syntax.exhaustively,
        syntax.doc,
        syntax.name.span,
    )


def _check_apart(nodes: list[Node], written: list[NodeSyntax], names: Names) -> None:
    """Whether no two nodes share units: to measure the one's effect, the others are held."""
    spans = {node.name.text: node.circuit.span for node in written}
    for index, node in enumerate(nodes):
        for earlier in nodes[:index]:
            if share_units(earlier.circuit, node.circuit, names):
                same = earlier.circuit == node.circuit
                names.report.error(
                    "CS364",
                    f"nodes `{earlier.name}` and `{node.name}` are the same part of the network"
                    if same
                    else f"nodes `{earlier.name}` and `{node.name}` share units of the network",
                    spans[node.name],
                    "the same again" if same else "shares them",
                    related=[Label(spans[earlier.name], "first here")],
                    help="give each node sites of its own: while one is set, the others are held",
                )
                return


def _check_node(syntax: NodeSyntax, scope: ThingScope) -> Node | None:
    circuit = check_subject(syntax.circuit, scope)
    if isinstance(circuit, InputSubject):
        scope.report.error(
            "CS461",
            f"a node is a part of the network, found the input `{circuit.text}`",
            syntax.circuit.span,
            help="name a circuit, a site or an aligned variable",
        )
        return None
    if isinstance(circuit, CircuitSubject) and circuit.random:
        scope.report.error(
            "CS461",
            f"a node is one part of the network, found the draws of `{circuit.text}`",
            syntax.circuit.span,
            help="name a circuit, a site or an aligned variable; random circuits are measured beside every node",
        )
        return None
    return None if circuit is None else Node(syntax.name.text, circuit, syntax.metric.text, syntax.name.span)
