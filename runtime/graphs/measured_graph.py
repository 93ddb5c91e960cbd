"""A measured graph: every number of it with its interval. Plain data, printed, drawn and serialised elsewhere."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["direct", "indirect", "none"]


@dataclass(frozen=True)
class NumberRow:
    """A number with its interval; `exact` is it as a fraction where it was counted over a whole domain."""

    estimate: float
    low: float
    high: float
    exact: str | None = None


@dataclass(frozen=True)
class EffectRow:
    """The mean of a metric after minus before, and the mean size of this difference, whatever its sign."""

    effect: NumberRow
    change: NumberRow


@dataclass(frozen=True)
class PathsRow:
    """What one thing does to a metric.

    `total`: in all. `direct`: with the other nodes held. `indirect`: the thing left alone, and each other node at the
    value that it has when the thing is set. `interaction` is total minus direct minus indirect, and `made_up` total
    minus direct: what the other nodes make of it when they are not held. All but the total are None where there are no
    other nodes. `circuits` are, of random circuits, the mean changes of each that was drawn: total, and direct.
    """

    total: EffectRow
    direct: EffectRow | None = None
    indirect: EffectRow | None = None
    interaction: NumberRow | None = None
    made_up: NumberRow | None = None
    circuits: tuple[tuple[float, float], ...] = ()

    @property
    def own(self) -> EffectRow:
        """The direct effect; without other nodes all of it is direct."""
        return self.total if self.direct is None else self.direct


@dataclass(frozen=True)
class GraphEdge:
    """What one node does to the metric of another.

    `null` is what random circuits in its place do, None where none can be drawn, and `why`. `stands_out` tells whether
    its direct change lies above that of random circuits, else whether its total one does. `repaired`: the other nodes
    make up for some of the direct effect.
    """

    source: str
    target: str
    own: PathsRow
    null: PathsRow | None
    why: str
    stands_out: Kind
    repaired: bool


@dataclass(frozen=True)
class NodeRow:
    """A node as its author wrote it."""

    name: str
    circuit: str
    metric: str


@dataclass(frozen=True)
class MeasuredGraph:
    """A graph with all its edges.

    `order` lists the strongly connected components of the edges that stand out, upstream first. All intervals hold
    together with the `confidence`; each may be wrong with the error `alpha`. `n` items were measured, of a
    `whole_domain` all. `network_accuracy` is on the items' bases (None: the task has no output), `clipped` and
    `near_ties` count items of any evaluation whose values were cut to a metric's bounds, or whose two best logits are
    closer than 1e-4. `awaits` says why a graph could not be measured.
    """

    name: str
    network: str
    doc: str
    nodes: tuple[NodeRow, ...]
    edges: tuple[GraphEdge, ...]
    order: tuple[tuple[str, ...], ...]
    confidence: float
    alpha: float
    n: int
    whole_domain: bool
    network_accuracy: float | None
    clipped: int
    near_ties: int
    awaits: str = ""
