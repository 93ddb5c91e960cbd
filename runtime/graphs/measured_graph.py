"""A measured graph: every number of it with its interval. Plain data, printed, drawn and serialised elsewhere."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["direct", "indirect", "none", "unread"]


@dataclass(frozen=True)
class NumberRow:
    """A number with its interval; `exact` is it as a fraction where it was counted over a whole domain."""

    estimate: float
    low: float
    high: float
    exact: str | None = None


@dataclass(frozen=True)
class EffectRow:
    """The mean of what is read after minus before, and the mean size of this difference, whatever its sign.

    Of what is no number there is no `effect`, and `change` is on how many items it differs. `scores` is the key of the
    scores in the store (None: of an older version).
    """

    effect: NumberRow | None
    change: NumberRow
    scores: str | None = None


@dataclass(frozen=True)
class PathsRow:
    """What one thing does to a metric.

    `total`: in all. `direct`: with the other nodes held. `indirect`: the thing left alone, and each other node at the
    value that it has when the thing is set. `interaction` is total minus direct minus indirect, and `made_up` total
    minus direct: what the other nodes make of it when they are not held; both are None of what is no number. All but
    the total are None where there are no other nodes. `circuits` are, of random circuits, the mean changes of each that
    was drawn: total, and direct.
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
    its direct change lies above that of random circuits, else whether its total one does; `unread` where what the
    target reads is not read right, so that nothing can be told. `along`: others that stand out directly lead from its
    source to its target, one after the other. `repaired`: the other nodes make up for some of the direct effect.
    `items` is the key of the items, whatever their number, and `version` that of the effect's definition (None: of an
    older version).
    """

    source: str
    target: str
    own: PathsRow
    null: PathsRow | None
    why: str
    stands_out: Kind
    repaired: bool
    along: bool = False
    items: str | None = None
    version: int | None = None

    @property
    def is_found(self) -> bool:
        """Whether it stands out, directly or indirectly."""
        return self.stands_out in ("direct", "indirect")


@dataclass(frozen=True)
class NodeRow:
    """A node as its author wrote it; `metric` is what it reads.

    Of an aligned variable `reads_right` is the share of bases on which it is read right, None where none is read.
    """

    name: str
    circuit: str
    metric: str
    reads_right: float | None = None


@dataclass(frozen=True)
class MeasuredGraph:
    """A graph with all its edges.

    `order` lists the strongly connected components of the edges that stand out, upstream first. All intervals hold
    together with the `confidence`; each may be wrong with the error `alpha`. `n` items were measured, of a
    `whole_domain` all. `network_accuracy` is on the items' bases (None: the task has no output), `clipped` and
    `near_ties` count items of any evaluation whose values were cut to a metric's bounds, or whose two best logits are
    closer than 1e-4. `awaits` says why a graph could not be measured. `unreached` are pairs without an edge, whose
    second reads what is computed no later than the first, so that nothing of it gets there whatever the network. `task`
    is the key of the task's variables (None: of an older version).
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
    unreached: tuple[tuple[str, str], ...] = ()
    task: str | None = None

    @property
    def reads_variables(self) -> bool:
        """Whether what nodes read lies inside the network, so that an indirect effect is one along direct edges."""
        return any(node.reads_right is not None for node in self.nodes)
