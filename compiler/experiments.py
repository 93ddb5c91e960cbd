"""Experiments: claims with every estimand lowered to a term, a population of items, and a place in a network."""

from collections.abc import Mapping
from dataclasses import field, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..lang.circuits import Graph
from ..lang.claims import Claim
from ..lang.later import LATER
from ..lang.program import FitSettings
from ..lang.record import record
from .encode_prompts import PromptEncoding
from .groundings import Autoencoder, Grounding, Place, Search, ground
from .metrics import RunMetric
from .network_facts import NetworkFacts
from .prompts import SpokenTask
from .row_layout import NO_TOKEN, Position, RowLayout
from .sampling.items import Recipe
from .terms import ESTIMAND_VERSIONS, Differ, EstimandName, Expectation, Gain, OutputOf


@record
class NetworkFile:
    """A network's file or folder and what its header or configuration says, and where and how it is to be run.

    `name` and `path` are for people and enter no key. `spoken` are the tasks in text that it is fed, by name, and
    `autoencoders` those of its sites, by the path that the spec writes.
    """

    name: str
    path: Path
    facts: NetworkFacts
    dtype: str = "float32"
    device: str = "cpu"
    spoken: Mapping[str, SpokenTask] = field(default_factory=dict, compare=False)
    autoencoders: Mapping[str, Autoencoder] = field(default_factory=dict, compare=False)


