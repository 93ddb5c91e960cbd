"""A measurement: one estimand lowered to a term, its items, and how its maps, sources and circuits are found."""

from dataclasses import field

from ...lang.later import LATER
from ...lang.program import FitSettings
from ...lang.record import record
from ..groundings import Grounding, Place, Search, ground
from ..metrics import RunMetric
from ..sampling.items import Recipe
from ..terms import ESTIMAND_VERSIONS, Differ, EstimandName, Expectation, Gain, OutputOf
from .encodings import Encoding


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
