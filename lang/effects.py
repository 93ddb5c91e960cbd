"""Typed effects: what is set in a network and to what, what is held, and what is read."""

from dataclasses import field
from typing import Literal

from .diagnostics import NOWHERE, Span
from .exact import Exact
from .later import NAME
from .places import Site
from .record import record


@record
class InputSubject:
    """An input of the task, or a family of inputs with its members."""

    name: str
    members: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.name


@record
class SiteSubject:
    """A site of the network; `random`: as many components of its kind in its layer, as `random(C)` of a circuit."""

    site: Site
    random: bool = False

    @property
    def text(self) -> str:
        return f"random({self.site.text})" if self.random else self.site.text


@record
class VariablesSubject:
    """Variables where an alignment places them: `das.left`, `das.{left, right}`."""

    alignment: str
    variables: tuple[str, ...]

    @property
    def text(self) -> str:
        inner = self.variables[0] if len(self.variables) == 1 else f"{{{', '.join(self.variables)}}}"
        return f"{self.alignment}.{inner}"


@record
class CircuitSubject:
    """A circuit, or `random(C)`: as many components of the same kinds in the same layers."""

    circuit: str
    random: bool = False

    @property
    def text(self) -> str:
        return f"random({self.circuit})" if self.random else self.circuit


@record
class RestSubject:
    """What a circuit or an alignment leaves of the network at its layers."""

    of: str
    kind: Literal["circuit", "alignment"]

    @property
    def text(self) -> str:
        return f"rest({self.of})"


@record
class CandidateSubject:
    """`it`: the candidate that a circuit's search scores."""

    @property
    def text(self) -> str:
        return "it"


Subject = InputSubject | SiteSubject | VariablesSubject | CircuitSubject | RestSubject | CandidateSubject


@record
class OnSource:
    """`source`: the subject's own value on the source; `shuffled`: every unit's from a source of its own."""

    shuffled: bool = False


@record
class MeanOf:
    """`mean(X)`: the subject's mean over the bases."""

    subject: Subject


@record
class Taken:
    """A place's value in this very run; with a network, its value there on the same input."""

    subject: Subject
    network: str | None = None
    random: bool = False


@record
class Noise:
    """`noise(s)`: independent normal noise of this standard deviation on every unit."""

    sigma: Exact


@record
class Portion:
    """A factor times a value."""

    factor: Exact
    value: OnSource | MeanOf | Taken | Noise


@record
class Value:
    """A sum of portions and a number. `label` is the value that the number stands for, where it is a symbol."""

    portions: tuple[Portion, ...]
    constant: Exact = (0, 1)
    label: str = field(default="", metadata=NAME)


SOURCE = Value((Portion((1, 1), OnSource()),))


@record
class Setting:
    """A subject and what it becomes.

    `turned`: what is added to its own value is not that, but a random vector of the same length.
    """

    subject: Subject
    value: Value = SOURCE
    turned: bool = False

    @property
    def added(self) -> Value | None:
        """What is added to its own value in this very run (steering); None where it becomes something else."""
        others = tuple(p for p in self.value.portions if p != Portion((1, 1), Taken(self.subject)))
        steered = self.value.constant[0] != 0 or any(not isinstance(p.value, Noise) for p in others)
        return Value(others, self.value.constant) if steered and len(others) < len(self.value.portions) else None


@record
class OutputTarget:
    """The network's answer."""

    name: str

    @property
    def text(self) -> str:
        return self.name


@record
class MetricTarget:
    """A metric of the task, within its bounds."""

    name: str

    @property
    def text(self) -> str:
        return self.name


@record
class VariableTarget:
    """An aligned variable, read from its block."""

    alignment: str
    variable: str

    @property
    def text(self) -> str:
        return f"{self.alignment}.{self.variable}"


Target = OutputTarget | MetricTarget | VariableTarget


@record
class Effect:
    """`effect(X -> Y ...)`: the mean of Y after minus before; `change`: of |after - before|, or the share that differs.

    `given` is held at its value on the base (`rest`: everything but the subjects and the target is); `through` takes
    the value that it has when the settings are made, in a run in which they are not. `low` and `high` bound the value.
    """

    kind: Literal["effect", "change"]
    settings: tuple[Setting, ...]
    target: Target
    network: str
    random: bool
    task: str
    pairs: str | None
    low: Exact
    high: Exact
    given: tuple[Subject, ...] = ()
    rest: bool = False
    through: tuple[Subject, ...] = ()
    ungated: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Everything that is set, held or passed through."""
        return (*(setting.subject for setting in self.settings), *self.given, *self.through)

    @property
    def things(self) -> tuple[Subject, ...]:
        """Everything in the network that it sets, holds, passes through, or takes a value of."""
        return (*self.subjects, *(value.subject for value in self.taken))

    @property
    def taken(self) -> tuple[MeanOf | Taken, ...]:
        """The values that are taken of places, each with the place."""
        found = (portion.value for setting in self.settings for portion in setting.value.portions)
        return tuple(value for value in found if isinstance(value, MeanOf | Taken))

    @property
    def drawn(self) -> str | None:
        """What of it is drawn at random, so that it cannot be counted; None if nothing is."""
        portions = [portion.value for setting in self.settings for portion in setting.value.portions]
        if any(isinstance(value, OnSource) and value.shuffled for value in portions):
            return "`shuffled` units"
        if any(isinstance(value, Noise) for value in portions):
            return "`noise`"
        return None

    @property
    def random_circuits(self) -> bool:
        """Whether it sets, holds or passes through a random circuit, which is another one from item to item."""
        return any(isinstance(thing, CircuitSubject | SiteSubject) and thing.random for thing in self.things)


@record
class Mean:
    """`mean(METRIC on N)`: the mean of a metric over inputs."""

    metric: str
    network: str
    random: bool
    task: str
    pairs: str | None
    low: Exact
    high: Exact
    ungated: bool = False
    span: Span = field(default=NOWHERE, compare=False)