@record
class Encoding:
    """How an input becomes tokens or numbers, and an output's code what the network answers.

    Several answers are one tuple: the output's code is the sum of code_i * size_0 * .. * size_(i-1). A task in text has
    a `prompt`; else inputs are fed by their `columns`, in order. `lows`, of a vector of numbers, are the least value of
    each column: the number that is fed for a code is their sum.
    """

    columns: tuple[int, ...]
    answers: tuple["AnswerAt", ...]
    prompt: "PromptEncoding | None" = field(default=None, metadata=LATER)
    lows: tuple[int, ...] = field(default=(), metadata=LATER)

    @property
    def has_output(self) -> bool:
        """Whether the task has an output, so that an answer is right or wrong; else its answer is generated."""
        return all(answer.classes for answer in self.answers)

    @property
    def declared(self) -> tuple[int, ...]:
        """Every declared class of any answer, in order."""
        return tuple(sorted({each for answer in self.answers for each in answer.declared}))

    def force(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What is fed after the prompt so that each label's last token can be read: ids [item, token], -1 for none."""
        sequences = self.answers[0].sequences if len(self.answers) == 1 else ()
        table = np.full((len(sequences), max(0, max(map(len, sequences), default=1) - 1)), NO_TOKEN, dtype=np.int64)
        for code, sequence in enumerate(sequences):
            table[code, : len(sequence) - 1] = sequence[:-1]
        return table[labels] if sequences else np.zeros((len(labels), 0), dtype=np.int64)

    def among_declared(self) -> "Encoding":
        """The same where classes are counted among the declared ones alone."""
        index = {each: at for at, each in enumerate(self.declared)}
        answers = (
            replace(
                answer,
                classes=tuple(index[each] for each in answer.classes),
                also=tuple(tuple(index[each] for each in others) for others in answer.also),
                sequences=tuple(tuple(index[each] for each in sequence) for sequence in answer.sequences),
            )
            for answer in self.answers
        )
        return replace(self, answers=tuple(answers))

    @property
    def layout(self) -> RowLayout:
        """The columns of the rows that it makes."""
        return RowLayout(None if self.prompt is None else self.prompt.slots)


@record
class AnswerAt:
    """One answer: the position whose logits are read (0 for a network without positions), and each code's class.

    `also` are further classes by code, each as good as its own. `among`: the answer is the best of these alone.
    `sequences`, where answers are several tokens, are each code's: the network is fed all but the last one after the
    prompt, and must give each of them where the one before it stands (`classes` are then their first tokens).
    """

    position: int | Position
    classes: tuple[int, ...]
    also: tuple[tuple[int, ...], ...] = field(default=(), metadata=LATER)
    among: bool = field(default=False, metadata=LATER)
    sequences: tuple[tuple[int, ...], ...] = field(default=(), metadata=LATER)

    @property
    def reads(self) -> int:
        """At how many positions logits are read, one after the other."""
        return max(map(len, self.sequences), default=1)

    @property
    def declared(self) -> tuple[int, ...]:
        """Every declared class: each code's own, then the further ones; of sequences every token, in order."""
        if self.sequences:
            return tuple(sorted({token for sequence in self.sequences for token in sequence}))
        return (*self.classes, *(each for others in self.also for each in others))

    @property
    def codes(self) -> tuple[int, ...]:
        """The code that each declared class stands for."""
        return (*range(len(self.classes)), *(code for code, others in enumerate(self.also) for _ in others))


@record
class Fitting:
    """How an alignment's maps are found: the population of all its sets, the numbers of items, the settings.

    `network` is the one on which they are fitted. `outer` is how the alignment is fitted that some of the sites lie
    inside of, and its grounding.
    """

    recipe: Recipe
    fit_count: int
    select_count: int
    settings: FitSettings
    variables: tuple[str, ...]
    search: Search
    network: str
    outer: "tuple[Fitting, Grounding] | None" = None

    @property
    def grounding(self) -> Grounding:
        """Where its variables live: the first alternative of its search."""
        return ground(self.search.places((0,) * len(self.search.lines)))


@record
class Origin:
    """Where sources are read instead of in the network that is measured: an alignment's blocks on its own network.

    Their features are taken to the blocks of the same variables there by an affine map, fitted on `fit`. `variables`
    are the alignment's, as its grounding counts them; `random` draws untrained networks in its place, and
    `random_frames` maps in the place of learned ones (controls).
    """

    network: str
    variables: tuple[str, ...]
    grounding: Grounding
    encoding: Encoding
    fitting: Fitting | None = None
    random: bool = False
    random_frames: bool = False


@record
class Measurement:
    """One lowered estimand. `grounding` is None for `accuracy`; `fitting` where a map is learned.

    `text` and `pairs` (the recipe's name) are for people and enter no key.
    """

    text: str
    estimand: EstimandName
    pairs: str
    term: Expectation
    network: str
    random: bool
    recipe: Recipe
    count: int
    encoding: Encoding
    variables: tuple[str, ...] = ()
    """The alignment's variables, as the grounding counts them."""
    grounding: Grounding | None = None
    fitting: Fitting | None = None
    random_frames: bool = False
    """Maps are drawn at random in place of learned ones (a control)."""
    frozen: bool = False
    """The map was fitted on another network and is carried over."""
    others: tuple[tuple[str, Encoding], ...] = ()
    """Further networks in which values are read, each with how it is fed."""
    metric: RunMetric | None = field(default=None, metadata=LATER)
    """The metric that the term reads, where it is another one than `correct`."""
    rankings: "tuple[Ranking, ...]" = field(default=(), metadata=LATER)
    """How circuits are found that it sets or holds."""
    origin: Origin | None = field(default=None, metadata=LATER)
    """Where the sources are read, if not in the network itself."""
    draws: tuple[tuple[int, ...], ...] = field(default=(), metadata=LATER)
    """Of random circuits the variables of each draw: an item sets those of its own draw."""
    lacking: str = ""
    """What its random circuits lack, so that they cannot be drawn."""

    @property
    def version(self) -> int:
        """The version of its estimand's definition.

        A change of the answer is read as the task declares it, which says nothing new where that is the best class of
        all, in one spelling of each value: what was stored of those is what would be measured.
        """
        score, version = self.term.score, ESTIMAND_VERSIONS[self.estimand]
        if not (isinstance(score, Differ) and isinstance(score.left, OutputOf)):
            return version
        return version + any(answer.among or any(answer.also) for answer in self.encoding.answers)

    @property
    def redefined(self) -> dict[str, int]:
        """What keys and locks say of its definition: its version, and nothing of a first one."""
        return {} if self.version == 1 else {"definition": self.version}

    @property
    def families(self) -> tuple[str, ...]:
        """The families of maps that a verdict speaks of; of an effect, which sets places as they are, the learned."""
        if self.grounding is None or (self.estimand in ("effect", "change") and self.fitting is None):
            return ()
        if self.estimand in ("effect", "change"):
            return Grounding(tuple(frame for frame in self.grounding.frames if not frame.given)).families
        if self.origin is not None:
            return tuple(dict.fromkeys((*self.grounding.families, *self.origin.grounding.families, "linear")))
        return self.grounding.families

    @property
    def signed(self) -> bool:
        """Whether it may be of either sign, and is 0 where nothing is done."""
        return isinstance(self.term.score, Gain)

    @property
    def learned(self) -> bool:
        """Whether a map is found for it, so that a miss speaks of the search and not of the network."""
        return self.origin is not None or bool(self.rankings) or (self.fitting is not None and not self.frozen)


@record
class Ranking:
    """How a circuit is found: each of `places` is scored on `select` by itself, and the best are the circuit's cells.

    `score` measures one of them, its variable `it`, on so many items of `select`. `variables` are those of the
    measurement that uses the circuit that stand for its cells, the best one first. The name is for people.
    """

    name: str = field(compare=False)
    places: tuple[Place, ...]
    score: Measurement
    select_count: int
    variables: tuple[int, ...]


@record
class Control:
    """The same experiment where nothing is to be found; `measurement` is None where it cannot be run, and `why`.

    A `note` never changes a verdict: it says that the claim's bound is met there, too. `apart` are further items,
    on which its model contradicts the claim's: a control that reaches the bound there, too, matches the claim.
    A note that stands `beside` something, as the claim names it, is shown whichever way the claim is bounded; `asked`
    tells that the claim asks for an effect of it.
    """

    name: str
    measurement: Measurement | None
    why: str = ""
    note: bool = False
    apart: Recipe | None = None
    beside: str = field(default="", metadata=LATER)
    asked: bool = field(default=False, metadata=LATER)


@record
class Quantity:
    """A measurement as it stands in a claim. `gated`: its network must solve the task for a verdict.

    `positive_control` is the same search for the output variable at the last site, where a bound from above on a
    learned map rests on the search; `vetoes` are the controls of an estimand that is bounded from below.
    """

    measurement: Measurement
    gated: bool
    positive_control: Measurement | None = None
    vetoes: tuple[Control, ...] = ()
    ungated: bool = False
    """Its author frees the network from having to solve the task."""


@record
class Part:
    """One inequality, normalised: T = constant + sum of coefficient * quantity; T >= 0, or |T| <= tolerance.

    `written` is the relation as the author wrote it: for `<=`, T is the right side minus the left. `beside` is the
    number that stands with the estimands, 1 in `1 - iia(A) >= .3`, and `mirrored` says that these stand on the right
    side alone, `.3 <= iia(A)`: both are for readers, and decide nothing.
    """

    relation: Literal[">=", "=="]
    constant: Fraction
    coefficients: tuple[tuple[Fraction, int], ...]
    tolerance: Fraction = Fraction(0)
    written: Literal[">=", "<=", "=="] = ">="
    beside: Fraction = field(default=Fraction(0), compare=False)
    mirrored: bool = field(default=False, compare=False)

    def strength(self, index: int, signed: bool) -> int:
        """1 where T grows as a quantity gets stronger, -1 where T shrinks then, 0 where T does not read it.

        A quantity is stronger the larger it is. A `signed` effect that stands alone is stronger the farther it is from
        0, which is what doing nothing gives: a bound that doing nothing meets limits it, any other asks for it.
        """
        coefficient = next((c for c, i in self.coefficients if i == index), Fraction(0))
        if coefficient and signed and len(self.coefficients) == 1 and (self.constant or self.relation == ">="):
            return 1 if self.constant < 0 else -1
        return (coefficient > 0) - (coefficient < 0)

    def direction(self, index: int, signed: bool) -> int:
        """1 where a quantity that it reads is stronger the larger it is, -1 where it is so the smaller it is."""
        coefficient = next((c for c, i in self.coefficients if i == index), Fraction(0))
        return self.strength(index, signed) * (1 if coefficient > 0 else -1)


def signs_in(parts: tuple[Part, ...], index: int, signed: bool) -> set[int]:
    """The signs with which a quantity's strength enters the parts; an equality holds it from both sides."""
    found = [(part, part.strength(index, signed)) for part in parts]
    return {sign for part, own in found if own for sign in ((1, -1) if part.relation == "==" else (own,))}


@record
class Experiment:
    """A claim, its quantities (each once) and its parts."""

    claim: Claim
    quantities: tuple[Quantity, ...]
    parts: tuple[Part, ...]
    alpha: float


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
