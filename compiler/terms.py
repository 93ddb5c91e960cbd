"""Counterfactual terms: the one small algebra that every estimand lowers to, and that two worlds interpret.

The causal model and the network both evaluate the paired terms; interchange intervention accuracy is how often the
two agree. `render` prints a term as `cspec compile --emit terms` shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

EstimandName = Literal["accuracy", "iia", "cause", "isolate", "iia ->", "probe", "cae", "divergence"]

ESTIMAND_VERSIONS: dict[EstimandName, int] = {
    "accuracy": 1,
    "iia": 1,
    "cause": 1,
    "isolate": 1,
    "iia ->": 1,
    "probe": 1,
    "cae": 1,
    "divergence": 1,
}
"""The version of each estimand's definition, as docs/estimands.md states it: part of every evaluation's key."""


@dataclass(frozen=True)
class ModelWorld:
    """The causal model of this name."""

    model: str


@dataclass(frozen=True)
class NetworkWorld:
    """A network, whose variables `alignment` grounds (None: only its output is read)."""

    network: str
    alignment: str | None = None
    random: bool = False


World = ModelWorld | NetworkWorld


@dataclass(frozen=True)
class Run:
    """One run of a world on one input of the item (0: the base, j: the source of variable j), with assignments.

    `within_set`: only the targets that belong to the item's set S are assigned.
    """

    world: World
    input: int
    assignments: tuple["Assignment", ...] = ()
    within_set: bool = False


@dataclass(frozen=True)
class ValueOf:
    """`h of r`: the value of a variable in a run of the same world."""

    variable: str
    run: Run


@dataclass(frozen=True)
class Assignment:
    """`h := v`, seen by all readers of h."""

    target: str
    value: ValueOf


@dataclass(frozen=True)
class OutputOf:
    """The output of a run: in a model the output variable, in a network the answer that is read from it."""

    variable: str
    run: Run


@dataclass(frozen=True)
class Agree:
    """1 where both queries give the same value of the output, else 0."""

    left: OutputOf
    right: OutputOf


@dataclass(frozen=True)
class ReadsRight:
    """1 where a variable's read-out in the network is its value in the model, else 0."""

    left: ValueOf
    right: ValueOf


@dataclass(frozen=True)
class WrongReads:
    """The share of wrong reads among the output and the variables that are not set, when all else is shuffled.

    The runs assign the variables of a set drawn from all of them and `rest(A)`; where the set has the rest, every unit
    of the sites' layer that no variable owns takes its value from an input of its own.
    """

    left: OutputOf
    right: OutputOf


@dataclass(frozen=True)
class Distance:
    """How far the activations of an intervened run lie off natural ones, in units of natural-to-natural distance."""

    run: Run
    variable: str
    """The output that the run would have."""


Score = Agree | ReadsRight | WrongReads | Distance


@dataclass(frozen=True)
class Expectation:
    """`E[score | population]`; the population is named for the reader and keyed elsewhere."""

    score: Score
    population: str


@dataclass(frozen=True)
class Sum:
    """A constant and scaled expectations."""

    constant: Fraction
    terms: tuple[tuple[Fraction, Expectation], ...]


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


def on_random(score: Score) -> Score:
    """The same score on untrained networks of the same architecture."""
    return _in_worlds(score, lambda world: replace(world, random=True) if isinstance(world, NetworkWorld) else world)


def on_model(score: Score, model: str) -> Score:
    """The same score against another causal model."""
    return _in_worlds(score, lambda world: ModelWorld(model) if isinstance(world, ModelWorld) else world)


def in_worlds(score: Score, model: ModelWorld, network: NetworkWorld) -> Score:
    """The same score in one model and one network."""
    return _in_worlds(score, lambda world: model if isinstance(world, ModelWorld) else network)


def _in_worlds(score: Score, change: Callable[[World], World]) -> Score:
    def run(term: Run) -> Run:
        assignments = tuple(replace(a, value=replace(a.value, run=run(a.value.run))) for a in term.assignments)
        return replace(term, world=change(term.world), assignments=assignments)

    if isinstance(score, Distance):
        return replace(score, run=run(score.run))
    left, right = (replace(query, run=run(query.run)) for query in (score.left, score.right))
    return replace(score, left=left, right=right)  # type: ignore[arg-type]


def plain(world: World, output: str, input: int = 0) -> OutputOf:
    """The output of a run without assignments."""
    return OutputOf(output, Run(world, input))


def render(term: Expectation | Sum | Score | OutputOf | Run | ValueOf, indent: int = 0) -> str:
    """A term as text, over several lines where it is long."""
    pad = " " * indent
    match term:
        case Sum(constant=constant, terms=terms):
            parts = [f"{_coefficient(c)}{render(e, indent)}" for c, e in terms]
            if constant or not parts:
                parts.append(str(constant))
            return f"\n{pad}+ ".join(parts)
        case Expectation(score=score, population=population):
            return f"E[ {render(score, indent + 3)}\n{pad} | {population} ]"
        case Agree(left=left, right=right):
            return f"agree( {render(left)},\n{pad}       {render(right)} )"
        case ReadsRight(left=left, right=right):
            return f"agree( {render(left)},\n{pad}       {render(right)} )"
        case WrongReads(left=left, right=right):
            return f"wrong_reads( {render(left)},\n{pad}             {render(right)}; rest shuffled )"
        case Distance(run=run):
            return f"dist( {render(run)}, natural )"
        case OutputOf(variable=variable, run=run) | ValueOf(variable=variable, run=run):
            return f"{variable} of {render(run)}"
        case Run(world=world, input=source, assignments=assignments, within_set=within):
            inner = ", ".join(f"{a.target} := {_short(a.value)}" for a in assignments)
            changes = f", {{{inner}}}{' within S' if within else ''}" if assignments else ""
            return f"run[{_world(world)}](x{source}{changes})"


def _short(value: ValueOf) -> str:
    """A value read in an unassigned run of the same world: the world is not repeated."""
    return f"{value.variable} of run(x{value.run.input})"


def _world(world: World) -> str:
    if isinstance(world, ModelWorld):
        return world.model
    network = f"random({world.network})" if world.random else world.network
    return network if world.alignment is None else f"{network} via {world.alignment}"


def _coefficient(coefficient: Fraction) -> str:
    return "" if coefficient == 1 else "-1 * " if coefficient == -1 else f"{coefficient} * "
