"""The step that measures a graph: what each node does to the metric of each other."""

from typing import Literal

from ...lang.record import record


@record
class PlannedPaths:
    """What one thing does to a metric, by the keys of evaluations: in all, with other things held, and through them."""

    total: str
    direct: str | None = None
    indirect: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(key for key in (self.total, self.direct, self.indirect) if key is not None)


@record
class PlannedEdge:
    """What one node of a graph does to another's metric, and random circuits in its place (None: there are none)."""

    source: str
    target: str
    own: PlannedPaths
    null: PlannedPaths | None
    why: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """All evaluations that it needs."""
        return (*self.own.keys, *(() if self.null is None else self.null.keys))


@record
class GraphNode:
    """A node as its author wrote it; `metric` is what it reads."""

    name: str
    circuit: str
    metric: str


@record
class GraphStep:
    """Measure a graph: an edge for each ordered pair of its nodes, on so many items (`count`; None: the whole domain).

    Each number may be wrong with the error `alpha`. Nothing is decided. `unreached` are pairs without an edge, whose
    second reads what is computed no later than the first.
    """

    key: str
    name: str
    network: str
    nodes: tuple[GraphNode, ...]
    doc: str
    edges: tuple[PlannedEdge, ...]
    alpha: float
    count: int | None
    unreached: tuple[tuple[str, str], ...] = ()
    kind: Literal["Graph"] = "Graph"

    @property
    def evaluations(self) -> tuple[str, ...]:
        """All that it needs, each once."""
        return tuple(dict.fromkeys(key for edge in self.edges for key in edge.keys))
