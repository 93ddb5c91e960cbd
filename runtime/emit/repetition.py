"""An interchange as a script repeats it: a network, a place for every variable, items, and what cspec counted."""

from dataclasses import dataclass, field
from fractions import Fraction

from torch import Tensor

from ...compiler.experiments import NetworkFile
from ..errors import EnvironmentProblem

MOST_ITEMS = 100_000
"""A script repeats no more items than these."""


@dataclass(frozen=True)
class Place:
    """Where a variable lives: at `component`, as pyvene writes it, whose vectors have `width` dims.

    Either `ranges` are the dims that are swapped as they are (each start .. stop - 1), or `frame`, shape
    [width, direction], has orthonormal columns: directions, of which the coordinates are swapped.
    """

    variable: str
    site: str
    component: str
    width: int
    ranges: tuple[tuple[int, int], ...] = ()
    frame: Tensor | None = field(default=None, compare=False)


@dataclass(frozen=True)
class CountedCell:
    """On how many of the n items of one (set, half) network and model agreed. `weight` of a whole domain only."""

    set: tuple[str, ...]
    half: str | None
    right: int
    n: int
    weight: Fraction | None


@dataclass(frozen=True)
class Repetition:
    """Everything that a script needs.

    `among` are, for each answer, the classes of which it is the best (None: all). `items` are tensors by name:
    `base` and `source.VARIABLE`, token ids [item, token] (-1: no token) or numbers [item, input];
    `base_position.VARIABLE` and `source_position.VARIABLE`, where the variable lives in each run, [item]; `read`, where
    the answers are read, [item, answer]; `accepted`, the classes that the causal model accepts, [item, answer, class]
    (-1: none); `cell`, the index of each item's set and half in `cells`, [item].
    """

    spec: str
    claim: str
    claim_text: str
    estimand: str
    engine: str
    network: NetworkFile
    masked_model: bool
    places: tuple[Place, ...]
    among: tuple[tuple[int, ...] | None, ...]
    cells: tuple[CountedCell, ...]
    estimate: float
    near_ties: int
    batch: int
    items: dict[str, Tensor] = field(compare=False)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """What the script reads: the items, and `frame.VARIABLE` of each place that has one."""
        frames = {f"frame.{place.variable}": place.frame for place in self.places if place.frame is not None}
        return self.items | frames


def refusal(claim: str, what: str, by_pyvene: bool = True) -> EnvironmentProblem:
    """That no script repeats a claim, since it has to do with `what`; whether the engine `pyvene` may yet run it."""
    other = ", or run this one through pyvene: `cspec verify --engine pyvene`" if by_pyvene else ""
    message = f"no script can be written of the claim `{claim}`: {what}"
    return EnvironmentProblem("CS524", message, f"name another claim with `--claim`{other}")
