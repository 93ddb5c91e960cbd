"""Sequential decisions on streams made by hand: when they stop, what is still open, and how often they are wrong."""

from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from cspec.compiler.experiments import Part
from cspec.compiler.plan import ClaimText, DecideStep, MeasuredQuantity, PlannedControl
from cspec.runtime.deciding.rulings import Evaluated
from cspec.runtime.scoring.scores import CellCount, Scores
from cspec.runtime.statistics.part_intervals import Measured
from cspec.runtime.statistics.sequences import proportion_sequence
from cspec.runtime.statistics.sequential import Decision, look_sizes, run_looks

Rates = Callable[[int], float]


def stream(rate: float, *, solves: float = 1.0, changing: float = 0.5, near: float = 0.0) -> Callable[[int], Scores]:
    """Scores of the first n items, `rate` of which agree at any n; the others as shares alike."""

    def first(n: int) -> Scores:
        agree = torch.diff(torch.floor(rate * torch.arange(n + 1) + 1e-9)) > 0
        half = int(changing * n)
        right = [int(part.sum()) for part in (agree[:half], agree[half:])]
        cells = (
            CellCount(("x",), "changing", Fraction(1, 2), half, right[0], right[0], int(near * n)),
            CellCount(("x",), "keeping", Fraction(1, 2), n - half, right[1], right[1], 0),
        )
        return Scores(cells, agree.float(), agree.float(), int(solves * n), 0.5, 0.5, None, (), 0)

    return first


def looked(
    streams: list[Callable[[int], Scores]],
    bound: str,
    *,
    budgets: list[int],
    drawable: int | None = None,
    learned: bool = False,
    control: Scores | None = None,
) -> tuple[Decision, list[int]]:
    """A claim that the first stream minus the others is at least a bound, and the numbers of items it looked at."""
    vetoes = () if control is None else (PlannedControl("random networks", "control", "", control.n),)
    quantities = tuple(
        MeasuredQuantity(f"q{i}", f"key{i}", budget, learned, True, (), None, vetoes)
        for i, budget in enumerate(budgets)
    )
    part = Part(">=", -Fraction(bound), tuple((Fraction(-1 if i else 1), i) for i in range(len(streams))))
    claim = ClaimText("c", "a claim", "", False, "holds", None)
    step = DecideStep("k", claim, quantities, (part,), 0.05, 0.5, None, "look", ())
    sizes: list[int] = []

    def look(size: int | None) -> list[Evaluated]:
        assert size is not None
        sizes.append(size)
        most = [min(size, budget, drawable or size) for budget in budgets]
        pairs = zip(quantities, streams, most, strict=True)
        return [Evaluated(quantity, one(n), "items", None, None) for quantity, one, n in pairs]

    def run(key: str, count: int | None) -> Measured:
        assert control is not None, "no control may run here"
        return Measured(control, "others", fixed=True)

    return run_looks(step, look, run), sizes


def test_looks_double_up_to_the_largest_budget() -> None:
    def sizes(*budgets: int | None) -> list[int | None]:
        quantities = tuple(MeasuredQuantity("q", "k", b, False, True, (), None) for b in budgets)
        claim = ClaimText("c", "", "", False, "holds", None)
        return list(look_sizes(DecideStep("k", claim, quantities, (), 0.05, 0.5, None, "look", ())))

    assert sizes(4000) == [256, 512, 1024, 2048, 4000]
    assert sizes(200) == [200]
    assert sizes(256) == [256]
    assert sizes(300, 1024) == [256, 512, 1024]
    assert sizes(None) == [None]


def test_an_obvious_claim_is_decided_at_the_first_look() -> None:
    for rate, outcome in ((1.0, "holds"), (0.7, "refuted")):
        decision, sizes = looked([stream(rate)], "0.9", budgets=[4000])
        assert (decision.ruling.outcome, sizes) == (outcome, [256])
        assert decision.notes == ()


def test_a_claim_is_looked_at_until_it_is_decided() -> None:
    decision, sizes = looked([stream(0.93)], "0.9", budgets=[100_000])
    assert decision.ruling.outcome == "holds"
    assert proportion_sequence(0.93 * sizes[-1], sizes[-1], 0.05).low >= 0.9
    assert proportion_sequence(0.93 * sizes[-2], sizes[-2], 0.05).low < 0.9


