"""Measure a graph: score all its edges together, and read what stands out beside random circuits."""

from collections.abc import Iterator
from dataclasses import replace

from ...compiler.plan import GraphStep, PlannedPaths
from ..deciding.quantity_keys import quantity_keys
from ..deciding.rulings import reads_right
from ..deciding.verdicts import QuantityKeys
from ..metrics import AwaitingScores, rounding_of
from ..scoring.evaluations import Evaluations
from ..scoring.scores import Scores
from .measure_numbers import Scored, measure_paths
from .measured_graph import EffectRow, GraphEdge, Kind, MeasuredGraph, NodeRow, NumberRow, PathsRow
from .order_nodes import find_ways, order_nodes


def measure_graph(step: GraphStep, evaluations: Evaluations, confidence: float) -> MeasuredGraph:
    """All numbers of a graph, measured now or read from the store.

    Raises:
        EnvironmentProblem: a checkpoint, the store or an activation is broken.
    """
    keys = step.evaluations
    found: dict[str, Scores] = {}
    read: dict[str, float] = {}
    edges, awaits = tuple[GraphEdge, ...](), ""
    try:
        awaits = next((_say(overlap) for key in keys if (overlap := evaluations.overlap(key)) is not None), "")
        if not awaits:
            evaluations.score_together(step.name, keys, step.count)
            found = {key: evaluations.scores(key, step.count) for key in keys}
            read = _read_right(step, found)
            edges = _mark_along(tuple(_edges(step, found, evaluations)))
    except AwaitingScores as awaiting:
        awaits = str(awaiting)
    first = next(iter(found.values()), None)
    rights = first.base_right if first is not None else None
    return MeasuredGraph(
        name=step.name,
        network=step.network,
        doc=step.doc,
        nodes=tuple(NodeRow(node.name, node.circuit, node.metric, read.get(node.name)) for node in step.nodes),
        edges=edges,
        order=order_nodes(
            [node.name for node in step.nodes],
            ((edge.source, edge.target) for edge in edges if edge.is_found),
        ),
        confidence=confidence,
        alpha=step.alpha,
        n=0 if first is None else first.n,
        whole_domain=step.count is None,
        network_accuracy=None if rights is None or first is None else rights / first.n,
        clipped=max((scores.clipped for scores in found.values()), default=0),
        near_ties=max((scores.near for scores in found.values()), default=0),
        awaits=awaits,
        unreached=step.unreached,
        task=_keys(keys[0], evaluations).task if keys else None,
    )


def _say(overlap: tuple[str, str]) -> str:
    return f"`{overlap[0]}` and `{overlap[1]}` were found in the same units"


def _read_right(step: GraphStep, found: dict[str, Scores]) -> dict[str, float]:
    """By node, on how many bases its variable is read right: the least, where sources have items of their own."""
    shares: dict[str, float] = {}
    for edge in step.edges:
        scores = found[edge.own.total]
        if scores.read_right is not None:
            shares[edge.target] = min(shares.get(edge.target, 1.0), scores.read_right / scores.n)
    return shares


def _edges(step: GraphStep, found: dict[str, Scores], evaluations: Evaluations) -> Iterator[GraphEdge]:
    def scored(key: str | None) -> Scored | None:
        return None if key is None else Scored(evaluations.content(key), found[key])

    def measured(paths: PlannedPaths) -> PathsRow:
        total, one = Scored(evaluations.content(paths.total), found[paths.total]), evaluations.step(paths.total)
        whole = one.metric is None or one.metric.is_whole
        return measure_paths(total, scored(paths.direct), scored(paths.indirect), step.alpha, len(one.draws), whole)

    for edge in step.edges:
        own = measured(edge.own)
        null = None if edge.null is None else measured(edge.null)
        metric = evaluations.step(edge.own.total).metric
        slack = 0.0 if metric is None else rounding_of(metric)
        kind = find_kind(own, null, slack) if reads_right(found[edge.own.total], step.alpha) else "unread"
        yield GraphEdge(
            edge.source,
            edge.target,
            own,
            null,
            edge.why,
            kind,
            kind != "unread" and is_repaired(own, slack),
            items=_keys(edge.own.total, evaluations).items,
            version=evaluations.step(edge.own.total).version,
        )


def _keys(evaluation: str, evaluations: Evaluations) -> QuantityKeys:
    network = evaluations.step(evaluation).candidates[0].network
    return quantity_keys(evaluations.content(evaluation), evaluations.items(evaluation), network)


def _mark_along(edges: tuple[GraphEdge, ...]) -> tuple[GraphEdge, ...]:
    """The edges, each with whether direct ones lead from its source to its target."""
    direct = [(edge.source, edge.target) for edge in edges if edge.stands_out == "direct"]
    ways = find_ways(direct)
    return tuple(
        replace(edge, along=edge.stands_out != "direct" and (edge.source, edge.target) in ways) for edge in edges
    )


def find_kind(own: PathsRow, null: PathsRow | None, slack: float = 0.0) -> Kind:
    """How an edge stands out: by what its source does directly, else by what it does in all, else not at all.

    `slack` is what rounding may move a mean by, where the network computes what is read.
    """
    direct, whole = (None, None) if null is None else (null.own, null.total)
    circuits = () if null is None else null.circuits
    if _is_above(own.own, direct, [circuit for _, circuit in circuits], slack):
        return "direct"
    return "indirect" if _is_above(own.total, whole, [circuit for circuit, _ in circuits], slack) else "none"


def _is_above(own: EffectRow, null: EffectRow | None, circuits: list[float], slack: float) -> bool:
    """Whether a change surely is larger than that of random circuits, of all together and of each as it was found."""
    beyond = max([0.0, *([] if null is None else [null.change.high]), *circuits])
    return own.change.low > beyond + slack


def is_repaired(own: PathsRow, slack: float = 0.0) -> bool:
    """Whether other nodes make up for some of the direct effect: they surely move the metric back."""
    if own.direct is None or own.direct.effect is None or own.made_up is None:
        return False
    direct, made_up = _sign(own.direct.effect, slack), _sign(own.made_up, slack)
    return direct != 0 and made_up == -direct


def _sign(number: NumberRow, slack: float) -> int:
    """1 or -1 where a number surely is above or below 0."""
    return (number.low > slack) - (number.high < -slack)
