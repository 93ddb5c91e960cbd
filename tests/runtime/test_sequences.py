"""Confidence sequences against reference values, and by simulation: what is missed when one looks after every item."""

from collections.abc import Callable

import numpy as np
import pytest
from cspec.runtime.statistics.intervals import clopper_pearson
from cspec.runtime.statistics.sequences import (
    items_to_settle,
    mean_sequence,
    mixture_evidence,
    proportion_sequence,
    widen,
)
from cspec.runtime.statistics.sequential import FIRST
from numpy.typing import NDArray
from scipy.special import betainc
from scipy.stats import binom

ALPHA = 0.05
HORIZON = 2000


def ever(reached: NDArray[np.bool_]) -> float:
    """The share of replications in which something happened at any time."""
    return float(reached.any(axis=1).mean())


# --- proportions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(100, 100, 0.927, 1.0), (970, 1000, 0.945, 0.986), (900, 1000, 0.862, 0.931), (9000, 10_000, 0.888, 0.912)],
)
def test_reference_values(successes: int, n: int, low: float, high: float) -> None:
    found = proportion_sequence(successes, n, ALPHA)
    assert (found.low, found.high) == pytest.approx((low, high), abs=7e-4)


@pytest.mark.parametrize("n", [1, 2, 40, 1000, 10**8])
@pytest.mark.parametrize("alpha", [0.05, 0.0125, 1e-9])
def test_the_ends_are_where_the_evidence_reaches_one_over_alpha(n: int, alpha: float) -> None:
    for successes in {0, 1, n // 3, n - 1, n}:
        found = proportion_sequence(successes, n, alpha)
        assert 0 <= found.low <= successes / n <= found.high <= 1
        assert (found.low == 0) == (successes == 0)
        near = 1e-3 * (found.high - found.low)
        for end, outwards in ((found.low, -near), (found.high, near)):
            assert 0 < end < 1 or end == successes / n
            inside, outside = end - outwards, end + outwards
            assert mixture_evidence(inside, successes, n) < -np.log(alpha)
            assert not 0 < outside < 1 or mixture_evidence(outside, successes, n) > -np.log(alpha)


@pytest.mark.parametrize("n", [1, 5, 256, 10**6])
def test_without_a_failure_the_end_is_known_in_closed_form(n: int) -> None:
    """B(1+n, 1) = 1/(n+1), so that p^n = alpha / (n+1)."""
    expected = (ALPHA / (n + 1)) ** (1 / n)
    assert proportion_sequence(n, n, ALPHA).low == pytest.approx(expected, rel=1e-12)
    assert proportion_sequence(0, n, ALPHA).high == pytest.approx(1 - expected, abs=1e-12)


def test_a_sequence_is_wider_than_the_interval_for_a_number_fixed_in_advance() -> None:
    for successes, n in ((90, 100), (500, 1000), (9990, 10_000)):
        open_end, fixed = proportion_sequence(successes, n, ALPHA), clopper_pearson(successes, n, ALPHA)
        assert open_end.low < fixed.low < fixed.high < open_end.high


def miss_probability(p: float, missing: Callable[[NDArray[np.int64], int], NDArray[np.bool_]]) -> float:
    """The probability that an interval ever leaves p out when one looks after every item, by exact enumeration.

    `missing` marks the counts 0 .. n whose interval leaves p out; what never missed yet is carried from n to n + 1.
    """
    alive, missed = np.array([1.0]), 0.0
    for n in range(1, HORIZON + 1):
        alive = np.append(alive * (1 - p), 0.0) + np.append(0.0, alive * p)
        out = missing(np.arange(n + 1), n)
        missed += float(alive[out].sum())
        alive[out] = 0.0
    return missed


@pytest.mark.parametrize(("p", "expected"), [(0.5, 0.037), (0.9, 0.032), (0.97, 0.017)])
def test_looking_after_every_item_misses_at_most_alpha(p: float, expected: float) -> None:
    missed = miss_probability(p, lambda k, n: mixture_evidence(p, k, n) >= -np.log(ALPHA))
    assert missed <= ALPHA
    assert missed == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(("p", "expected"), [(0.5, 0.456), (0.9, 0.394), (0.97, 0.317)])
def test_looking_again_and_again_with_a_fixed_interval_misses_much_more(p: float, expected: float) -> None:
    def missing(k: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
        """Whether p is outside of the ends of Clopper and Pearson: so many, or so few, have less than half of alpha."""
        so_many = np.where(k == 0, 1.0, betainc(np.maximum(k, 1), n - k + 1, p))
        so_few = np.where(k == n, 1.0, 1 - betainc(k + 1, np.maximum(n - k, 1), p))
        return np.minimum(so_many, so_few) < ALPHA / 2

    assert miss_probability(p, missing) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.97])
