"""Intervals of inequalities: paired, unpaired and exact; and what near ties may move."""

from fractions import Fraction

import pytest
import torch
from cspec.compiler.experiments import Part
from cspec.runtime.intervals import clopper_pearson
from cspec.runtime.part_intervals import Measured, part_interval, status
from cspec.runtime.scores import CellCount, Scores
from scipy.special import betaincinv

ALPHA = 0.05


def scores(agree: list[int] | torch.Tensor, *, near: int = 0, whole: bool = False) -> Scores:
    """0/1 scores in one cell; over all classes the network is always wrong, among the answers it is `agree`."""
    among = torch.as_tensor(agree, dtype=torch.bool)
    cells = (CellCount(("x",), "changing", Fraction(1), len(among), 0, int(among.sum()), near),)
    kept = None if whole else among
    return Scores(cells, None if whole else torch.zeros_like(among), kept, 0, 0.0, 0.0, None, (), 0)


def alone(right: int, n: int, *, near: int = 0) -> Scores:
    """One proportion, the same over all classes and among the answers."""
    agree = torch.arange(n) < right
    cells = (CellCount(("x",), "changing", Fraction(1), n, right, right, near),)
    return Scores(cells, agree, agree, n, 0.0, 0.0, None, (), 0)


def difference(bound: str, first: int = 1, second: int = -1, relation: str = ">=") -> Part:
    coefficients = ((Fraction(first), 0), (Fraction(second), 1))
    return Part(relation, -Fraction(bound), coefficients)  # type: ignore[arg-type]


LEFT = [1] * 700 + [1] * 50 + [0] * 20 + [0] * 230
RIGHT = [1] * 700 + [0] * 50 + [1] * 20 + [0] * 230
"""50 items only left, 20 only right, of 1,000."""


def test_one_proportion_has_its_clopper_pearson_interval() -> None:
    part = Part(">=", -Fraction("0.9"), ((Fraction(1), 0),))
    found = part_interval(part, [Measured(alone(930, 1000), "items")], ALPHA, exhaustive=False)
    expected = clopper_pearson(930, 1000, ALPHA)
    assert found.estimate == Fraction(3, 100)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low - 0.9, expected.high - 0.9))
    assert not found.paired


def test_an_upper_bound_turns_the_interval_round() -> None:
    lower = Part(">=", -Fraction("0.9"), ((Fraction(1), 0),))
    upper = Part(">=", Fraction("0.9"), ((Fraction(-1), 0),), written="<=")
    measured = [Measured(alone(930, 1000), "items")]
    one, other = (part_interval(part, measured, ALPHA, exhaustive=False) for part in (lower, upper))
    assert other.estimate == -one.estimate
    assert (other.interval.low, other.interval.high) == pytest.approx((-one.interval.high, -one.interval.low))


def test_a_difference_on_the_same_items_is_paired() -> None:
    """[L(n10) - U(n01), U(n10) - L(n01)], each Clopper-Pearson at alpha / 2."""
    measured = [Measured(scores(LEFT), "same"), Measured(scores(RIGHT), "same")]
    found = part_interval(difference("0"), measured, ALPHA, exhaustive=False)
    tail = ALPHA / 4
    low = [float(betaincinv(k, 1001 - k, tail)) for k in (50, 20)]
    high = [float(betaincinv(k + 1, 1000 - k, 1 - tail)) for k in (50, 20)]
    assert found.paired
    assert found.estimate == Fraction(30, 1000)
    assert found.interval.low == pytest.approx(low[0] - high[1], abs=1e-12)
    assert found.interval.high == pytest.approx(high[0] - low[1], abs=1e-12)


def test_the_order_of_a_paired_difference_only_turns_its_sign() -> None:
    measured = [Measured(scores(LEFT), "same"), Measured(scores(RIGHT), "same")]
    one = part_interval(difference("0"), measured, ALPHA, exhaustive=False)
    other = part_interval(difference("0", -1, 1), measured, ALPHA, exhaustive=False)
    assert other.paired
    assert (other.interval.low, other.interval.high) == pytest.approx((-one.interval.high, -one.interval.low))


@pytest.mark.parametrize(
    ("part", "items"),
    [(difference("0"), "other"), (difference("0", 2, -1), "same"), (difference("0", 1, 1), "same")],
    ids=["other items", "other weights", "a sum"],
)
def test_everything_else_is_the_sum_of_both_intervals_at_half_the_error(part: Part, items: str) -> None:
    measured = [Measured(scores(LEFT), "same"), Measured(scores(RIGHT), items)]
    found = part_interval(part, measured, ALPHA, exhaustive=False)
    left, right = clopper_pearson(750, 1000, ALPHA / 2), clopper_pearson(720, 1000, ALPHA / 2)
    (a, _), (b, _) = part.coefficients
    ends = [(float(c) * i.low, float(c) * i.high) for c, i in ((a, left), (b, right))]
    assert not found.paired
    assert found.interval.low == pytest.approx(sum(min(pair) for pair in ends))
    assert found.interval.high == pytest.approx(sum(max(pair) for pair in ends))
    assert found.estimate == a * Fraction(3, 4) + b * Fraction(18, 25)


