"""The plan: a directed acyclic graph of pure steps, each identified by the content that its result depends on.

    Items -> Encode -> Capture -> Fit, Rank -> Evaluate -> Decide

Items draws bases and sources, Encode makes tokens of them, Capture runs them as they are and keeps what is read, Fit
trains a map, Rank scores the sites that a circuit is chosen from, Evaluate scores a term item by item, Decide gives a
claim's verdict. Names and paths travel along for people and enter no key.
"""

from collections.abc import Iterator
from dataclasses import field, replace
from typing import Literal

import networkx as nx

from ..lang.claims import Case as Case
from ..lang.claims import Outcome
from ..lang.later import LATER
from ..lang.program import FitSettings as FitSettings
from ..lang.record import record
from .causal_model import CausalModel
from .experiments import Encoding, NetworkFile, Part
from .groundings import Grounding, Place, Search, move
from .keys import content_key
from .metrics import RunMetric
from .sampling.draw_items import Population
from .sampling.items import Split
from .schedule import NAIVE, Schedule
from .terms import Agree, Score

CODE_VERSIONS = {"items": 2, "encode": 1, "network": 1, "fit": 3, "rank": 1, "evaluate": 3, "decide": 3}
"""The version of each step's code: raised whenever a step's result changes for the same content."""


EngineName = Literal["fused", "hooks", "pyvene"]

THREADS = 1
"""Threads of a run. Small networks are slower on more, and numbers depend on how many there are."""


@record
class NetworkSource:
    """Weights to run: a file's, or (`draw` not None) the same architecture redrawn by its own initialisation law."""

    key: str
    file: NetworkFile = field(compare=False)
    draw: int | None = None
    draw_seed: int = 0


@record
class ItemsStep:
    """Draw `count` items of a split, or (split `whole`) enumerate the whole domain.

    Of `test`, `count` is the most that any claim may need: they are drawn as they are needed, and it enters no key.
    """

    key: str
    population: Population = field(compare=False)
    split: Split | Literal["whole"]
    count: int
    kind: Literal["Items"] = "Items"


@record
class EncodeStep:
    """Render the inputs of items as token ids, and values of the output as classes."""

    key: str
    items: str
    encoding: Encoding
    kind: Literal["Encode"] = "Encode"


@record
class CaptureStep:
    """What unedited runs of an Encode step's inputs hold at one `site`, each distinct input once, for all its readers.

    It is the state of a `stage`, or (None) the keys and values of all stages before the first edited position. Runs
    stop at the stage `stop` (None: with the logits), and those of inputs that the capture `after` has go on from it. It
    is virtual: computed when a reader first needs it, kept while there is room, and never in the store. `network_key`
    is the network's own, or that of the evaluation which chooses among networks and names the first of them.
    """

    key: str
    network: NetworkSource
    network_key: str
    encode: str
    site: str = field(compare=False)
    stage: int | None
    stop: int | None
    after: str | None
    kind: Literal["Capture"] = "Capture"


@record
class FitStep:
    """Find the maps of a grounding on `fit`, once for each seed, and choose on `select`.

    With an open `search` the grounding is chosen, too, and `grounding` is its first alternative. `outer` is the fit of
    the alignment inside of whose variables some sites lie. `order` has for each line of the search its alternatives in
    the order in which they are tried (none: as written); it decides nothing.
    """

    key: str
    network: NetworkSource
    grounding: Grounding
    search: Search
    outer: str | None
    score: Agree
    model: CausalModel = field(compare=False)
    fit: str
    select: str
    settings: FitSettings
    seed: int
    variables: tuple[str, ...] = field(compare=False)
    schedule: Schedule = field(default=NAIVE, compare=False)
    order: tuple[tuple[int, ...], ...] = field(default=(), compare=False)
    kind: Literal["Fit"] = "Fit"


