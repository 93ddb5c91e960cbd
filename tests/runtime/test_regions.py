"""Regions of disagreement: found where there is one by construction, not found where there is none."""

import numpy as np
import numpy.typing as npt
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Variable
from cspec.lang.program import Mechanism
from cspec.runtime.diagnosis.regions import find_regions
from cspec.runtime.statistics.intervals import clopper_pearson

COLOUR = Domain("colour", 0, 3, ("red", "green", "blue"))
WIDE = integers(0, 99)
N = 4000
Inputs = npt.NDArray[np.int64]


def model() -> CausalModel:
    """Two comparisons, and a colour that no equation reads."""
    u, v = Variable("u", integers(-5, 9)), Variable("v", WIDE)
    low, big = Variable("low", BOOL), Variable("big", BOOL)
    mechanisms = (
        Mechanism("low", BOOL, Apply("<=", (u, Variable("u2", u.domain)), BOOL)),
        Mechanism("big", BOOL, Apply(">=", (v, Variable("v2", WIDE)), BOOL)),
        Mechanism("out", BOOL, Apply("and", (low, big), BOOL)),
    )
    names = ("u", "u2", "v", "v2", "c")
    return CausalModel("m", names, (u.domain, u.domain, WIDE, WIDE, COLOUR), mechanisms, "out")


@pytest.fixture
def inputs() -> Inputs:
    """Base and one source, shape [item, role, input]."""
    rng = np.random.default_rng(2)
    sizes = [domain.size for domain in model().input_domains]
    return np.stack([rng.integers(0, size, (N, 2)) for size in sizes], axis=2)


def column(inputs: Inputs, role: int, name: str) -> Inputs:
    return model().run(inputs[:, role], {})[name]


@pytest.mark.parametrize(
    ("role", "variable", "says"),
    [
        (0, "low", "low is true on the base"),
        (1, "low", "low is true on its source"),
        (1, "big", "big is true on the source of low"),
        (0, "c", "c is red on the base"),
        (0, "u", "u is -5 on the base"),
    ],
)
def test_one_region_is_found_exactly(inputs: Inputs, role: int, variable: str, says: str) -> None:
    values = column(inputs, role, variable)
    wrong = values == (1 if variable in ("low", "big") else 0)
    found = find_regions(model(), inputs, ("low",), ~wrong)
    assert found.held_out_accuracy == 1
    worst = found.regions[0]
    assert worst.where == (says,)
    assert (worst.right, worst.n) == (0, int(wrong[1::2].sum()))
    assert [region.estimate for region in found.regions] == [0, 1]
    assert sum(region.n for region in found.regions) == N // 2


def test_thresholds_where_values_are_many(inputs: Inputs) -> None:
    found = find_regions(model(), inputs, ("low",), column(inputs, 1, "v") > 40)
    assert found.regions[0].where == ("v <= 40 on the source of low",)
    assert found.regions[1].where == ("v > 40 on the source of low",)
    assert found.held_out_accuracy == 1


def test_a_region_of_two_conditions_and_its_interval(inputs: Inputs) -> None:
    rng = np.random.default_rng(3)
    inside = (column(inputs, 0, "low") == 1) & (column(inputs, 1, "big") == 0)
    agree = np.where(inside, rng.random(N) < 0.3, rng.random(N) < 0.98)
    found = find_regions(model(), inputs, ("low",), agree)
    worst = found.regions[0]
    assert set(worst.where) == {"low is true on the base", "big is false on the source of low"}
    assert (worst.right, worst.n) == (int((agree & inside)[1::2].sum()), int(inside[1::2].sum()))
    interval = clopper_pearson(worst.right, worst.n, 0.05)
    assert (worst.low, worst.high) == (interval.low, interval.high)
    assert worst.low < 0.3 < worst.high
    assert found.held_out_accuracy > found.majority + 0.05


def test_no_region_in_noise(inputs: Inputs) -> None:
    for seed in range(10, 15):
        agree = np.random.default_rng(seed).random(N) < 0.6
        assert find_regions(model(), inputs, ("low",), agree).regions == ()


def test_no_region_of_fewer_than_fifty_items(inputs: Inputs) -> None:
    """Forty items in each half: the region is there, and too small to be told from chance."""
    rare = np.flatnonzero(column(inputs, 0, "c") == 0)[:80]
    some = inputs[np.sort(np.concatenate([rare, np.flatnonzero(column(inputs, 0, "c") != 0)[:220]]))]
    assert find_regions(model(), some, ("low",), column(some, 0, "c") != 0).regions == ()


def test_what_is_said_is_measured_on_items_that_no_region_was_found_on(inputs: Inputs) -> None:
    """The even items have a region that the odd ones lack: it foretells nothing there."""
    agree = column(inputs, 0, "low") == 0
    agree[1::2] = np.random.default_rng(4).random(N // 2) < 0.5
    found = find_regions(model(), inputs, ("low",), agree)
    assert found.regions == ()
    assert found.held_out_accuracy < 0.6


@pytest.mark.parametrize("agrees", [True, False])
def test_nothing_to_tell_apart(inputs: Inputs, agrees: bool) -> None:
    found = find_regions(model(), inputs, ("low",), np.full(N, agrees))
    assert (found.held_out_accuracy, found.majority, found.regions) == (1, 1, ())


def test_few_items(inputs: Inputs) -> None:
    for n in (0, 1, 2, 3):
        assert find_regions(model(), inputs[:n], ("low",), np.zeros(n, dtype=bool)).regions == ()
