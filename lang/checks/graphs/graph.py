"""Graphs as written -> typed: nodes, each a part of a network and what is read of it, whose effects are measured."""

from ...circuits import Graph, Node
from ...diagnostics import Label
from ...effects import CircuitSubject, InputSubject, RestSubject, Subject, VariablesSubject, VariableTarget
from ...exact import exact
from ...scope import Names, NodeView, Signature
from ...syntax.circuits import GraphSyntax, NodeSyntax
from ...syntax.effects import SubjectSyntax, ThingSyntax, WrappedSyntax
from ..effects.find_measured import find_one_task, find_tasks, is_over_repeated
from ..effects.overlap import comes_before, share_units
from ..effects.targets import change_bounds, check_target, effect_bounds, may_read
from ..effects.thing_scope import ThingScope, whole_name
from ..effects.things import check_subject
from ..networks.reference import NetworkMeant, check_network_reference
from ..pairs.find_recipe import Recipe, find_recipe

MANY = 24
"""Nodes above which a warning says how many runs a graph takes."""


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
    task = None if network is None or not declared else _find_task(syntax, declared, network, names)
    if network is None or task is None:
        return None
    recipe = Recipe(None, False)
    if not is_over_repeated(syntax.over, names):
        recipe = find_recipe(syntax.over[0] if syntax.over else (), task.name, names, syntax.name.span, report)
    scope = ThingScope(names, task)
    known = [node for node in (_check_node(node, network, scope) for node in declared) if node is not None]
    _check_apart(known, declared, names)
    for node in known:
        view = NodeView(node.circuit, node.target, network.name, network.random, task.name)
        names.nodes.entries[node.name] = view
    if report.errors > errors or not recipe.known or len(known) < len(declared):
        return None
    unreached = _unreached(known, names)
    if len(known) > 1 and len(unreached) == len(known) * (len(known) - 1):
        report.error(
            "CS478",
            f"no node of `{syntax.name.text}` is computed before what another one reads, so that all effects are 0",
            syntax.name.span,
            help="place variables where the network computes them, or read metrics",
        )
        return None
    _warn_many(syntax, len(known), names)
    return Graph(
        syntax.name.text,
        network.name,
        network.random,
        task.name,
        tuple(known),
        recipe.name,
        syntax.exhaustively,
        syntax.doc,
        unreached,
        syntax.name.span,
    )


def _find_task(syntax: GraphSyntax, nodes: list[NodeSyntax], network: NetworkMeant, names: Names) -> Signature | None:
    """The task that all nodes can belong to; None after an error."""
    tasks = find_tasks(names)
    if tasks is None:
        return None
    fitting = [task for task in tasks if all(_may_be_of(node, task, names) for node in nodes)]
    known = [node for node in nodes if any(_may_be_of(node, task, names) for task in tasks)]
    if not fitting and len(tasks) > 1 and len(known) == len(nodes):
        names.report.error(
            "CS471",
            "what the nodes read belongs to several tasks",
            nodes[0].read.span,
            help="give each task a graph of its own",
        )
        return None
    return find_one_task(fitting or tasks[:1], network.name, syntax.name.span, f"graph {syntax.name.text}", names)


def _may_be_of(node: NodeSyntax, task: Signature, names: Names) -> bool:
    thing = _thing(node.circuit)
    name = None if thing is None or thing.members is None else whole_name(thing)
    view = None if name is None else names.alignments.entries.get(name.text)
    return may_read(node.read, task, names) and (view is None or view.task == task.name)


def _thing(subject: SubjectSyntax) -> ThingSyntax | None:
    inner = subject.inner if isinstance(subject, WrappedSyntax) else subject
    return inner if isinstance(inner, ThingSyntax) else None


def _check_node(syntax: NodeSyntax, network: NetworkMeant, scope: ThingScope) -> Node | None:
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
    target = check_target(syntax.read, scope, in_graph=True)
    lies_there = _lies_in(circuit, syntax.circuit, network, scope)
    if isinstance(target, VariableTarget):
        read = VariablesSubject(target.alignment, (target.variable,))
        lies_there = _lies_in(read, syntax.read, network, scope) and lies_there
    bounds = None if target is None else change_bounds(target, scope)
    if circuit is None or target is None or bounds is None or not lies_there:
        return None
    signed = effect_bounds(target, scope) is not None
    return Node(syntax.name.text, circuit, target, exact(bounds[1]), signed, syntax.name.span)


def _lies_in(subject: Subject | None, syntax: SubjectSyntax, network: NetworkMeant, scope: ThingScope) -> bool:
    """Whether what an alignment places lies in the network that is measured."""
    match subject:
        case VariablesSubject(alignment=alignment) | RestSubject(of=alignment, kind="alignment"):
            view = scope.names.alignments.entries[alignment]
        case _:
            return True
    if view is None or view.network == network.name:
        return True
    scope.report.error(
        "CS469",
        f"`{subject.text}` lies in `{view.network}`, and the graph is measured on `{network.name}`",
        syntax.span,
        help="name variables that an alignment places in the graph's network, or sites",
    )
    return False


def _check_apart(nodes: list[Node], written: list[NodeSyntax], names: Names) -> None:
    """Whether no two nodes share units: to measure the one's effect, the others are held, and what is read is not."""
    spans = {node.name.text: node.circuit.span for node in written}
    reads = {node.name.text: node.read.span for node in written}
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
    for node in nodes:
        if (block := _block(node)) is None:
            continue
        for other in nodes:
            if other is not node and share_units(block, other.circuit, names):
                names.report.error(
                    "CS364",
                    f"node `{node.name}` reads units of the network that node `{other.name}` sets",
                    reads[node.name],
                    "read here",
                    related=[Label(spans[other.name], "set here")],
                    help="read what no other node sets: of a thing that is set or held the value is known beforehand",
                )
                return


def _block(node: Node) -> Subject | None:
    """The variable that a node reads from its block."""
    target = node.target
    return VariablesSubject(target.alignment, (target.variable,)) if isinstance(target, VariableTarget) else None


def _unreached(nodes: list[Node], names: Names) -> tuple[tuple[str, str], ...]:
    """Pairs of nodes of which the second reads what is surely computed no later than the first's circuit."""
    return tuple(
        (source.name, target.name)
        for source in nodes
        for target in nodes
        if source is not target
        and (block := _block(target)) is not None
        and comes_before(block, (source.circuit,), names)
    )


def _warn_many(syntax: GraphSyntax, nodes: int, names: Names) -> None:
    if nodes > MANY:
        names.report.warning(
            "CS365",
            f"graph `{syntax.name.text}` has {nodes} nodes, and {nodes * (nodes - 1):,} edges:"
            f" each item is run up to {2 * nodes * (2 * nodes - 1):,} times",
            syntax.name.span,
            help="join components into circuits, or ask `cspec plan` what it costs",
        )
