"""Confidence sequences: intervals that stay valid however often they are looked at while items come in.

With probability at least 1 - alpha the true value lies in the intervals of all n at once, so that one may stop whenever
they decide. Proportions: the beta-binomial mixture (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021). Means of
bounded values: the hedged capital of a betting game (Waudby-Smith and Ramdas 2023).
"""

import sys
from collections.abc import Callable
from math import exp, log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import betaln

from .intervals import Interval

Values = npt.NDArray[np.float64]

BOLDEST = 0.5
"""The most of its capital that a bet on a mean may lose on one item."""
MOST_ITEMS = 10**9
"""Where a projection gives up."""


def mixture_evidence(p: Any, successes: Any, n: Any) -> Any:
    """The log of the mixture's likelihood over that of p in (0, 1), `successes` of n items; arguments broadcast.

    log B(1+S, 1+n-S) - S log p - (n-S) log(1-p): the mixture is uniform over [0, 1]. Under p its exponential is a
    martingale from 1, so that it ever reaches 1/alpha with probability at most alpha (Ville).
    """
    return betaln(1 + successes, 1 + n - successes) - successes * np.log(p) - (n - successes) * np.log1p(-p)


def proportion_sequence(successes: float, n: float, alpha: float) -> Interval:
    """The proportions against which the evidence of `successes` of n > 0 items is below 1/alpha; within [0, 1].

    Valid at every n at once. Numbers need not be whole: a projection asks for what a rate would give.
    """
    return Interval(_low_end(successes, n, alpha), 1 - _low_end(n - successes, n, alpha))


def mean_sequence(values: Values, low: float, high: float, alpha: float) -> Interval:
    """The interval of the mean of values in [low, high], shape [item] in the order in which they came.

    The means against which neither half of the hedged capital has reached 2/alpha. Valid at every n at once.
    """
    scaled = np.clip((values.astype(np.float64) - low) / (high - low), 0.0, 1.0)
    ends = _rejected_below(scaled, alpha), 1 - _rejected_below(1 - scaled, alpha)
    return Interval(low + (high - low) * min(ends), low + (high - low) * max(ends))


def widen(interval: Interval, estimate: float, n: int, growth: float) -> Interval:
    """About what a mean's interval at n items would be at n * growth: widths go as sqrt(log n / n)."""
    factor = sqrt(log(1 + growth * n) / (growth * log(1 + n)))
    return Interval(estimate + factor * (interval.low - estimate), estimate + factor * (interval.high - estimate))


def items_to_settle(settles: Callable[[int], bool], start: int, most: int = MOST_ITEMS) -> int | None:
    """The smallest n from `start` to `most` at which `settles(n)`; None where none does.

    `settles` must not change back: what n items would settle, more would too.
    """
    low, high = start - 1, start
    while not settles(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settles(middle) else (middle, high)
    return high


def _low_end(successes: float, n: float, alpha: float) -> float:
    """Where the evidence falls to 1/alpha, below the estimate; exact where none or all of the items succeeded."""
    if successes <= 0:
        return 0.0
    if successes >= n:
        return exp((log(alpha) - log(n + 1)) / n)

    def excess(p: float) -> float:
        return float(mixture_evidence(p, successes, n)) + log(alpha)

    return float(brentq(excess, sys.float_info.min, successes / n))


def _rejected_below(values: Values, alpha: float) -> float:
    """The mean up to which the capital has reached 2/alpha; it falls as the mean rises."""
    bets = _bets(values, alpha)

    def excess(mean: float) -> float:
        return _log_capital(values, bets, mean) + log(alpha / 2)

    return float(brentq(excess, 0.0, 1.0)) if excess(0.0) > 0 else 0.0


def _bets(values: Values, alpha: float) -> Values:
    """Each item's bet before it is bounded, from the items before it; the same for values and 1 - values.

    lambda_t = sqrt(2 log(2/alpha) / (v t log(1+t))), v their variance, one more item being counted with mean 1/2 and
    variance 1/4. Values in [0, 1] and bets have the shape [item].
    """
    t = np.arange(1, len(values) + 1)
    means = (0.5 + np.cumsum(values)) / (t + 1)
    variances = (0.25 + np.cumsum((values - means) ** 2)) / (t + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    bets: Values = np.sqrt(2 * log(2 / alpha) / (before * t * np.log1p(t)))
    return bets


def _log_capital(values: Values, bets: Values, mean: float) -> float:
    """The log capital in the end of one who bets that the mean lies above `mean`, each time at most BOLDEST / mean.

    Under a mean of `mean` or less the capital ever reaches 2/alpha with probability at most alpha/2.
    """
    bounded = np.minimum(bets, BOLDEST / mean) if mean > 0 else bets
    return float(np.cumsum(np.log1p(bounded * (values - mean)))[-1])  # item after item, as it grows
