"""From the scores of a claim's quantities to the interval of each of its inequalities."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from torch import Tensor

from ...compiler.experiments import Part
from ..deciding.verdicts import Method
from ..scoring.scores import Scores
from .intervals import Interval, clopper_pearson, paired_difference
from .sequences import Values, mean_sequence, proportion_sequence, widen

Status = Literal["pass", "miss above", "miss below", "straddle"]


@dataclass(frozen=True)
class Measured:
    """A quantity's scores with the population that they come from: equal populations are paired.

    `fixed` tells that the number of items was fixed in advance, so that one look needs no sequence. `rounding` is what
    a score may be off by, where a network computes it.
    """

    scores: Scores
    population: str
    fixed: bool = False
    rounding: float = 0.0

    @property
    def method(self) -> Method:
        """How its interval is made. Means of other values than 0 and 1 always have a sequence."""
        if self.scores.whole_domain:
            return "exact"
        return "Clopper-Pearson" if self.fixed and self.scores.binary else "confidence sequence"

    @property
    def slack(self) -> float:
        """What rounding may move the mean by; a mean of nothing but 0 is what it is."""
        return self.rounding if self.rounding and self.scores.has_size() else 0.0


@dataclass(frozen=True)
class PartInterval:
    """T of one part: its estimate and its interval (a point where it is exact)."""

    estimate: Fraction
    interval: Interval
    paired: bool
    method: Method


@dataclass(frozen=True)
class Moved:
    """What if: near ties and rounding counted for (+1) or against (-1) a quantity, and `growth` times as many items."""

    ties: int = 0
    growth: float = 1.0


AS_MEASURED = Moved()


def among_answers(part: Part) -> bool:
    """Whether scores are among the declared answers: in differences, where both sides must have the same chance."""
    return len(part.coefficients) > 1


def measured_interval(one: Measured, among: bool, alpha: float, moved: Moved = AS_MEASURED) -> Interval:
    """The interval of one quantity at confidence 1 - alpha."""
    scores = one.scores
    if scores.whole_domain:
        value = float(_exact(one, among, moved.ties))
        return Interval(value, value)
    if not scores.binary:
        values = scores.values_among if among else scores.values
        assert values is not None
        return _mean_interval(_array(values), scores.range, alpha, moved, scores.near, one.slack)
    right = _right(scores, among, moved.ties)
    if one.fixed:
        return clopper_pearson(int(right), scores.n, alpha)
    return proportion_sequence(moved.growth * right, moved.growth * scores.n, alpha)


def part_interval(part: Part, measured: list[Measured], alpha: float, moved: Moved = AS_MEASURED) -> PartInterval:
    """The interval of T at confidence 1 - alpha.

    `moved.ties` -1 or +1 moves every near tie, and rounding, against or in favour of T: both must give the same status.
    """
    among = among_answers(part)
    chosen = [(coefficient, measured[index]) for coefficient, index in part.coefficients]
    signed = [Moved(moved.ties * (1 if coefficient > 0 else -1), moved.growth) for coefficient, _ in chosen]
    estimate = part.constant
    for (coefficient, one), own in zip(chosen, signed, strict=True):
        estimate += coefficient * _estimate(one, among, own.ties)
    method = max((one.method for _, one in chosen), key=("exact", "Clopper-Pearson", "confidence sequence").index)
    if method == "exact":
        return PartInterval(estimate, Interval(float(estimate), float(estimate)), False, method)
    paired = _paired(chosen)
    if paired:
        (coefficient, left), (_, right) = chosen
        up = Moved(moved.ties if coefficient > 0 else -moved.ties, moved.growth)
        interval = _paired_interval(left, right, alpha, up).scale(float(coefficient))
    else:
        interval = Interval(0.0, 0.0)
        for (coefficient, one), own in zip(chosen, signed, strict=True):
            interval = interval.plus(measured_interval(one, among, alpha / len(chosen), own).scale(float(coefficient)))
    return PartInterval(estimate, interval.shift(float(part.constant)), paired, method)


def status(part: Part, found: PartInterval) -> Status:
    """Whether T's interval lies where the part wants it; exactly, for a whole domain."""
    exact = found.method == "exact"
    low: Fraction | float = found.estimate if exact else found.interval.low
    high: Fraction | float = found.estimate if exact else found.interval.high
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
    same = left.population == right.population and left.scores.n == right.scores.n
    return a == -b and same and left.fixed == right.fixed and not left.scores.whole_domain


def _paired_interval(left: Measured, right: Measured, alpha: float, moved: Moved) -> Interval:
    """The interval of left - right; `moved.ties` +1 counts every near tie for the left, -1 for the right."""
    one, other = left.scores, right.scores
    assert one.values_among is not None
    assert other.values_among is not None
    near = one.near + other.near
    if one.binary and other.binary and left.fixed:
        ours, theirs = one.values_among.bool(), other.values_among.bool()
        n, ties = one.n, moved.ties * near
        up = min(max(int((ours & ~theirs).sum()) + ties, 0), n)
        down = min(max(int((~ours & theirs).sum()) - ties, 0), n)
        return paired_difference(up, down, n, alpha)
    differences = _array(one.values_among) - _array(other.values_among)
    ends = one.range[0] - other.range[1], one.range[1] - other.range[0]
    return _mean_interval(differences, ends, alpha, moved, near, left.slack + right.slack)


def _mean_interval(
    values: Values, ends: tuple[float, float], alpha: float, moved: Moved, near: int, slack: float
) -> Interval:
    """The sequence of a mean; a near tie may move its item's value by the whole range, rounding the mean by `slack`."""
    low, high = ends
    found = mean_sequence(values, low, high, alpha)
    if moved.growth != 1:
        found = widen(found, float(values.mean()), len(values), moved.growth)
    found = found.shift(moved.ties * (near * (high - low) / len(values) + slack))
    return Interval(min(max(found.low, low), high), min(max(found.high, low), high))


def _estimate(one: Measured, among: bool, ties: int) -> Fraction:
    if one.scores.whole_domain:
        return _exact(one, among, ties)
    return _within(one.scores, Fraction(_right(one.scores, among, ties)) / one.scores.n + ties * Fraction(one.slack))


def _exact(one: Measured, among: bool, ties: int) -> Fraction:
    return _within(one.scores, one.scores.exact(among, ties) + ties * Fraction(one.slack))


def _within(scores: Scores, mean: Fraction) -> Fraction:
    low, high = (Fraction(end) for end in scores.range)
    return min(max(mean, low), high)


def _right(scores: Scores, among: bool, ties: int) -> float:
    """The sum of the scores with the near ties moved, within what the range allows."""
    low, high = scores.range
    moved = scores.right(among) + ties * scores.near * (high - low)
    return min(max(moved, low * scores.n), high * scores.n)


def _array(values: Tensor) -> Values:
    plain: Values = values.numpy().astype(np.float64)
    return plain