def test_the_enumeration_agrees_with_simulation(p: float) -> None:
    counts = np.cumsum(np.random.default_rng(7).random((4000, HORIZON)) < p, axis=1)
    simulated = ever(mixture_evidence(p, counts, np.arange(1, HORIZON + 1)) >= -np.log(ALPHA))
    exact = miss_probability(p, lambda k, n: mixture_evidence(p, k, n) >= -np.log(ALPHA))
    assert simulated == pytest.approx(exact, abs=0.009)  # three standard errors


# --- means of bounded values -----------------------------------------------------------------------------------------


LAWS = {
    "beta(8, 2)": lambda rng, shape: rng.beta(8, 2, shape),
    "mostly 0": lambda rng, shape: rng.random(shape) * (rng.random(shape) < 0.05),
    "0 or 1": lambda rng, shape: (rng.random(shape) < 0.9).astype(np.float64),
    "thirds": lambda rng, shape: rng.integers(0, 4, shape) / 3,
    "often apart": lambda rng, shape: (1 + rng.choice([1, -1, 0], p=[0.25, 0.1, 0.65], size=shape)) / 2,
    "rarely apart": lambda rng, shape: (1 + rng.choice([1, -1, 0], p=[0.02, 0.02, 0.96], size=shape)) / 2,
}
"""Two are differences of 0/1 scores on the same items, from -1 .. 1 taken to 0 .. 1."""
MEANS = {"beta(8, 2)": 0.8, "mostly 0": 0.025, "0 or 1": 0.9, "thirds": 0.5, "often apart": 0.575, "rarely apart": 0.5}


def log_capital(values: NDArray[np.float64], mean: float, alpha: float) -> NDArray[np.float64]:
    """The log capital, after each item, of one who bets that the mean lies above `mean`; shape [.., item].

    The bets are those of Waudby-Smith and Ramdas (2023), on values in 0 .. 1, shape [.., item]: each from the mean and
    variance of the items before it, and of one more with mean 1/2 and variance 1/4.
    """
    total, spread, variance = 0.5, 0.25, 0.25
    capital, grown = np.zeros(values.shape[:-1]), []
    for t, value in enumerate(np.moveaxis(values, -1, 0), 1):
        bet = np.minimum(np.sqrt(2 * np.log(2 / alpha) / (variance * t * np.log(1 + t))), 0.5 / mean)
        capital = capital + np.log(1 + bet * (value - mean))
        total = total + value
        spread = spread + (value - total / (t + 1)) ** 2
        variance = spread / (t + 1)
        grown.append(capital)
    return np.stack(grown, axis=-1)


@pytest.mark.parametrize("law", LAWS)
def test_looking_at_a_mean_after_every_item_misses_at_most_alpha(law: str) -> None:
    values, mean = LAWS[law](np.random.default_rng(10), (2000, 1000)), MEANS[law]
    above, below = log_capital(values, mean, ALPHA), log_capital(1 - values, 1 - mean, ALPHA)
    assert ever(np.maximum(above, below) >= np.log(2 / ALPHA)) <= ALPHA


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [1, 10, 3000])
def test_a_means_ends_are_where_the_capital_is_two_over_alpha(law: str, n: int) -> None:
    values = LAWS[law](np.random.default_rng(11), n)
    found = mean_sequence(values, 0, 1, ALPHA)
    assert 0 <= found.low <= found.high <= 1
    if found.low > 0:
        assert log_capital(values, found.low, ALPHA)[-1] == pytest.approx(np.log(2 / ALPHA))
    if found.high < 1:
        assert log_capital(1 - values, 1 - found.high, ALPHA)[-1] == pytest.approx(np.log(2 / ALPHA))


def test_a_means_interval_adapts_to_the_spread_of_the_values() -> None:
    rng = np.random.default_rng(12)
    narrow, wide = 0.5 + 0.01 * rng.standard_normal(2000), (rng.random(2000) < 0.5).astype(np.float64)
    tight, loose = mean_sequence(narrow, 0, 1, ALPHA), mean_sequence(wide, 0, 1, ALPHA)
    assert tight.low < 0.5 < tight.high
    assert tight.high - tight.low < 0.25 * (loose.high - loose.low)


@pytest.mark.parametrize(("law", "most"), [("often apart", 0.85), ("rarely apart", 0.7)])
def test_a_paired_difference_is_narrower_than_that_of_what_each_side_has_alone(law: str, most: float) -> None:
    """Beside the difference of the two proportions of discordant items, each with a sequence at alpha/2."""
    values = 2 * LAWS[law](np.random.default_rng(16), 1000) - 1
    up, down = (proportion_sequence(float((values == side).sum()), 1000, ALPHA / 2) for side in (1, -1))
    found = mean_sequence(values, -1, 1, ALPHA)
    assert found.high - found.low < most * (up.high - down.low - (up.low - down.high))


