"""Intervals of inequalities: paired, unpaired and exact; and what near ties may move."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from cspec.compiler.experiments import Part
from cspec.runtime.scoring.scores import CellCount, Scores, exact_sum
from cspec.runtime.statistics.intervals import clopper_pearson
from cspec.runtime.statistics.part_intervals import Measured, Moved, part_interval, status
from cspec.runtime.statistics.sequences import mean_sequence, proportion_sequence, widen
from scipy.special import betaincinv

ALPHA = 0.05


def fixed(scores: Scores, population: str) -> Measured:
    """Measured on a number of items that was fixed in advance."""
    return Measured(scores, population, fixed=True)


def scores(agree: list[int] | torch.Tensor, *, near: int = 0, whole: bool = False) -> Scores:
    """0/1 scores in one cell; over all classes the network is always wrong, among the answers it is `agree`."""
    among = torch.as_tensor(agree, dtype=torch.bool)
    cells = (CellCount(("x",), "changing", Fraction(1), len(among), 0, int(among.sum()), near),)
    kept = None if whole else among.float()
    return Scores(cells, None if whole else torch.zeros(len(among)), kept, 0, 0.0, 0.0, None, (), 0)


def alone(right: int, n: int, *, near: int = 0, whole: bool = False) -> Scores:
    """One proportion, the same over all classes and among the answers."""
    agree = None if whole else (torch.arange(n) < right).float()
    cells = (CellCount(("x",), "changing", Fraction(1), n, right, right, near),)
    return Scores(cells, agree, agree, n, 0.0, 0.0, None, (), 0)


def valued(values: torch.Tensor, low: float, high: float, *, near: int = 0) -> Scores:
    """Scores between 0 and 1 and beyond, the same over all classes and among the answers."""
    total = float(values.double().sum())
    cells = (CellCount(("x",), "changing", Fraction(1), len(values), total, total, near),)
    return Scores(cells, values, values, 0, 0.0, 0.0, None, (), 0, (low, high), binary=False)


def difference(bound: str, first: int = 1, second: int = -1, relation: str = ">=") -> Part:
    coefficients = ((Fraction(first), 0), (Fraction(second), 1))
    return Part(relation, -Fraction(bound), coefficients)  # type: ignore[arg-type]


LEFT = [1] * 700 + [1] * 50 + [0] * 20 + [0] * 230
RIGHT = [1] * 700 + [0] * 50 + [1] * 20 + [0] * 230
"""50 items only left, 20 only right, of 1,000."""


def test_one_proportion_has_its_clopper_pearson_interval() -> None:
    part = Part(">=", -Fraction("0.9"), ((Fraction(1), 0),))
    found = part_interval(part, [fixed(alone(930, 1000), "items")], ALPHA)
    expected = clopper_pearson(930, 1000, ALPHA)
    assert found.estimate == Fraction(3, 100)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low - 0.9, expected.high - 0.9))
    assert not found.paired


def test_an_upper_bound_turns_the_interval_round() -> None:
    lower = Part(">=", -Fraction("0.9"), ((Fraction(1), 0),))
    upper = Part(">=", Fraction("0.9"), ((Fraction(-1), 0),), written="<=")
    measured = [fixed(alone(930, 1000), "items")]
    one, other = (part_interval(part, measured, ALPHA) for part in (lower, upper))
    assert other.estimate == -one.estimate
    assert (other.interval.low, other.interval.high) == pytest.approx((-one.interval.high, -one.interval.low))


def test_a_difference_on_the_same_items_is_paired() -> None:
    """[L(n10) - U(n01), U(n10) - L(n01)], each Clopper-Pearson at alpha / 2."""
    measured = [fixed(scores(LEFT), "same"), fixed(scores(RIGHT), "same")]
    found = part_interval(difference("0"), measured, ALPHA)
    tail = ALPHA / 4
    low = [float(betaincinv(k, 1001 - k, tail)) for k in (50, 20)]
    high = [float(betaincinv(k + 1, 1000 - k, 1 - tail)) for k in (50, 20)]
    assert found.paired
    assert found.estimate == Fraction(30, 1000)
    assert found.interval.low == pytest.approx(low[0] - high[1], abs=1e-12)
    assert found.interval.high == pytest.approx(high[0] - low[1], abs=1e-12)


def test_the_order_of_a_paired_difference_only_turns_its_sign() -> None:
    measured = [fixed(scores(LEFT), "same"), fixed(scores(RIGHT), "same")]
    one = part_interval(difference("0"), measured, ALPHA)
    other = part_interval(difference("0", -1, 1), measured, ALPHA)
    assert other.paired
    assert (other.interval.low, other.interval.high) == pytest.approx((-one.interval.high, -one.interval.low))


@pytest.mark.parametrize(
    ("part", "items"),
    [(difference("0"), "other"), (difference("0", 2, -1), "same"), (difference("0", 1, 1), "same")],
    ids=["other items", "other weights", "a sum"],
)
def test_everything_else_is_the_sum_of_both_intervals_at_half_the_error(part: Part, items: str) -> None:
    measured = [fixed(scores(LEFT), "same"), fixed(scores(RIGHT), items)]
    found = part_interval(part, measured, ALPHA)
    left, right = clopper_pearson(750, 1000, ALPHA / 2), clopper_pearson(720, 1000, ALPHA / 2)
    (a, _), (b, _) = part.coefficients
    ends = [(float(c) * i.low, float(c) * i.high) for c, i in ((a, left), (b, right))]
    assert not found.paired
    assert found.interval.low == pytest.approx(sum(min(pair) for pair in ends))
    assert found.interval.high == pytest.approx(sum(max(pair) for pair in ends))
    assert found.estimate == a * Fraction(3, 4) + b * Fraction(18, 25)


def test_a_whole_domain_has_a_point() -> None:
    measured = [fixed(scores(LEFT, whole=True), "same"), fixed(scores(RIGHT, whole=True), "same")]
    found = part_interval(difference("0.03"), measured, ALPHA)
    assert found.estimate == 0
    assert (found.interval.low, found.interval.high) == (0, 0)
    assert status(difference("0.03"), found) == "pass"
    tighter = difference("0.030000000000000001")
    assert status(tighter, part_interval(tighter, measured, ALPHA)) == "miss below"


def test_a_whole_domain_weighs_its_cells_and_not_its_items() -> None:
    cells = (
        CellCount(("x",), "changing", Fraction(1, 2), 10, 5, 5, 0),
        CellCount(("x",), "keeping", Fraction(1, 2), 1000, 1000, 1000, 0),
    )
    whole = Scores(cells, None, None, 1010, 0.5, 0.5, None, (), 0)
    part = Part(">=", -Fraction("0.75"), ((Fraction(1), 0),))
    assert part_interval(part, [fixed(whole, "items")], ALPHA).estimate == 0


def test_differences_are_scored_among_the_declared_answers_and_bounds_over_all_classes() -> None:
    measured = [fixed(scores(LEFT), "same"), fixed(scores(RIGHT), "same")]
    bound = Part(">=", -Fraction("0.5"), ((Fraction(1), 0),))
    assert part_interval(bound, measured, ALPHA).estimate == Fraction(-1, 2)
    assert part_interval(difference("0"), measured, ALPHA).estimate == Fraction(3, 100)


@pytest.mark.parametrize("how", ["fixed", "sequence", "whole"])
@pytest.mark.parametrize("sign", [1, -1])
def test_near_ties_are_moved_for_and_against_the_claim(how: str, sign: int) -> None:
    part = Part(">=", Fraction(0), ((Fraction(sign), 0),))
    measured = [Measured(alone(930, 1000, near=10, whole=how == "whole"), "items", fixed=how == "fixed")]
    found = {s: part_interval(part, measured, ALPHA, Moved(s)) for s in (-1, 0, 1)}
    assert found[1].estimate - found[0].estimate == Fraction(10, 1000)
    assert found[0].estimate - found[-1].estimate == Fraction(10, 1000)
    assert found[-1].interval.low < found[0].interval.low < found[1].interval.low
    assert found[-1].interval.high < found[0].interval.high < found[1].interval.high


def test_near_ties_of_both_sides_move_a_paired_difference() -> None:
    plain = [fixed(scores(LEFT), "same"), fixed(scores(RIGHT), "same")]
    tied = [fixed(scores(LEFT, near=5), "same"), fixed(scores(RIGHT, near=5), "same")]
    still = part_interval(difference("0"), plain, ALPHA)
    assert part_interval(difference("0"), tied, ALPHA) == still
    up = part_interval(difference("0"), tied, ALPHA, Moved(1))
    down = part_interval(difference("0"), tied, ALPHA, Moved(-1))
    assert down.interval.low < still.interval.low < up.interval.low
    assert down.interval.high < still.interval.high < up.interval.high
    assert up.estimate == still.estimate + Fraction(10, 1000)


@pytest.mark.parametrize("sign", [1, -1])
def test_near_ties_move_a_paired_interval_as_they_move_its_estimate(sign: int) -> None:
    part = Part(">=", Fraction(0), ((Fraction(sign), 0), (Fraction(-sign), 1)))
    measured = [fixed(alone(right, 1000, near=5), "items") for right in (930, 900)]
    found = [part_interval(part, measured, ALPHA, Moved(s)) for s in (-1, 0, 1)]
    for one in ("low", "high"):
        ends = [getattr(f.interval, one) for f in found]
        assert ends == sorted(ends)
        assert ends[0] < ends[2]
    assert found[0].estimate < found[1].estimate < found[2].estimate


def test_near_ties_move_no_proportion_out_of_0_to_1() -> None:
    part = Part(">=", Fraction(0), ((Fraction(1), 0),))
    for whole in (False, True):
        measured = [fixed(alone(999, 1000, near=500, whole=whole), "items")]
        assert part_interval(part, measured, ALPHA, Moved(1)).estimate == 1


@pytest.mark.parametrize(
    ("rate", "expected"),
    [("0.95", "pass"), ("0.90", "straddle"), ("0.85", "miss below")],
)
def test_status_of_a_lower_bound(rate: str, expected: str) -> None:
    part = Part(">=", -Fraction("0.9"), ((Fraction(1), 0),))
    found = part_interval(part, [fixed(alone(int(Fraction(rate) * 2000), 2000), "items")], ALPHA)
    assert status(part, found) == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [(800, "miss below"), (850, "straddle"), (900, "pass"), (950, "straddle"), (990, "miss above")],
)
def test_status_of_an_equality(right: int, expected: str) -> None:
    part = Part("==", -Fraction("0.9"), ((Fraction(1), 0),), Fraction("0.05"), "==")
    found = part_interval(part, [fixed(alone(right, 1000), "items")], ALPHA)
    assert status(part, found) == expected


# --- sequences -------------------------------------------------------------------------------------------------------


def test_where_the_number_of_items_is_open_intervals_are_sequences() -> None:
    one = Part(">=", Fraction(0), ((Fraction(1), 0),))
    left, right = Measured(scores(LEFT), "same"), Measured(scores(RIGHT), "same")
    alone_ = part_interval(one, [Measured(alone(930, 1000), "items")], ALPHA)
    paired = part_interval(difference("0"), [left, right], ALPHA)
    summed = part_interval(difference("0", 1, 1), [left, right], ALPHA)
    halves = [proportion_sequence(k, 1000, ALPHA / 2) for k in (750, 720)]
    assert alone_.interval == proportion_sequence(930, 1000, ALPHA)
    gains = np.array(LEFT, dtype=float) - np.array(RIGHT, dtype=float)
    assert (paired.paired, paired.interval) == (True, mean_sequence(gains, -1, 1, ALPHA))
    assert summed.interval == halves[0].plus(halves[1])
    assert {alone_.method, paired.method, summed.method} == {"confidence sequence"}


def test_a_part_is_as_open_as_its_most_open_quantity() -> None:
    open_, closed = Measured(scores(LEFT), "same"), fixed(scores(RIGHT), "same")
    found = part_interval(difference("0"), [open_, closed], ALPHA)
    expected = proportion_sequence(750, 1000, ALPHA / 2).plus(clopper_pearson(720, 1000, ALPHA / 2).scale(-1))
    assert (found.method, found.paired) == ("confidence sequence", False)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))
    assert part_interval(difference("0"), [closed, closed], ALPHA).method == "Clopper-Pearson"


def test_a_projection_keeps_the_estimate_and_narrows_the_interval() -> None:
    left, right = Measured(scores(LEFT), "same"), Measured(scores(RIGHT), "same")
    now, later = (part_interval(difference("0"), [left, right], ALPHA, Moved(growth=g)) for g in (1.0, 16.0))
    assert now.estimate == later.estimate
    assert later.interval == widen(now.interval, float(now.estimate), 1000, 16.0)


# --- values between 0 and 1, and beyond ------------------------------------------------------------------------------


def test_a_mean_of_bounded_values_has_its_sequence_whatever_was_fixed() -> None:
    values = torch.rand(800, generator=torch.Generator().manual_seed(1)) * 3 - 1
    part = Part(">=", -Fraction(1, 2), ((Fraction(1), 0),))
    for was_fixed in (False, True):
        found = part_interval(part, [Measured(valued(values, -1, 2), "items", fixed=was_fixed)], ALPHA)
        expected = mean_sequence(values.numpy().astype(float), -1, 2, ALPHA)
        assert found.method == "confidence sequence"
        assert float(found.estimate) == pytest.approx(float(values.double().mean()) - 0.5)
        assert (found.interval.low, found.interval.high) == pytest.approx((expected.low - 0.5, expected.high - 0.5))


def test_differences_of_values_on_the_same_items_are_paired() -> None:
    """The values differ from item to item far more than the two quantities do on one."""
    generator = torch.Generator().manual_seed(2)
    base, noise = torch.rand(800, generator=generator), 0.02 * torch.rand(800, generator=generator)
    left, right = valued(base + noise, 0, 1.02), valued(base, 0, 1)
    same = part_interval(difference("0"), [Measured(left, "same"), Measured(right, "same")], ALPHA)
    other = part_interval(difference("0"), [Measured(left, "same"), Measured(right, "other")], ALPHA)
    assert same.paired
    assert not other.paired
    assert same.interval.low <= 0.01 <= same.interval.high
    assert same.interval.high - same.interval.low < 0.5 * (other.interval.high - other.interval.low)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_near_tie_may_move_its_value_by_the_whole_range(sign: int) -> None:
    values = torch.rand(800, generator=torch.Generator().manual_seed(3)) * 3 - 1
    part = Part(">=", Fraction(0), ((Fraction(sign), 0),))
    measured = [Measured(valued(values, -1, 2, near=8), "items")]
    down, still, up = (part_interval(part, measured, ALPHA, Moved(ties)) for ties in (-1, 0, 1))
    assert float(up.estimate - still.estimate) == pytest.approx(8 * 3 / 800)
    assert float(still.estimate - down.estimate) == pytest.approx(8 * 3 / 800)
    assert up.interval.low - still.interval.low == pytest.approx(8 * 3 / 800)


# --- rounding --------------------------------------------------------------------------------------------------------


def test_rounding_moves_a_mean_by_what_a_value_may_be_off_by() -> None:
    values = torch.rand(800, generator=torch.Generator().manual_seed(4))
    part = Part(">=", -Fraction(1, 2), ((Fraction(-2), 0),))
    for scores_ in (valued(values, 0, 1), replace(valued(values, 0, 1), values=None, values_among=None)):
        measured = [Measured(scores_, "items", rounding=0.01)]
        down, still, up = (part_interval(part, measured, ALPHA, Moved(ties)) for ties in (-1, 0, 1))
        assert float(up.estimate - still.estimate) == pytest.approx(0.02)
        assert still.interval.low - down.interval.low == pytest.approx(0.02)
        assert up.interval.high - still.interval.high == pytest.approx(0.02)


def test_a_mean_of_nothing_but_zeros_is_not_rounded() -> None:
    part = Part("==", Fraction(0), ((Fraction(1), 0),), Fraction(0), "==")
    for size, expected in ((0.0, "pass"), (1e-9, "miss above")):
        values = torch.full((80,), size, dtype=torch.float64)
        one = valued(values, 0, 1)
        cells = tuple(replace(cell, far=cell.right) for cell in one.cells)
        whole = Measured(replace(one, cells=cells, values=None, values_among=None), "items", rounding=1e-4)
        assert status(part, part_interval(part, [whole], ALPHA, Moved(1))) == expected


@pytest.mark.parametrize("text", ["0.1", "0.2", "0.7", "0.123456789", "-12.3", "1e-9"])
@pytest.mark.parametrize("n", [1, 10, 997, 160_000])
def test_a_computed_sum_of_equal_decimals_is_their_product(text: str, n: int) -> None:
    total = float(np.cumsum(np.full(n, float(text)))[-1])
    found = exact_sum(total, n, abs(total))
    assert found == n * Fraction(text) or abs(found - n * Fraction(text)) <= abs(Fraction(total) - n * Fraction(text))


def test_a_sum_that_is_no_decimal_stays_what_it_is() -> None:
    assert exact_sum(1 / 3, 1, 1 / 3) == Fraction(1 / 3)
    assert exact_sum(7, 100, 7.0) == 7