def test_a_whole_domain_has_a_point() -> None:
    measured = [Measured(scores(LEFT, whole=True), "same"), Measured(scores(RIGHT, whole=True), "same")]
    found = part_interval(difference("0.03"), measured, ALPHA, exhaustive=True)
    assert found.estimate == 0
    assert (found.interval.low, found.interval.high) == (0, 0)
    assert status(difference("0.03"), found, exhaustive=True) == "pass"
    tighter = difference("0.030000000000000001")
    assert status(tighter, part_interval(tighter, measured, ALPHA, exhaustive=True), exhaustive=True) == "miss below"


def test_a_whole_domain_weighs_its_cells_and_not_its_items() -> None:
    cells = (
        CellCount(("x",), "changing", Fraction(1, 2), 10, 5, 5, 0),
        CellCount(("x",), "keeping", Fraction(1, 2), 1000, 1000, 1000, 0),
    )
    whole = Scores(cells, None, None, 1010, 0.5, 0.5, None, (), 0)
    part = Part(">=", -Fraction("0.75"), ((Fraction(1), 0),))
    assert part_interval(part, [Measured(whole, "items")], ALPHA, exhaustive=True).estimate == 0


def test_differences_are_scored_among_the_declared_answers_and_bounds_over_all_classes() -> None:
    measured = [Measured(scores(LEFT), "same"), Measured(scores(RIGHT), "same")]
    bound = Part(">=", -Fraction("0.5"), ((Fraction(1), 0),))
    assert part_interval(bound, measured, ALPHA, exhaustive=False).estimate == Fraction(-1, 2)
    assert part_interval(difference("0"), measured, ALPHA, exhaustive=False).estimate == Fraction(3, 100)


@pytest.mark.parametrize("exhaustive", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_near_ties_are_moved_for_and_against_the_claim(exhaustive: bool, sign: int) -> None:
    part = Part(">=", Fraction(0), ((Fraction(sign), 0),))
    measured = [Measured(alone(930, 1000, near=10), "items")]
    found = {s: part_interval(part, measured, ALPHA, exhaustive, shift=s) for s in (-1, 0, 1)}
    assert found[1].estimate - found[0].estimate == Fraction(10, 1000)
    assert found[0].estimate - found[-1].estimate == Fraction(10, 1000)
    assert found[-1].interval.low < found[0].interval.low < found[1].interval.low
    assert found[-1].interval.high < found[0].interval.high < found[1].interval.high


def test_near_ties_of_both_sides_move_a_paired_difference() -> None:
    plain = [Measured(scores(LEFT), "same"), Measured(scores(RIGHT), "same")]
    tied = [Measured(scores(LEFT, near=5), "same"), Measured(scores(RIGHT, near=5), "same")]
    still = part_interval(difference("0"), plain, ALPHA, exhaustive=False)
    assert part_interval(difference("0"), tied, ALPHA, exhaustive=False) == still
    up = part_interval(difference("0"), tied, ALPHA, exhaustive=False, shift=1)
    down = part_interval(difference("0"), tied, ALPHA, exhaustive=False, shift=-1)
    assert down.interval.low < still.interval.low < up.interval.low
    assert down.interval.high < still.interval.high < up.interval.high
    assert up.estimate == still.estimate + Fraction(10, 1000)


@pytest.mark.parametrize("sign", [1, -1])
def test_near_ties_move_a_paired_interval_as_they_move_its_estimate(sign: int) -> None:
    part = Part(">=", Fraction(0), ((Fraction(sign), 0), (Fraction(-sign), 1)))
    measured = [Measured(alone(right, 1000, near=5), "items") for right in (930, 900)]
    found = [part_interval(part, measured, ALPHA, False, shift=s) for s in (-1, 0, 1)]
    for one in ("low", "high"):
        ends = [getattr(f.interval, one) for f in found]
        assert ends == sorted(ends)
        assert ends[0] < ends[2]
    assert found[0].estimate < found[1].estimate < found[2].estimate


def test_near_ties_move_no_proportion_out_of_0_to_1() -> None:
    part = Part(">=", Fraction(0), ((Fraction(1), 0),))
    measured = [Measured(alone(999, 1000, near=500), "items")]
    assert part_interval(part, measured, ALPHA, exhaustive=False, shift=1).estimate == 1
    assert part_interval(part, measured, ALPHA, exhaustive=True, shift=1).estimate == 1


@pytest.mark.parametrize(
    ("rate", "expected"),
    [("0.95", "pass"), ("0.90", "straddle"), ("0.85", "miss below")],
)
def test_status_of_a_lower_bound(rate: str, expected: str) -> None:
    part = Part(">=", -Fraction("0.9"), ((Fraction(1), 0),))
    found = part_interval(part, [Measured(alone(int(Fraction(rate) * 2000), 2000), "items")], ALPHA, exhaustive=False)
    assert status(part, found, exhaustive=False) == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [(800, "miss below"), (850, "straddle"), (900, "pass"), (950, "straddle"), (990, "miss above")],
)
def test_status_of_an_equality(right: int, expected: str) -> None:
    part = Part("==", -Fraction("0.9"), ((Fraction(1), 0),), Fraction("0.05"), "==")
    found = part_interval(part, [Measured(alone(right, 1000), "items")], ALPHA, exhaustive=False)
    assert status(part, found, exhaustive=False) == expected
