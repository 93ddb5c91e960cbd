"""Experiments: claims with every estimand lowered to a term, a population of items, and a place in a network."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from ..lang.program import Claim, Family, FitSettings
from .network_facts import NetworkFacts
from .sampling.items import Recipe
from .terms import Expectation


@dataclass(frozen=True)
class NetworkFile:
    """A network's file and what its header says. `name` and `path` are for people and enter no key."""

    name: str
    path: Path
    facts: NetworkFacts


@dataclass(frozen=True)
class Block:
    """One variable's dims in a frame: columns start .. stop-1 of its map."""

    variable: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Frame:
    """One map at one site, shared by the variables that live there, each in a block of its own.

    `dims` are the site's dims that the map sees (all of them where the spec names none) of its `width`; `positions` the
    tokens at which it reads them, one alone for a network without positions. The map sees one vector, the positions'
    concatenation, or, where `shared`, each position's vector by itself with the same parameters (families).
    With `learned_size` the blocks' sizes are found by the fit, and theirs here are empty. A frame `inside` another sees
    that one's block in place of the site.
    """

    component: str
    layer: int | None
    dims: tuple[int, ...]
    width: int
    family: Family
    blocks: tuple[Block, ...]
    positions: tuple[int, ...] = (0,)
    shared: bool = False
    learned_size: bool = False
    inside: "Inside | None" = None

    @property
    def size(self) -> int:
        """The features that the blocks take together."""
        return self.blocks[-1].stop

    @property
    def dim(self) -> int:
        """The length of the vector that the map sees."""
        if self.inside is not None:
            return self.inside.frame.blocks[self.inside.block].size
        return len(self.dims) * (1 if self.shared else len(self.positions))

    @property
    def given(self) -> bool:
        """Whether nothing of the map is to be found: the blocks are the site's dims themselves."""
        return self.family.name == "identity" and not self.learned_size and self.size == self.dim and not self.inside

    @property
    def site(self) -> str:
        """The site's name: `hidden[1]`, `logits`, `resid[2] @ 3`."""
        name = self.component if self.layer is None else f"{self.component}[{self.layer}]"
        if self.positions == (0,) and not self.component.startswith("resid"):
            return name
        return f"{name} @ {', '.join(map(str, self.positions))}"


@dataclass(frozen=True)
class Inside:
    """A block of another frame, whose map is fitted first and then stays as it is."""

    frame: Frame
    block: int


@dataclass(frozen=True)
class Grounding:
    """Where each variable of an alignment lives. Blocks name variables by their index."""

    frames: tuple[Frame, ...]

    @property
    def learned(self) -> bool:
        """Whether a map must be trained."""
        return any(not frame.given for frame in self.frames)

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the maps, each once: they are part of the verdict."""
        return tuple(dict.fromkeys(frame.family.text for frame in self.frames))


@dataclass(frozen=True)
class Encoding:
    """How an input becomes tokens, and an output's code what the network answers: input columns in order, answers.

    Several answers are one tuple: the output's code is the sum of code_i * size_0 * .. * size_(i-1).
    """

    columns: tuple[int, ...]
    answers: tuple["AnswerAt", ...]


@dataclass(frozen=True)
class AnswerAt:
    """One answer: the position whose logits are read (0 for a network without positions), and each code's class."""

    position: int
    classes: tuple[int, ...]


@dataclass(frozen=True)
class Fitting:
    """How an alignment's map is trained: the population of all its sets, the numbers of items, the settings."""

    recipe: Recipe
    fit_count: int
    select_count: int
    settings: FitSettings
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Measurement:
    """One lowered estimand. `grounding` is None for `accuracy`; `fitting` where a map is learned.

    `text` and `pairs` (the recipe's name) are for people and enter no key.
    """

    text: str
    pairs: str
    term: Expectation
    network: str
    random: bool
    recipe: Recipe
    count: int
    encoding: Encoding
    grounding: Grounding | None = None
    fitting: Fitting | None = None
    random_frames: bool = False
    """Maps are drawn at random in place of learned ones (a control)."""

    @property
    def variables(self) -> tuple[str, ...]:
        return self.recipe.variables

    @property
    def learned(self) -> bool:
        """Whether a map is trained for it, so that a miss speaks of the search and not of the network."""
        return self.fitting is not None


@dataclass(frozen=True)
class Control:
    """The same experiment where nothing is to be found; `measurement` is None where it cannot be run, and `why`."""

    name: str
    measurement: Measurement | None
    why: str = ""


@dataclass(frozen=True)
class Quantity:
    """A measurement as it stands in a claim. `gated`: its network must solve the task for a verdict.

    `positive_control` is the same search for the output variable at the last site, where a bound from above on a
    learned map rests on the search; `vetoes` are the controls of a learned map that is bounded from below.
    """

    measurement: Measurement
    gated: bool
    positive_control: Measurement | None = None
    vetoes: tuple[Control, ...] = ()


@dataclass(frozen=True)
class Part:
    """One inequality, normalised: T = constant + sum of coefficient * quantity; T >= 0, or |T| <= tolerance.

    `written` is the relation as the author wrote it: for `<=`, T is the right side minus the left.
    """

    relation: Literal[">=", "=="]
    constant: Fraction
    coefficients: tuple[tuple[Fraction, int], ...]
    tolerance: Fraction = Fraction(0)
    written: Literal[">=", "<=", "=="] = ">="


@dataclass(frozen=True)
class Experiment:
    """A claim, its quantities (each once) and its parts."""

    claim: Claim
    quantities: tuple[Quantity, ...]
    parts: tuple[Part, ...]
    alpha: float
