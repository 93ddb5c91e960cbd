"""Scores of metrics: a value alone, or what it gains from one run to the other, each within its range."""

from dataclasses import dataclass

from torch import Tensor

from ...compiler.terms import Apart, Gain, Score
from .read_metric import MetricValues


@dataclass(frozen=True)
class MetricScores:
    """Scores within `range`; items near a tie, and items of which a value was cut. Each tensor of shape [item]."""

    values: Tensor
    near: Tensor
    clipped: Tensor
    range: tuple[float, float]


def score_metric(score: Score, read: list[MetricValues], bounds: tuple[float, float]) -> MetricScores:
    """The value of one run (`Amount`), or the difference of two, after minus before.

    Values are cut to the metric's bounds before they are subtracted; an item counts as cut where either was.
    """
    first, *others = read
    if not others:
        return MetricScores(first.values, first.near, first.clipped, bounds)
    (before,) = others
    near, clipped, reach = first.near | before.near, first.clipped | before.clipped, bounds[1] - bounds[0]
    gains = first.values - before.values
    if isinstance(score, Apart):
        return MetricScores(gains.abs(), near, clipped, (0.0, reach))
    assert isinstance(score, Gain)
    return MetricScores(gains, near, clipped, (-reach, reach))
