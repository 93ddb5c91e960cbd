"""From the scores of an edge's evaluations to its numbers, each with an interval at one error."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..scoring.scores import Scores
from ..statistics.intervals import Interval, clopper_pearson, paired_difference
from ..statistics.sequences import mean_sequence
from .measured_graph import EffectRow, NumberRow, PathsRow

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """The scores of an evaluation, and their key in the store."""

    key: str
    scores: Scores


def measure_paths(
    total: Scored, direct: Scored | None, indirect: Scored | None, alpha: float, draws: int, whole: bool
) -> PathsRow:
    """The numbers of what one thing does to a metric.

    Args:
        total: the scores of its effect in all.
        direct: those with the other nodes held (None: there are none).
        indirect: those by way of the other nodes.
        alpha: the error of each number.
        draws: how many random circuits items have in turn.
        whole: what is read is sure to be a whole number. It settles how intervals are made, which the values that were
            found may not: two methods, of which the data choose one, may err as often as both together.
    """
    signed = total.scores.range[0] < 0
    effect = _effect(total, alpha, whole)
    if direct is None or indirect is None:
        return PathsRow(effect, circuits=_circuits(total.scores, total.scores, draws))
    minus = [(1, total.scores), (-1, direct.scores)]
    return PathsRow(
        total=effect,
        direct=_effect(direct, alpha, whole),
        indirect=_effect(indirect, alpha, whole),
        interaction=_sum([*minus, (-1, indirect.scores)], alpha) if signed else None,
        made_up=_sum(minus, alpha) if signed else None,
        circuits=_circuits(total.scores, direct.scores, draws),
    )


def _effect(scored: Scored, alpha: float, whole: bool) -> EffectRow:
    """Of gains the mean and the mean size; of other scores, which are 1 where something differs, the mean."""
    scores, key = scored.scores, scored.key
    signed = scores.range[0] < 0
    if scores.whole_domain:
        return EffectRow(_exactly(scores.exact(False)) if signed else None, _exactly(scores.exact_size()), key)
    values, reach = _values(scores), scores.range[1]
    counted, size = whole and reach == 1, np.abs(values)
    effect = _signed(values, reach, alpha, counted) if signed else None
    return EffectRow(effect, _size(size, reach, alpha, counted), key)


def _signed(values: Values, reach: float, alpha: float, counted: bool) -> NumberRow:
    """The mean of gains within -reach .. reach; of gains of 1, the difference of how often each sign occurs."""
    if counted:
        found = paired_difference(int((values > 0).sum()), int((values < 0).sum()), len(values), alpha)
    else:
        found = mean_sequence(values, -reach, reach, alpha)
    return _row(values, found)


def _size(sizes: Values, reach: float, alpha: float, counted: bool) -> NumberRow:
    """The mean size of gains; of gains of 1, how often there is one."""
    if counted:
        return _row(sizes, clopper_pearson(int(sizes.sum()), len(sizes), alpha))
    return _row(sizes, mean_sequence(sizes, 0.0, reach, alpha))


def _sum(terms: list[tuple[int, Scores]], alpha: float) -> NumberRow:
    """A sum of effects on the same items: of sampled ones, item by item."""
    if all(scores.whole_domain for _, scores in terms):
        return _exactly(sum((factor * scores.exact(False) for factor, scores in terms), Fraction(0)))
    values = np.sum([factor * _values(scores) for factor, scores in terms], axis=0)
    reach = sum(scores.range[1] for _, scores in terms)
    return _row(values, mean_sequence(values, -reach, reach, alpha))


def _circuits(total: Scores, direct: Scores, draws: int) -> tuple[tuple[float, float], ...]:
    """The mean change of each random circuit, on the items that have it."""
    if not draws:
        return ()
    if total.whole_domain:
        return tuple((whole, own) for (_, whole), (_, own) in zip(total.drawn, direct.drawn, strict=True))
    whole, own = np.abs(_values(total)), np.abs(_values(direct))
    return tuple((float(whole[draw::draws].mean()), float(own[draw::draws].mean())) for draw in range(draws))


def _values(scores: Scores) -> Values:
    assert scores.values is not None, "sampled scores have values"
    values: Values = scores.values.double().numpy()
    return values


def _row(values: Values, found: Interval) -> NumberRow:
    return NumberRow(float(values.mean()), found.low, found.high)


def _exactly(value: Fraction) -> NumberRow:
    return NumberRow(float(value), float(value), float(value), str(value))
