"""The steps that score: a term item by item, on candidates, and the sites that a circuit is chosen from."""

from dataclasses import field, replace
from typing import Literal

from ...lang.later import LATER
from ...lang.record import record
from ..causal_model import CausalModel
from ..experiments import Encoding
from ..groundings import Grounding, Place, move
from ..keys import content_key
from ..metrics import RunMetric
from ..schedule import NAIVE, Schedule
from ..terms import Score
from .inputs import NetworkSource


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
