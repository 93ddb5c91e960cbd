"""Typed circuits and graphs: sets of sites, and the circuits whose effects on each other are measured."""

from dataclasses import field

from .diagnostics import NOWHERE, Span
from .effects import Effect, Subject
from .places import Region, Site
from .record import record


@record
class TopSites:
    """The `count` sites of a region that score highest on `select`, each by itself in the place of `it`."""

    count: int
    region: Region
    score: Effect


@record
class Circuit:
    """A set of sites, stated or searched for."""

    name: str
    sites: tuple[Site, ...] | TopSites
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@record
class Node:
    """A circuit and the metric that says how well it does its work."""

    name: str
    circuit: Subject
    metric: str
    span: Span = field(default=NOWHERE, compare=False)


@record
class Graph:
    """Nodes whose effects on each other's metrics are measured, pair by pair, in one network.

    `pairs` is the recipe of the items, None for the defaults; `exhaustively` takes the whole domain in place of them.
    """

    name: str
    network: str
    random: bool
    task: str
    nodes: tuple[Node, ...]
    pairs: str | None = None
    exhaustively: bool = False
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
