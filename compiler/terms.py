"""Counterfactual terms: the one small algebra that every estimand lowers to, and that two worlds interpret.

The causal model and the network both evaluate the paired terms; interchange intervention accuracy is how often the
two agree. All other terms compare runs of networks. `render_terms.py` prints a term.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, fields, is_dataclass, replace
from fractions import Fraction
from operator import is_
from typing import Any, Literal, TypeVar

from ..lang.record import record

EstimandName = Literal[
    "accuracy",
    "iia",
    "cause",
    "isolate",
    "iia ->",
    "iia from",
    "probe",
    "cae",
    "divergence",
    "effect",
    "change",
    "mean",
]

ESTIMAND_VERSIONS: dict[EstimandName, int] = {
    "accuracy": 1,
    "iia": 1,
    "cause": 1,
    "isolate": 1,
    "iia ->": 1,
    "iia from": 1,
    "probe": 1,
    "cae": 2,
    "divergence": 2,
    "effect": 1,
    "change": 1,
    "mean": 1,
}
"""The version of each estimand's definition, as docs/estimands.md states it: part of every evaluation's key."""

# --- worlds and handles ----------------------------------------------------------------------------------------------


@record
class ModelWorld:
    """The causal model of this name."""

    model: str


@record
class NetworkWorld:
    """A network, whose variables `alignment` grounds (None: only its output is read)."""

    network: str
    alignment: str | None = None
    random: bool = False


World = ModelWorld | NetworkWorld


@record
class Cell:
    """Units of a network at some positions, which together are one handle. `site` is the site as a user writes it."""

    site: str


@record
class Found:
    """The `count` cells of a region with the highest `score`, `it` being the candidate. The name enters no key."""

    name: str = field(compare=False)
    count: int
    region: str
    score: "Estimate"


@record
class Candidate:
    """`it`: the cell that a search tries."""


@record
class Rest:
    """What cells, or the blocks of an alignment, leave at their layers. The name enters no key."""

    name: str = field(compare=False)
    of: "tuple[Handle, ...]"


@record
class RandomCells:
    """As many components of the same kinds in the same layers as these have, drawn anew for each item's `draw`."""

    name: str = field(compare=False)
    of: "tuple[Handle, ...]"
    draw: int = 0


Handle = str | Cell | Found | Candidate | Rest | RandomCells
"""What a run can assign and a value read: a variable or an input by its name; the others in networks only."""

# --- runs and values -------------------------------------------------------------------------------------------------


@record
class Run:
    """One run of a world on one input of the item (0: the base, j: the source of variable j), with assignments.

    `within_set`: only the targets that belong to the item's set S are assigned.
    """

    world: World
    input: int
    assignments: tuple["Assignment", ...] = ()
    within_set: bool = False


@record
class ValueOf:
    """`h of r`: the value of a handle in a run of the same world; `through` a map where the run is of another."""

    variable: Handle
    run: Run
    through: str | None = None


@record
class CodeOf:
    """`code(X, c)`: the variable's value of this code; in a network the mean of its block where it has that value."""

    variable: str
    code: int


@record
class Number:
    """The same number on every unit."""

    value: Fraction


@record
class MeanOver:
    """`mean(h)`: a handle's mean over the bases of the population."""

    handle: Handle


@record
class Resampled:
    """`resample(h, j)`: every unit takes its value from an input of its own; `draw` j is shared and repeatable."""

    handle: Handle
    draw: int


@record
class Here:
    """`here(h)`: the value in this very run, just before the assignment."""

    handle: Handle


@record
class Noise:
    """`noise(sigma, j)`: independent normal noise on every unit."""

    sigma: Fraction
    draw: int


@record
class Plus:
    """`v + a * u`; without v, `a * u`."""

    left: "Value | None"
    factor: Fraction
    right: "Value"


@record
class RandomVector:
    """A vector as long as this value in a direction drawn at random, at every position the same: one of several, which
    items have in turn. `draw` names what is drawn.
    """

    like: "Value"
    draw: int


Value = ValueOf | CodeOf | Number | MeanOver | Resampled | Here | Noise | Plus | RandomVector
"""`ValueOf` and `CodeOf` have a meaning in both worlds, the others in networks only."""


