"""Typed circuits and graphs: sets of sites, and the circuits whose effects on each other are measured."""

from dataclasses import field

from .diagnostics import NOWHERE, Span
from .effects import Effect, Subject, Target
from .exact import Exact
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
    """A circuit and what is read of a run to tell what it does: a metric, the output, or an aligned variable.

    `reach` is how far that may move; it is `signed` where it is a number, so that after minus before has a mean.
    """

    name: str
    circuit: Subject
    target: Target
    reach: Exact
    signed: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class Graph:
    """Nodes whose effects on what each other reads are measured, pair by pair, in one network.

    `pairs` is the recipe of the items, None for the defaults; `exhaustively` takes the whole domain in place of them.
    `unreached` are the pairs of which the second reads what is computed no later than the first: nothing is measured.
    """

    name: str
    network: str
    random: bool
    task: str
    nodes: tuple[Node, ...]
    pairs: str | None = None
    exhaustively: bool = False
    doc: str = ""
    unreached: tuple[tuple[str, str], ...] = ()
    span: Span = field(default=NOWHERE, compare=False)
