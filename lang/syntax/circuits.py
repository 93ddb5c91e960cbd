"""Circuits and graphs as they are written."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .effects import EffectSyntax, SubjectSyntax, ThingSyntax
from .leaves import Integer, Name
from .members import ForSyntax
from .networks import NetworkReference


@record
class TopSyntax:
    """`top K of REGION by ESTIMAND`."""

    count: Integer
    region: ThingSyntax
    score: EffectSyntax
    span: Span = field(default=NOWHERE, compare=False)


@record
class CircuitSyntax:
    """`circuit C = { SITE, ... }`, or a search."""

    name: Name
    parts: tuple[ThingSyntax, ...] | TopSyntax
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@record
class NodeSyntax:
    """`node NAME: CIRCUIT -> METRIC`, or an output or an aligned variable in the metric's place."""

    name: Name
    circuit: SubjectSyntax
    read: ThingSyntax
    span: Span = field(default=NOWHERE, compare=False)


@record
class GraphSyntax:
    """`graph G on N over P exhaustively { ... }`; unrolled, it has no loop. `over` as often as it is written."""

    name: Name
    network: NetworkReference
    nodes: tuple[NodeSyntax | ForSyntax[NodeSyntax], ...]
    over: tuple[tuple[Name, ...], ...] = ()
    exhaustively: bool = False
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