@record
class Candidate:
    """A network to measure, with the fit of its map; without one, maps are given, or random with `frame_seed`.

    `ranks` are the rankings that choose the cells of circuits, as many as the evaluation has `circuits`.
    """

    network: NetworkSource
    fit: str | None
    frame_seed: int | None = None
    origin: "Candidate | None" = None
    """The network in which its sources are read, if another one."""
    ranks: tuple[str, ...] = ()

    @property
    def chosen_by_score(self) -> bool:
        """Whether it is chosen by its scores on `select`, and not by those that its fit had there."""
        return self.fit is None or self.origin is not None

    @property
    def chain(self) -> tuple["Candidate", ...]:
        """Itself, and where its sources are read."""
        return (self,) if self.origin is None else (self, self.origin)

    @property
    def fits(self) -> tuple[str, ...]:
        """The fits of all maps that it reads."""
        return tuple(one.fit for one in self.chain if one.fit is not None)


@record
class FoundCircuit:
    """A circuit whose cells a ranking chooses: the variables that stand for them, the best one first."""

    name: str = field(compare=False)
    variables: tuple[int, ...]


@record
class RepliesKeys:
    """What answers that are generated depend on, but for the network's weights, maps and inputs: as keys.

    `plain`: of runs that nothing is set in, `edited`: of others.
    """

    plain: str
    edited: str


@record
class OtherNetwork:
    """A network in which values are read, where they lie in the one that is measured. The name is the term's."""

    name: str = field(compare=False)
    network: NetworkSource
    encoding: Encoding


@record
class OriginPlaces:
    """Where in another network the sources are read, and how it is fed; `variables` are those of the grounding."""

    grounding: Grounding
    variables: tuple[str, ...]
    encoding: Encoding


@record
class EvaluateStep:
    """Score a term item by item; of several candidates the one that is best on `select` is measured.

    How many items are scored is its readers' business: the scores of more items continue those of fewer. `variables`
    are those of the grounding; `metric` is what the term reads, where it is another metric than `correct`, and
    `replies` keys what it has generated; `natural` the inputs on which read-outs are fitted and whose activations are
    the natural ones.
    """

    key: str
    text: str = field(compare=False)
    score: Score
    model: CausalModel = field(compare=False)
    items: str
    candidates: tuple[Candidate, ...]
    grounding: Grounding | None
    variables: tuple[str, ...]
    select: str | None
    natural: str | None
    others: tuple[OtherNetwork, ...] = ()
    metric: RunMetric | None = field(default=None, metadata=LATER)
    replies: "RepliesKeys | None" = field(default=None, metadata=LATER)
    circuits: tuple[FoundCircuit, ...] = field(default=(), metadata=LATER)
    origin: OriginPlaces | None = field(default=None, metadata=LATER)
    draws: tuple[tuple[int, ...], ...] = field(default=(), metadata=LATER)
    """Of random circuits the variables of each draw: sampled items take draws in turn, a whole domain has each."""
    schedule: Schedule = field(default=NAIVE, compare=False)
    version: int = field(default=1, compare=False)
    """Of its estimand's definition: part of the key."""
    kind: Literal["Evaluate"] = "Evaluate"

    @property
    def learned(self) -> bool:
        """Whether a map that it reads is fitted."""
        return self.origin is not None or (self.grounding is not None and self.grounding.learned)

    def found_key(self, candidate: Candidate) -> str | None:
        """What names the circuits that were found for a candidate, with the maps beside them; None where none were."""
        if not candidate.ranks:
            return None
        beside = {} if candidate.fit is None else {"fit": candidate.fit}
        return content_key("circuits", 1, ranks=candidate.ranks, circuits=self.circuits, **beside)


@record
class RankStep:
    """Score every place that a circuit may be chosen from on `select`, each by itself.

    `measure` is the score with the first of the places: an evaluation on items of `select`, whose variable `it` is the
    one at the index `variable`. How many of the places are chosen is the readers' business, and enters no key.
    """

    key: str
    circuit: str = field(compare=False)
    places: tuple[Place, ...]
    variable: int
    measure: EvaluateStep
    kind: Literal["Rank"] = "Rank"

    def at(self, index: int) -> EvaluateStep:
        """The score of one of the places."""
        assert self.measure.grounding is not None
        place = replace(self.places[index], variable=self.variable)
        return replace(self.measure, grounding=move(self.measure.grounding, (place,)))