def test_a_mean_moves_with_its_range() -> None:
    values = np.random.default_rng(13).random(500)
    unit, wider = mean_sequence(values, 0, 1, ALPHA), mean_sequence(4 * values - 3, -3, 1, ALPHA)
    assert (wider.low, wider.high) == pytest.approx((4 * unit.low - 3, 4 * unit.high - 3))
    turned = mean_sequence(-values, -1, 0, ALPHA)
    assert (turned.low, turned.high) == pytest.approx((-unit.high, -unit.low))


def test_a_mean_of_equal_values_comes_close_to_them() -> None:
    assert mean_sequence(np.ones(1000), 0, 1, ALPHA).low > 0.98
    assert mean_sequence(np.zeros(1000), 0, 1, ALPHA).high < 0.02


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("n", "expected"), [(256, 0.029), (2000, 0.0037)])
def test_a_mean_is_never_known_better_than_its_range_allows(value: float, n: int, expected: float) -> None:
    found = mean_sequence(np.full(n, value), 0, 1, ALPHA)
    assert 2 * np.log(2 / ALPHA) / n == pytest.approx(expected, abs=3e-4)
    assert 0.95 * expected < found.high - found.low < 1.35 * expected


# --- decisions -------------------------------------------------------------------------------------------------------


def looks(most: int) -> NDArray[np.int64]:
    """The numbers of items at which a claim is looked at."""
    return np.array([*(FIRST * 2**k for k in range(20) if FIRST * 2**k < most), most])


@pytest.mark.parametrize("bound", [0.6, 0.9, 0.99])
def test_a_claim_just_short_of_its_bound_is_rarely_said_to_hold(bound: float) -> None:
    """Decided in looks up to 4,096 items: `holds` where the evidence against all of 0 .. bound is enough."""
    rng, at = np.random.default_rng(14), looks(4096)
    drawn = rng.binomial(np.diff(at, prepend=0), bound - 1e-9, size=(20_000, len(at)))
    counts = np.cumsum(drawn, axis=1)
    holds = (counts / at > bound) & (mixture_evidence(bound, counts, at) >= -np.log(ALPHA))
    assert ever(holds) <= ALPHA / 2
    fixed = betainc(counts, at - counts + 1, bound) <= ALPHA / 2  # the low end of Clopper and Pearson is at the bound
    assert ever(fixed) > 1.5 * ALPHA / 2  # the same looks with intervals that were made for one


def false_holds(alpha: float, n: int, bound: float) -> float:
    """The probability that a fixed-size test of a claim at its bound says that it holds, by enumeration."""
    holding = [k for k in range(n + 1) if clopper_pearson(k, n, alpha).low >= bound]
    return float(binom.pmf(holding, n, bound).sum())


def test_claims_share_the_error_of_their_file() -> None:
    """Four false claims, each at .95, against each at its share of the file's error."""
    each, shared = (1 - (1 - false_holds(alpha, 2000, 0.9)) ** 4 for alpha in (ALPHA, ALPHA / 4))
    assert each == pytest.approx(0.083, abs=0.01)
    assert shared == pytest.approx(0.019, abs=0.004)


# --- how many more ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "bound"), [(0.93, 0.9), (0.901, 0.9), (0.99, 0.985)])
def test_items_to_settle_is_the_first_number_that_would(rate: float, bound: float) -> None:
    def settles(n: int) -> bool:
        return proportion_sequence(rate * n, n, ALPHA).low >= bound

    needed = items_to_settle(settles, 256)
    assert needed is not None
    assert settles(needed)
    assert needed == 256 or not settles(needed - 1)


def test_items_to_settle_gives_up_on_the_bound_itself() -> None:
    asked = []

    def settles(n: int) -> bool:
        asked.append(n)
        return proportion_sequence(0.9 * n, n, ALPHA).low >= 0.9

    assert items_to_settle(settles, 256) is None
    assert max(asked) == 10**9
    assert items_to_settle(lambda n: n >= 12_345, 300) == 12_345
    assert items_to_settle(lambda n: True, 300) == 300


def test_what_more_items_would_give_is_about_what_they_give() -> None:
    values = np.random.default_rng(15).beta(8, 2, 64_000)
    early, late = (mean_sequence(values[:n], 0, 1, ALPHA) for n in (4000, 64_000))
    projected = widen(early, float(values[:4000].mean()), 4000, 16.0)
    assert projected.high - projected.low == pytest.approx(late.high - late.low, rel=0.25)
    assert widen(early, 0.8, 4000, 1.0).low == pytest.approx(early.low)
