"""Intervals against reference values, exact enumeration and simulation."""

import numpy as np
import pytest
from cspec.runtime.statistics.intervals import Interval, clopper_pearson, paired_difference
from scipy.stats import binom, binomtest


@pytest.mark.parametrize("n", [1, 7, 100, 2400])
@pytest.mark.parametrize("alpha", [0.05, 0.0125, 1e-6])
def test_clopper_pearson_meets_its_definition(n: int, alpha: float) -> None:
    """At either end, the tail that holds the observation has probability alpha / 2."""
    for k in {0, 1, n // 2, n - 1, n}:
        found = clopper_pearson(k, n, alpha)
        assert found.low == 0 if k == 0 else binom.sf(k - 1, n, found.low) == pytest.approx(alpha / 2, rel=1e-6)
        assert found.high == 1 if k == n else binom.cdf(k, n, found.high) == pytest.approx(alpha / 2, rel=1e-6)


def test_clopper_pearson_equals_scipys_at_usual_levels() -> None:
    expected = binomtest(970, 1000).proportion_ci(0.95, method="exact")
    found = clopper_pearson(970, 1000, 0.05)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("p", [0.01, 0.5, 0.9, 0.97])
def test_clopper_pearson_misses_at_most_alpha_by_exact_enumeration(p: float) -> None:
    n, alpha = 150, 0.05
    covered = [k for k in range(n + 1) if clopper_pearson(k, n, alpha).low <= p <= clopper_pearson(k, n, alpha).high]
    assert 1 - binom.pmf(covered, n, p).sum() <= alpha


def test_paired_difference_misses_at_most_alpha_in_simulation() -> None:
    rng = np.random.default_rng(1)
    alpha, n, trials = 0.1, 300, 2000
    probabilities = [0.25, 0.10, 0.65]  # left only, right only, both alike
    missed = 0
    for left_only, right_only, _ in rng.multinomial(n, probabilities, trials):
        interval = paired_difference(int(left_only), int(right_only), n, alpha)
        missed += not interval.low <= 0.15 <= interval.high
    assert missed / trials <= alpha


def test_paired_differences_are_narrower_than_unpaired_ones() -> None:
    n, alpha = 1000, 0.05
    left, right = clopper_pearson(900, n, alpha / 2), clopper_pearson(850, n, alpha / 2)
    paired = paired_difference(60, 10, n, alpha)
    assert paired.high - paired.low < (left.high - left.low) + (right.high - right.low)
    assert paired.low < 0.05 < paired.high


def test_intervals_scale_shift_and_add() -> None:
    assert Interval(0.2, 0.5).scale(-2) == Interval(-1.0, -0.4)
    assert Interval(0.25, 0.5).shift(-0.25) == Interval(0.0, 0.25)
    assert Interval(0.25, 0.5).plus(Interval(1, 2)) == Interval(1.25, 2.5)