@record
class Assignment:
    """`h := v`, seen by all readers of h; with `readers`, `h => {r, ..} := v`, by these only."""

    target: Handle
    value: Value
    readers: tuple[str, ...] | None = None


# --- queries, scores, estimates --------------------------------------------------------------------------------------


@record
class OutputOf:
    """The output of a run: in a model the output variable, in a network the answer that is read from it."""

    variable: str
    run: Run


CORRECT = "correct"
"""The metric that every task with an output has: 1 where the answer is the output's value, else 0."""


@record
class MetricOf:
    """A metric of the task, read from a run of a network. What it reads is said beside the term, but for `correct`."""

    metric: str
    run: Run


Query = OutputOf | MetricOf | ValueOf


@record
class Agree:
    """1 where both queries give the same value of the output, else 0."""

    left: OutputOf
    right: OutputOf


@record
class ReadsRight:
    """1 where a variable's read-out in the network is its value in the model, else 0."""

    left: ValueOf
    right: ValueOf

    @property
    def variable(self) -> str:
        """The variable that is read."""
        assert isinstance(self.left.variable, str)
        return self.left.variable


@record
class WrongReads:
    """The share of wrong reads among the output and the variables that are not set, when all else is shuffled.

    The runs assign the variables of a set drawn from all of them and `rest(A)`; where the set has the rest, every unit
    of the sites' layer that no variable owns takes its value from an input of its own.
    """

    left: OutputOf
    right: OutputOf


@record
class Distance:
    """How far the activations of an intervened run lie off natural ones, in units of natural-to-natural distance."""

    run: Run
    variable: str
    """The output that the run would have."""


@record
class Amount:
    """The number that a query gives: a metric, or a value (a truth value as 0 or 1)."""

    query: Query


@record
class Gain:
    """`q - q'`: by how much the number that one query gives is above the other's."""

    left: Query
    right: Query


@record
class Differ:
    """1 where two queries of one network give different values, else 0."""

    left: Query
    right: Query


@record
class Apart:
    """`dist(q, q')`: the absolute difference of two metrics."""

    left: Query
    right: Query


Score = Agree | ReadsRight | WrongReads | Distance | Amount | Gain | Differ | Apart


@record
class Expectation:
    """`E[score | population]`; the population is named for the reader and keyed elsewhere."""

    score: Score
    population: str


@record
class Sum:
    """A constant and scaled expectations."""

    constant: Fraction
    terms: tuple[tuple[Fraction, Expectation], ...]


Estimate = Expectation | Sum


REST_AT = "the rest at"
"""What the names of places begin with that are a part of a rest."""


def own_name(handle: str) -> str:
    """A variable's name in its model: a handle of several alignments says which one places it, `A.x`."""
    return handle.rpartition(".")[2]


# --- making terms ----------------------------------------------------------------------------------------------------


def interchange(world: World, variables: tuple[str, ...], output: str) -> OutputOf:
    """The output of a base run in which every variable of the item's set takes its value on its own source."""
    assignments = tuple(
        Assignment(variable, ValueOf(variable, Run(world, index + 1))) for index, variable in enumerate(variables)
    )
    return OutputOf(output, Run(world, 0, assignments, within_set=True))


def along_edge(world: World, variable: str, index: int, held: tuple[str, ...], output: str) -> OutputOf:
    """The output of a base run in which a variable takes its value on source `index` and `held` keep their own."""
    assignments = (
        Assignment(variable, ValueOf(variable, Run(world, index))),
        *(Assignment(other, ValueOf(other, Run(world, 0))) for other in held),
    )
    return OutputOf(output, Run(world, 0, assignments))


def plain(world: World, output: str, input: int = 0) -> OutputOf:
    """The output of a run without assignments."""
    return OutputOf(output, Run(world, input))


def measured_run(score: Score) -> Run:
    """The run that a score is about: of two, the one that is held against the other."""
    if isinstance(score, Distance):
        return score.run
    return score.query.run if isinstance(score, Amount) else score.left.run


