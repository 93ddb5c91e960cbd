"""Experiments: claims with every estimand lowered to a term, a population of items, and a place in a network."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from ..lang.program import Claim, FitSettings
from .network_facts import MlpFacts
from .sampling.items import Recipe
from .terms import Expectation

Family = Literal["identity", "rotation"]


@dataclass(frozen=True)
class NetworkFile:
    """A network's file and what its header says. `name` and `path` are for people and enter no key."""

    name: str
    path: Path
    facts: MlpFacts


@dataclass(frozen=True)
class Block:
    """One variable's dims in a frame: columns start .. stop-1 of its map."""

    variable: int
    start: int
    stop: int


@dataclass(frozen=True)
class Frame:
    """One map at one site, shared by the variables that live there, each in a block of its own.

    `dims` are the site's dims that the map sees (all of them where the spec names none), `size` its output dims.
    """

    component: str
    layer: int | None
    dims: tuple[int, ...]
    width: int
    family: Family
    blocks: tuple[Block, ...]

    @property
    def size(self) -> int:
        return self.blocks[-1].stop

    @property
    def site(self) -> str:
        """The site's name: `hidden[1]`, `logits`."""
        return self.component if self.layer is None else f"{self.component}[{self.layer}]"


@dataclass(frozen=True)
class Grounding:
    """Where each variable of an alignment lives. Blocks name variables by their index."""

    frames: tuple[Frame, ...]

    @property
    def learned(self) -> bool:
        """Whether a map must be trained."""
        return any(frame.family != "identity" for frame in self.frames)

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the maps, each once: they are part of the verdict."""
        return tuple(dict.fromkeys(frame.family for frame in self.frames))


@dataclass(frozen=True)
class Encoding:
    """How an input becomes tokens and a value of the output a class: input columns in order, class of each code."""

    columns: tuple[int, ...]
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
