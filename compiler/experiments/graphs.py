"""A graph as an experiment: what each node does to the metric of each other."""

from ...lang.circuits import Graph
from ...lang.record import record
from .measurements import Measurement


@record
class Paths:
    """What one thing does to a metric: in all; with other things held; and by way of them alone, it being left alone.

    The last two are None where there are no other things.
    """

    total: Measurement
    direct: Measurement | None = None
    indirect: Measurement | None = None

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Those that there are."""
        return tuple(one for one in (self.total, self.direct, self.indirect) if one is not None)


@record
class Edge:
    """What one node of a graph does to the metric of another, and what random circuits in its place do to it.

    `null` is None where no such circuit can be drawn, and `why`.
    """

    source: str
    target: str
    own: Paths
    null: Paths | None
    why: str = ""

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """The node's, then those of random circuits."""
        return (*self.own.measurements, *(() if self.null is None else self.null.measurements))


@record
class GraphItems:
    """What a graph's items, fits and searches rest on: each node's `totals`, its effect in all on some other node.

    `count` is the number of items, None for the whole domain.
    """

    graph: Graph
    totals: tuple[Measurement, ...]
    count: int | None


@record
class GraphExperiment:
    """A graph as an edge for each ordered pair of nodes. Nothing of it is decided: no claim is made.

    `alpha` is the error of each of its numbers; together they make that of the file. `count` is the number of items,
    None for the whole domain.
    """

    graph: Graph
    edges: tuple[Edge, ...]
    alpha: float
    count: int | None
