"""From the scores of a claim's quantities to the interval of each of its inequalities."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ..compiler.experiments import Part
from .intervals import Interval, clopper_pearson, paired_difference
from .scores import Scores

Status = Literal["pass", "miss above", "miss below", "straddle"]


@dataclass(frozen=True)
class Measured:
    """A quantity's scores with the population that they come from: equal populations are paired."""

    scores: Scores
    population: str


@dataclass(frozen=True)
class PartInterval:
    """T of one part: its estimate and its interval (a point for a whole domain)."""

    estimate: Fraction
    interval: Interval
    paired: bool


def among_answers(part: Part) -> bool:
    """Whether scores are among the declared answers: in differences, where both sides must have the same chance."""
    return len(part.coefficients) > 1


def part_interval(part: Part, measured: list[Measured], alpha: float, exhaustive: bool, shift: int = 0) -> PartInterval:
    """The interval of T at confidence 1 - alpha.

    `shift` -1 or +1 moves every near tie against or in favour of T: both must give the same status.
    """
    among = among_answers(part)
    signs = [shift * (1 if coefficient > 0 else -1) for coefficient, _ in part.coefficients]
    chosen = [(coefficient, measured[index]) for coefficient, index in part.coefficients]
    if exhaustive:
        value = part.constant
        for (coefficient, one), sign in zip(chosen, signs, strict=True):
            value += coefficient * one.scores.exact(among, sign)
        return PartInterval(value, Interval(float(value), float(value)), False)
    estimate = part.constant
    for (coefficient, one), sign in zip(chosen, signs, strict=True):
        estimate += coefficient * Fraction(_right(one.scores, among, sign), one.scores.n)
    paired = _paired(chosen)
    if paired:
        (coefficient, left), (_, right) = chosen
        up = shift if coefficient > 0 else -shift
        interval = _paired_interval(left.scores, right.scores, alpha, up).scale(float(coefficient))
    else:
        interval = Interval(0.0, 0.0)
        for (coefficient, one), sign in zip(chosen, signs, strict=True):
            own = clopper_pearson(_right(one.scores, among, sign), one.scores.n, alpha / len(chosen))
            interval = interval.plus(own.scale(float(coefficient)))
    return PartInterval(estimate, interval.shift(float(part.constant)), paired)


def status(part: Part, found: PartInterval, exhaustive: bool) -> Status:
    """Whether T's interval lies where the part wants it; exactly, for a whole domain."""
    low: Fraction | float = found.estimate if exhaustive else found.interval.low
    high: Fraction | float = found.estimate if exhaustive else found.interval.high
    if part.relation == ">=":
        return "pass" if low >= 0 else "miss below" if high < 0 else "straddle"
    if low >= -part.tolerance and high <= part.tolerance:
        return "pass"
    return "miss above" if low > part.tolerance else "miss below" if high < -part.tolerance else "straddle"


def _paired(chosen: list[tuple[Fraction, Measured]]) -> bool:
    """A difference of two quantities on the same items."""
    if len(chosen) != 2:
        return False
    (a, left), (b, right) = chosen
    return a == -b and left.population == right.population and left.scores.agree_among is not None


def _paired_interval(left: Scores, right: Scores, alpha: float, shift: int) -> Interval:
    """The interval of left - right; `shift` +1 counts every near tie for the left, -1 for the right."""
    assert left.agree_among is not None
    assert right.agree_among is not None
    up = int((left.agree_among & ~right.agree_among).sum())
    down = int((~left.agree_among & right.agree_among).sum())
    ties = shift * (left.near + right.near)
    n = left.n
    return paired_difference(min(max(up + ties, 0), n), min(max(down - ties, 0), n), n, alpha)


def _right(scores: Scores, among: bool, sign: int) -> int:
    return min(max(scores.right(among) + sign * scores.near, 0), scores.n)
