"""Sums of scaled things and a number, while they are put together; claims make them of estimands, effects of values."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Generic, TypeVar

from ..record import record

T = TypeVar("T")


@record
class Combination(Generic[T]):
    """`k * x + .. + c`: each thing with its exact factor, and a number."""

    terms: tuple[tuple[Fraction, T], ...]
    constant: Fraction = Fraction(0)

    def scaled(self, factor: Fraction) -> "Combination[T]":
        return Combination(tuple((factor * k, thing) for k, thing in self.terms), factor * self.constant)

    def plus(self, other: "Combination[T]") -> "Combination[T]":
        return Combination(self.terms + other.terms, self.constant + other.constant)

    @property
    def coefficients(self) -> dict[T, Fraction]:
        """The factor of each thing, equal ones taken together, those that cancel left out."""
        found: dict[T, Fraction] = {}
        for factor, thing in self.terms:
            found[thing] = found.get(thing, Fraction(0)) + factor
        return {thing: factor for thing, factor in found.items() if factor != 0}


def only(thing: T) -> Combination[T]:
    """One thing by itself."""
    return Combination(((Fraction(1), thing),))


def combine(operator: str, operands: Sequence[Combination[T]]) -> Combination[T] | None:
    """`negate` of one, `+`, `-` or `*` of two; None for a product of two of which neither is a number."""
    if operator == "negate":
        return operands[0].scaled(Fraction(-1))
    left, right = operands
    if operator != "*":
        return left.plus(right if operator == "+" else right.scaled(Fraction(-1)))
    if left.terms and right.terms:
        return None
    return left.scaled(right.constant) if left.terms else right.scaled(left.constant)
