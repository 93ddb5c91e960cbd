"""The algebra: worlds, handles, runs and values, queries, scores and estimates.

A term is a tree of these records. Its parts are named by what they mean, and `render_terms.py` prints them so.
"""

from dataclasses import field
from fractions import Fraction

from ...lang.record import record

# --- worlds and handles -----------------------------------------------------------------------------------------------


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


REST_AT = "the rest at"
"""What the names of places begin with that are a part of a rest."""


def own_name(handle: str) -> str:
    """A variable's name in its model: a handle of several alignments says which one places it, `A.x`."""
    return handle.rpartition(".")[2]


# --- runs and values --------------------------------------------------------------------------------------------------


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


# --- queries, scores, estimates ---------------------------------------------------------------------------------------


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