@record
class PlannedControl:
    """A control by the key of its evaluation (None where it cannot be run, and `why`) and its number of items.

    `count` is None for a whole domain. A `note` decides nothing. `apart` is the key of its evaluation where its model
    contradicts the claim's; `beside` and `asked` as in `Control`.
    """

    name: str
    evaluate: str | None
    why: str
    count: int | None
    note: bool = False
    apart: str | None = field(default=None, metadata=LATER)
    beside: str = field(default="", metadata=LATER)
    asked: bool = field(default=False, metadata=LATER)

    @property
    def evaluations(self) -> tuple[str, ...]:
        """The keys of all that it may run."""
        return tuple(key for key in (self.evaluate, self.apart) if key is not None)


@record
class MeasuredQuantity:
    """A quantity of a claim, by the key of its evaluation.

    `budget` is the most test items that may be looked at; None for a whole domain.
    """

    text: str = field(compare=False)
    evaluate: str
    budget: int | None
    learned: bool
    gated: bool
    families: tuple[str, ...]
    positive_control: PlannedControl | None
    vetoes: tuple[PlannedControl, ...] = ()
    maps: str | None = None
    """The fit of its maps: quantities of one fit are replaced together by their controls."""
    chance: float | None = 0.0
    """What guessing among the declared answers reaches; None where doing nothing is perfect (`isolate`), or where no
    answer is right or wrong (`cae`, `divergence`)."""
    signed: bool = field(default=False, metadata=LATER)
    """An effect through a learned map that may be of either sign: doing nothing gives 0."""
    ungated: bool = field(default=False, compare=False)
    """Its author frees the network from having to solve the task."""


@record
class ClaimText:
    """A claim as its author wrote it, and the outcome that the author expects."""

    name: str
    text: str
    doc: str
    exhaustively: bool
    expect: Outcome
    expect_reason: str | None
    cases: tuple[Case | None, ...] = ()
    """Which value of an `all(...)` each part is for; None where it stands in none."""


@record
class DecideStep:
    """A claim: its quantities, its normalised parts, and the error that it may make.

    `share` is how much of the claim's rise above the no-op untrained networks may reach, `divergence_limit` the most
    that intervened activations may lie off the natural ones (None: no limit).
    """

    key: str
    claim: ClaimText = field(compare=False)
    quantities: tuple[MeasuredQuantity, ...]
    parts: tuple[Part, ...]
    alpha: float
    share: float
    divergence_limit: float | None
    look: str
    """The look's own key: evaluations and bounds, without the error budget and the numbers of items."""
    chunks: tuple[str, ...]
    """The test chunks that are looked at: items and network together."""
    kind: Literal["Decide"] = "Decide"
    stated: int | None = None
    """How many parts the claim has where these are not all of them."""

    @property
    def refuting(self) -> float:
        """The error at which one part may refute the claim."""
        return self.alpha / (self.stated or len(self.parts))


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


Step = ItemsStep | EncodeStep | CaptureStep | FitStep | RankStep | EvaluateStep | DecideStep | GraphStep
Runner = FitStep | EvaluateStep
"""A step that runs networks by a schedule; a ranking runs by that of its score."""


@record
class Plan:
    """Every step by key, the edges between them, and the claims' and graphs' steps in the file's order.

    `engine` runs evaluations; `fitted_by` runs what they rest on: trainings of maps, and rankings of circuits.
    """

    graph: "nx.DiGraph[str]"
    claims: tuple[str, ...]
    key: str
    confidence: float
    engine: EngineName
    fitted_by: EngineName
    graphs: tuple[str, ...] = ()

    def step(self, key: str) -> Step:
        """The step of this key."""
        step: Step = self.graph.nodes[key]["step"]
        return step

    def runs(self, key: str) -> EngineName:
        """The engine that runs a step."""
        return self.engine if isinstance(self.step(key), EvaluateStep) else self.fitted_by

    def steps(self) -> Iterator[Step]:
        """All steps, each after those that it needs; ties in the order in which they were planned."""
        order = {key: index for index, key in enumerate(self.graph)}
        for key in nx.lexicographical_topological_sort(self.graph, key=lambda k: order[k]):
            yield self.step(key)

    def serves(self, key: str) -> tuple[str, ...]:
        """The keys of the steps that read the result of a step."""
        return tuple(self.graph.successors(key))

    def needs(self, key: str) -> tuple[str, ...]:
        """The keys of the steps whose results a step reads."""
        return tuple(self.graph.predecessors(key))
