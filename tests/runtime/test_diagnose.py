"""Which estimands of a claim are too low: what is diagnosed, by outcome, reason and relation."""

from fractions import Fraction
from typing import Literal

import pytest
from cspec.compiler.experiments import Part
from cspec.compiler.plan import ClaimText, DecideStep, MeasuredQuantity
from cspec.runtime.deciding.rows import STANDING
from cspec.runtime.deciding.verdicts import Outcome, PartRow, Verdict
from cspec.runtime.diagnosis.diagnose import too_low
from cspec.runtime.statistics.intervals import Interval
from cspec.runtime.statistics.part_intervals import PartInterval, status


def part(written: Literal[">=", "<=", "=="], *coefficients: int, bound: float = 0.5) -> Part:
    """The left side is the sum of these coefficients times the quantities 0, 1, ..."""
    sign = -1 if written == "<=" else 1
    terms = tuple((Fraction(sign * c), i) for i, c in enumerate(coefficients) if c)
    return Part("==" if written == "==" else ">=", Fraction(-sign * bound), terms, Fraction("0.05"), written)


def row(of: Part, low: float, high: float, bound: float = 0.5) -> PartRow:
    """The row of a part whose left side has this interval."""
    tolerance = 0.05 if of.written == "==" else 0.0
    estimate, n = (low + high) / 2, 100
    risen = Interval(bound - high, bound - low) if of.written == "<=" else Interval(low - bound, high - bound)
    standing = STANDING[status(of, PartInterval(Fraction(estimate), risen, False, "Clopper-Pearson"))]
    end = (None, standing)
    return PartRow("t", of.written, estimate, low, high, bound, tolerance, False, "Clopper-Pearson", n, n, *end)


def asked(outcome: Outcome, reason: str | None, *parts: tuple[Part, float, float]) -> tuple[int, ...]:
    """The quantities, of three, that would be diagnosed."""
    quantities = tuple(MeasuredQuantity(f"q{i}", f"key{i}", 100, True, True, (), None) for i in range(3))
    claim = ClaimText("c", "", "", False, "holds", None)
    stated = tuple(p for p, _, _ in parts)
    step = DecideStep("k", claim, quantities, stated, 0.05, 0.5, None, "look", ())
    rows = tuple(row(*found) for found in parts)
    verdict = Verdict("c", "", "", outcome, reason, "statistical", "holds", "failed", 0.05, rows, (), (), ())
    return too_low(step, verdict)


@pytest.mark.parametrize(
    ("outcome", "reason", "wanted"),
    [
        ("refuted", None, (0,)),
        ("unsupported", None, (0,)),
        ("inconclusive", "straddles", (0,)),
        ("inconclusive", "budget", (0,)),
        ("inconclusive", "vacuous: random networks", (0,)),
        ("inconclusive", "task_not_solved", ()),
        ("inconclusive", "numeric", ()),
        ("inconclusive", "unstable", ()),
        ("holds", None, ()),
    ],
)
def test_outcomes_whose_disagreements_tell_something(
    outcome: Outcome, reason: str | None, wanted: tuple[int, ...]
) -> None:
    assert asked(outcome, reason, (part(">=", 1), 0.4, 0.45)) == wanted


def test_signs_and_relations() -> None:
    assert asked("refuted", None, (part("<=", 1), 0.6, 0.7)) == ()
    assert asked("refuted", None, (part("<=", 1, -1), 0.6, 0.7)) == (1,)
    assert asked("refuted", None, (part(">=", 1, -2, 3), 0.1, 0.2)) == (0, 2)
    assert asked("refuted", None, (part("==", 1, -1), 0.1, 0.2)) == (0,)
    assert asked("refuted", None, (part("==", 1, -1), 0.8, 0.9)) == (1,)


def test_parts_that_pass_ask_for_nothing_unless_all_do() -> None:
    passing, missing = (part(">=", 1), 0.6, 0.7), (part(">=", 0, 1), 0.1, 0.2)
    assert asked("refuted", None, passing, missing) == (1,)
    assert asked("inconclusive", "vacuous: scrambled model", passing, (part(">=", 0, 1), 0.8, 0.9)) == (0, 1)


@pytest.mark.parametrize(
    ("written", "low", "high", "status"),
    [
        (">=", 0.5, 0.6, "passes"),
        (">=", 0.49, 0.6, "straddles"),
        (">=", 0.4, 0.49, "misses"),
        ("<=", 0.4, 0.5, "passes"),
        ("<=", 0.4, 0.51, "straddles"),
        ("<=", 0.51, 0.6, "misses"),
        ("==", 0.46, 0.54, "passes"),
        ("==", 0.44, 0.54, "straddles"),
        ("==", 0.46, 0.56, "straddles"),
        ("==", 0.56, 0.57, "misses"),
    ],
)
def test_a_part_passes_where_its_interval_lies_inside(
    written: Literal[">=", "<=", "=="], low: float, high: float, status: str
) -> None:
    assert row(part(written, 1), low, high).status == status
