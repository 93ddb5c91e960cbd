"""The walk through an `all` over an ordered type, on streams made by hand or drawn at random."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import torch
from cspec.compiler.experiments import Part
from cspec.compiler.plan import Case, ClaimText, DecideStep, MeasuredQuantity
from cspec.runtime.deciding.cases import Walk, walk_cases
from cspec.runtime.deciding.decide import run_decide
from cspec.runtime.deciding.rulings import Evaluated
from cspec.runtime.deciding.verdicts import Verdict
from cspec.runtime.scoring.scores import CellCount, Scores
from cspec.runtime.statistics.part_intervals import Measured
from cspec.runtime.statistics.sequential import Look

ALPHA = 0.05
BUDGET = 2000


def claim(values: int, bound: str, budget: int = BUDGET) -> DecideStep:
    """`all(q[t] >= bound for t in ..)`."""
    quantities = tuple(MeasuredQuantity(f"q{t}", f"key{t}", budget, False, True, (), None) for t in range(values))
    parts = tuple(Part(">=", -Fraction(bound), ((Fraction(1), t),)) for t in range(values))
    cases = tuple(Case(0, f"t = {t}", True) for t in range(values))
    text = ClaimText("c", "a claim", "", False, "holds", None, cases)
    return DecideStep("k", text, quantities, parts, ALPHA, 0.5, None, "look", ("chunk",))


def decide(step: DecideStep, agree: np.ndarray) -> tuple[Verdict, dict[str, int]]:
    """The verdict where value t's items agree as row t says, and how many items of each were looked at."""
    read: dict[str, int] = {}

    def scores(t: int, n: int) -> Scores:
        right = torch.from_numpy(agree[t, :n])
        halves = [int(right[: n // 2].sum()), int(right[n // 2 :].sum())]
        cells = (
            CellCount(("x",), "changing", Fraction(1, 2), n // 2, halves[0], halves[0], 0),
            CellCount(("x",), "keeping", Fraction(1, 2), n - n // 2, halves[1], halves[1], 0),
        )
        return Scores(cells, right.float(), right.float(), n, 0.5, 0.5, None, (), 0)

    def look_at(part: DecideStep) -> Look:
        def look(size: int | None) -> list[Evaluated]:
            assert size is not None
            for quantity in part.quantities:
                read[quantity.text] = max(read.get(quantity.text, 0), size)
            return [Evaluated(q, scores(int(q.text[1:]), size), q.text, None, None) for q in part.quantities]

        return look

    def control(key: str, count: int | None) -> Measured:
        raise AssertionError("nothing is learned here")

    walk = walk_cases(step, look_at)
    return run_decide(walk, look_at(walk.step), control, False), read


def constant(*rates: float) -> np.ndarray:
    """Items that agree at a rate in every stretch."""
    steps = np.floor(np.outer(rates, np.arange(BUDGET + 1)) + 1e-9)
    return np.diff(steps, axis=1) > 0


def test_values_before_a_failure_cost_nothing() -> None:
    verdict, read = decide(claim(5, "0.9"), constant(1.0, 1.0, 0.5, 1.0, 1.0))
    assert set(read) == {"q2", "q3", "q4"}
    assert (verdict.outcome, verdict.cases[0].first, verdict.cases[0].stopped) == ("refuted", "t = 3", "t = 2")
    assert verdict.cases[0].not_looked_at == ("t = 0", "t = 1")


def test_a_value_that_stays_open_has_not_failed() -> None:
    verdict, read = decide(claim(4, "0.9"), constant(0.2, 0.9, 1.0, 1.0))
    assert set(read) == {"q0", "q1", "q2", "q3"}
    assert (verdict.outcome, verdict.cases[0].first, verdict.cases[0].stopped) == ("refuted", "t = 2", "t = 1")


def test_a_refutation_counts_all_parts_also_those_not_looked_at() -> None:
    """A last value that misses at alpha, but not at alpha / 40, refutes nothing; the walk goes on behind it."""

    def run(values: int, wrong: int) -> tuple[Verdict, dict[str, int]]:
        agree = np.ones((values, 256), dtype=bool)
        agree[-1, :wrong] = False
        return decide(claim(values, "0.9", 256), agree)

    wrong = next(wrong for wrong in range(26, 256) if run(1, wrong)[0].outcome == "refuted")
    verdict, read = run(40, wrong)
    assert set(read) == {f"q{t}" for t in range(40)}
    assert (verdict.outcome, verdict.reason, verdict.cases[0].first) == ("inconclusive", "budget", None)
    refuted = next(more for more in range(wrong, 256) if run(40, more)[0].outcome == "refuted")
    assert set(run(40, refuted)[1]) == {"q39"}


def test_the_report_errs_less_often_than_alpha_says() -> None:
    """Every value lies at the bound's edge, just outside: any that is reported to pass is an error."""
    generator, wrong, runs = np.random.default_rng(0), 0, 100
    for _ in range(runs):
        verdict, _ = decide(claim(10, "0.9", 512), generator.random((10, BUDGET)) < 0.8999)
        wrong += verdict.cases[0].first is not None
        assert verdict.outcome != "holds"
    assert wrong / runs <= ALPHA


def test_a_claim_without_one_is_looked_at_as_it_is() -> None:
    step = claim(3, "0.9")
    plain = replace(step, claim=replace(step.claim, cases=()))
    assert walk_cases(plain, lambda part: lambda size: []) == Walk(plain)