def metric_runs(score: Score) -> tuple[Run, ...]:
    """The runs whose answers the metric of a score reads."""
    assert isinstance(score, Amount | Gain | Apart)
    return (score.query.run,) if isinstance(score, Amount) else (score.left.run, score.right.run)


def inputs_read(run: Run) -> tuple[int, ...]:
    """The inputs of the item that a run reads, its own and those of the runs that its values are read in; in order."""
    found = {run.input}
    waiting = [assignment.value for assignment in run.assignments]
    while waiting:
        match waiting.pop():
            case ValueOf(run=inner):
                found.update(inputs_read(inner))
            case Plus(left=left, right=right):
                waiting += [right] if left is None else [left, right]
            case RandomVector(like=like):
                waiting.append(like)
    return tuple(sorted(found))


def parts_of(value: Value) -> Iterator[Value]:
    """The values that a sum is made of, and those that a random vector is as long as; any other is its only part."""
    if isinstance(value, Plus):
        for side in (value.left, value.right):
            if side is not None:
                yield from parts_of(side)
        return
    if isinstance(value, RandomVector):
        yield from parts_of(value.like)
    yield value


def values_of(run: Run) -> Iterator[Value]:
    """The values that a run sets, and those of the runs that they are read in, each with what it is made of."""
    for assignment in run.assignments:
        for value in parts_of(assignment.value):
            yield value
            if isinstance(value, ValueOf):
                yield from values_of(value.run)


def taken_values(run: Run) -> tuple[tuple[str, ValueOf], ...]:
    """The variables that a run sets, each with the value that it takes from another run.

    Raises:
        ValueError: the run sets something else, or to something else.
    """
    taken = []
    for assignment in run.assignments:
        target, value = assignment.target, assignment.value
        if not isinstance(target, str) or not isinstance(value, ValueOf) or assignment.readers is not None:
            raise ValueError("only variables, for all readers, take values from other runs")
        taken.append((target, value))
    return tuple(taken)


# --- the same in other worlds ----------------------------------------------------------------------------------------

Term = TypeVar("Term")


def on_random(score: Term) -> Term:
    """The same score on untrained networks of the same architecture."""
    return _in_worlds(score, lambda world: replace(world, random=True) if isinstance(world, NetworkWorld) else world)


def on_model(score: Term, model: str) -> Term:
    """The same score against another causal model."""
    return _in_worlds(score, lambda world: ModelWorld(model) if isinstance(world, ModelWorld) else world)


def in_worlds(score: Term, model: ModelWorld, network: NetworkWorld, others: Mapping[str, str] | None = None) -> Term:
    """The same score in one model and one network; `others` are names for further networks in it."""

    def change(world: World) -> World:
        if isinstance(world, ModelWorld):
            return model
        return NetworkWorld(others[world.network]) if others and world.network in others else network

    return _in_worlds(score, change)


def unnamed_metric(score: Term) -> Term:
    """The same score of a metric whose name says nothing."""
    return rewrite(score, MetricOf, lambda query: replace(query, metric="metric"))


def _in_worlds(term: Term, change: Callable[[World], World]) -> Term:
    return rewrite(term, ModelWorld | NetworkWorld, change)


def rewrite(term: Term, kind: Any, change: Callable[[Any], Any]) -> Term:
    """The term with `change` of every part of a kind, from the outside in; what has none of them stays the very same.

    A run that is read several times is gone through once.
    """
    runs: dict[int, Any] = {}

    def walk(node: Any) -> Any:
        if node is None or isinstance(node, str | int):
            return node
        if isinstance(node, kind):
            return change(node)
        if isinstance(node, tuple):
            parts = tuple(map(walk, node))
            return node if all(map(is_, parts, node)) else parts
        names = _fields_of(type(node))
        if not names:
            return node
        if isinstance(node, Run) and id(node) in runs:
            return runs[id(node)]
        values = [getattr(node, name) for name in names]
        walked = list(map(walk, values))
        changed = node if all(map(is_, walked, values)) else type(node)(*walked)
        if isinstance(node, Run):
            runs[id(node)] = changed
        return changed

    walked: Term = walk(term)
    return walked


_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields_of(kind: Any) -> tuple[str, ...]:
    """The fields of a record; none of anything else."""
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
    return _FIELDS[kind]