def test_the_budget_ends_an_open_claim_with_what_would_settle_it() -> None:
    decision, sizes = looked([stream(0.93)], "0.9", budgets=[600])
    assert sizes == [256, 512, 600]
    assert (decision.ruling.outcome, decision.ruling.reason) == ("inconclusive", "budget")
    (note,) = decision.notes
    needed = int(note.split("about ")[1].split(" ")[0].replace(",", ""))
    assert (
        proportion_sequence(0.93 * needed, needed, 0.05).low
        >= 0.9
        > proportion_sequence(0.93 * (needed - 1), needed - 1, 0.05).low
    )
    held, _ = looked([stream(0.93)], "0.9", budgets=[needed + 50])
    assert held.ruling.outcome == "holds"


def test_where_no_more_can_be_drawn_a_claim_straddles() -> None:
    decision, sizes = looked([stream(0.93)], "0.9", budgets=[4000], drawable=300)
    assert sizes == [256, 512]
    assert (decision.ruling.reason, decision.notes) == ("straddles", ())
    settled, _ = looked([stream(1.0)], "0.9", budgets=[4000], drawable=300)
    assert settled.ruling.outcome == "holds"


def test_all_quantities_are_looked_at_together_and_each_up_to_its_own_budget() -> None:
    decision, sizes = looked([stream(0.62), stream(0.5)], "0.05", budgets=[4000, 700])
    assert sizes[:3] == [256, 512, 1024]
    assert [e.scores.n for e in decision.evaluated] == [sizes[-1], 700]


def test_the_gate_is_looked_at_until_it_is_known() -> None:
    open_, sizes = looked([stream(1.0, solves=0.93)], "0.9", budgets=[100_000])
    assert open_.ruling.outcome == "holds"
    assert proportion_sequence(int(0.93 * sizes[-1]), sizes[-1], 0.05).low >= 0.9
    assert len(sizes) > 1
    closed, sizes = looked([stream(1.0, solves=0.5)], "0.9", budgets=[100_000])
    assert (closed.ruling.reason, sizes) == ("task_not_solved", [256])


def test_label_changing_items_are_waited_for() -> None:
    decision, sizes = looked([stream(1.0, changing=0.1)], "0.9", budgets=[4000])
    assert (decision.ruling.outcome, sizes) == ("holds", [256, 512, 1024])
    few, sizes = looked([stream(1.0, changing=0.1)], "0.9", budgets=[900])
    assert (few.ruling.reason, sizes[-1]) == ("too_few_changed", 900)


def test_near_ties_that_could_flip_a_claim_are_outweighed_by_more_items_or_named() -> None:
    decision, sizes = looked([stream(0.96, near=0.02)], "0.9", budgets=[4000])
    assert decision.ruling.outcome == "holds"
    assert len(sizes) > 1
    flipped, _ = looked([stream(0.96, near=0.08)], "0.9", budgets=[4000])
    assert flipped.ruling.reason == "numeric"


@pytest.mark.parametrize(
    ("rate", "outcome", "reason"),
    [(0.57, "holds", None), (0.9, "inconclusive", "vacuous: random networks")],
)
def test_a_control_that_more_items_of_the_claim_could_satisfy_is_waited_for(
    rate: float, outcome: str, reason: str | None
) -> None:
    """At 512 items the estimand's low end is .627: untrained networks at .57 reach more than half of its rise."""
    decision, sizes = looked([stream(0.7)], "0.6", budgets=[100_000], learned=True, control=stream(rate)(20_000))
    assert (decision.ruling.outcome, decision.ruling.reason) == (outcome, reason)
    first = next(n for n in (256 * 2**k for k in range(9)) if proportion_sequence(0.7 * n, n, 0.05).low >= 0.6)
    assert sizes[-1] > first if reason is None else sizes[-1] == first


def test_a_false_claim_is_rarely_said_to_hold() -> None:
    """The whole decision, on 400 streams just below the bound with a budget of 2,048 items."""
    generator = torch.Generator().manual_seed(5)
    said = {"holds": 0, "refuted": 0, "inconclusive": 0}
    for _ in range(400):
        agree = (torch.rand(2048, generator=generator) < 0.9 - 1e-9).float()

        def first(n: int, agree: torch.Tensor = agree) -> Scores:
            right = [int(half.sum()) for half in (agree[: n // 2], agree[n // 2 : n])]
            cells = tuple(
                CellCount(("x",), half, Fraction(1, 2), n // 2, count, count, 0)
                for half, count in zip(("changing", "keeping"), right, strict=True)
            )
            return Scores(cells, agree[:n], agree[:n], n, 0.5, 0.5, None, (), 0)

        decision, _ = looked([first], "0.9", budgets=[2048])
        said[decision.ruling.outcome] += 1
    assert said["holds"] <= 0.025 * 400
    assert said["holds"] + said["refuted"] <= 0.05 * 400
    assert said["inconclusive"] >= 0.95 * 400
