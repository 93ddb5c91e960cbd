"""Exact numbers of typed programs: numerator and denominator, which compare and hash as they are written."""

from fractions import Fraction

Exact = tuple[int, int]
"""An exact number: numerator and denominator."""


def exact(value: Fraction) -> Exact:
    """A fraction as numerator and denominator."""
    return value.numerator, value.denominator


def show_exact(number: Exact) -> str:
    """A decimal where it is exact in at most six digits, else a fraction."""
    value = Fraction(*number)
    text = f"{float(value):g}"
    return text if Fraction(text) == value else str(value)
