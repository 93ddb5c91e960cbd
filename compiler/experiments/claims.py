"""A claim as an experiment: its quantities with their controls, and its parts as inequalities."""

from dataclasses import field
from fractions import Fraction
from typing import Literal

from ...lang.claims import Claim
from ...lang.later import LATER
from ...lang.record import record
from ..sampling.items import Recipe
from .measurements import Measurement


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
