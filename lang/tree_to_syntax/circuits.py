"""Rules of circuits and graphs."""

from typing import Any

from ..diagnostics import Span
from ..syntax.circuits import CircuitSyntax, GraphSyntax, NodeSyntax, TopSyntax
from ..syntax.effects import ThingSyntax
from ..syntax.members import ForSyntax
from .between_rules import Modifier, Over
from .faults import BrokenSyntaxError, explain_repetition
from .leaves import integer_of, name_of, of_kind
from .members import build_task_for


def build_circuit(span: Span, children: list[Any]) -> CircuitSyntax:
    return CircuitSyntax(name_of(children[0]), children[1], span=span)


def build_circuit_sites(span: Span, children: list[Any]) -> tuple[ThingSyntax, ...]:
    return of_kind(children, ThingSyntax)


def build_circuit_top(span: Span, children: list[Any]) -> TopSyntax:
    count, region, score = children
    return TopSyntax(integer_of(count), region, score, span)


def build_graph(span: Span, children: list[Any]) -> GraphSyntax:
    name, _, network, *rest = children
    nodes = tuple(node for node in rest if isinstance(node, NodeSyntax | ForSyntax))
    over = tuple(clause.names for clause in of_kind(rest, Over))
    exhaustively = of_kind(rest, Modifier)
    if len(exhaustively) > 1:
        raise BrokenSyntaxError(explain_repetition("exhaustively", exhaustively[1].span, exhaustively[0].span))
    return GraphSyntax(name_of(name), network, nodes, over, bool(exhaustively), span=span)


build_graph_for = build_task_for


def build_node(span: Span, children: list[Any]) -> NodeSyntax:
    return NodeSyntax(name_of(children[0]), children[1], children[2], span)
