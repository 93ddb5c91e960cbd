"""Intervals for bounded scores at a fixed number of items, and exact numbers for whole domains.

All are two-sided at confidence 1 - alpha. Formulas: Clopper and Pearson (1934) for proportions; a paired difference of
0/1 scores as the difference of two proportions of discordant items, each at alpha/2.
"""

from dataclasses import dataclass

from scipy.special import betaincinv


@dataclass(frozen=True)
class Interval:
    """A closed interval; `low <= high`."""

    low: float
    high: float

    def scale(self, factor: float) -> "Interval":
        """The interval of `factor` times the quantity."""
        ends = (factor * self.low, factor * self.high)
        return Interval(min(ends), max(ends))

    def shift(self, constant: float) -> "Interval":
        """The interval of the quantity plus a constant."""
        return Interval(self.low + constant, self.high + constant)

    def plus(self, other: "Interval") -> "Interval":
        """The interval of a sum, given one for each summand."""
        return Interval(self.low + other.low, self.high + other.high)


def clopper_pearson(successes: int, n: int, alpha: float) -> Interval:
    """The Clopper-Pearson interval of a proportion: `successes` of `n` > 0 items, at confidence 1 - alpha.

    Exact: it covers the true proportion with probability at least 1 - alpha, whatever that proportion is.
    """
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, alpha / 2))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - alpha / 2))
    return Interval(low, high)


def paired_difference(left_only: int, right_only: int, n: int, alpha: float) -> Interval:
    """The interval of mean(left) - mean(right) for 0/1 scores of the same n items.

    `left_only` (n10) items have left 1 and right 0, `right_only` (n01) the reverse:
    [L(n10) - U(n01), U(n10) - L(n01)], each Clopper-Pearson at alpha/2.
    """
    up, down = clopper_pearson(left_only, n, alpha / 2), clopper_pearson(right_only, n, alpha / 2)
    return Interval(up.low - down.high, up.high - down.low)
