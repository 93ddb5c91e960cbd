"""The truth table of outcomes, its vetoes and expectations, on scores made by hand."""

from fractions import Fraction

import pytest
import torch
from cspec.compiler.experiments import Part
from cspec.compiler.plan import ClaimText, DecideStep, MeasuredQuantity, PlannedControl
from cspec.runtime.deciding.cases import Walk
from cspec.runtime.deciding.decide import check_stable, meets, run_decide
from cspec.runtime.deciding.rulings import Evaluated
from cspec.runtime.deciding.verdicts import Verdict
from cspec.runtime.scoring.scores import CellCount, Scores
from cspec.runtime.statistics.part_intervals import Measured

N = 2000


def scores(
    rate: float,
    n: int = N,
    *,
    solves: float = 1.0,
    near: int = 0,
    changing: int | None = None,
    clipped: int = 0,
    whole: bool = False,
) -> Scores:
    """Half of the items change the label; `rate` of all items agree, spread evenly."""
    first = n // 2 if changing is None else changing
    agree = torch.zeros(n, dtype=torch.bool)
    agree[torch.linspace(0, n - 1, round(rate * n)).long()] = True
    halves = [("changing", 0, first), ("keeping", first, n)]
    cells = tuple(
        CellCount(
            ("x",), half, Fraction(1, 2), b - a, int(agree[a:b].sum()), int(agree[a:b].sum()), near if a == 0 else 0
        )
        for half, a, b in halves
    )
    kept = None if whole else agree.float()
    return Scores(cells, kept, kept, round(solves * n), 0.5, 0.5, None, (), 0, clipped=clipped)


def valued(mean: float, high: float, n: int = N) -> Scores:
    """Values between 0 and `high` that spread around a mean."""
    values = mean + 0.4 * (torch.linspace(0, 1, n) - 0.5)
    total = float(values.double().sum())
    cells = (CellCount(("x",), "changing", Fraction(1), n, total, total, 0),)
    return Scores(cells, values, values, n, None, None, None, (), 0, (0.0, high), binary=False)


def decide(
    parts: tuple[Part, ...],
    measured: list[tuple[Scores, bool]],
    *,
    items: list[str] | None = None,
    exhaustively: bool = False,
    expect: str = "holds",
    control: Scores | None = None,
    vetoes: dict[str, Scores | None] | None = None,
    before: bool = False,
    gated: bool = True,
    share: float = 0.5,
    noted: dict[str, Scores | None] | None = None,
    apart: Scores | None = None,
    limit: float | None = None,
) -> Verdict:
    """The verdict where every look, the first one included, sees all of the items."""
    vetoes, noted = vetoes or {}, noted or {}
    planned = tuple(
        PlannedControl(
            name,
            None if scored is None else name,
            "too small",
            N,
            note=name in noted,
            apart="apart" if apart is not None and name == "flipped model" else None,
        )
        for name, scored in (vetoes | noted).items()
    )
    last_site = PlannedControl("last site", "control", "", N) if control else None
    quantities = tuple(
        MeasuredQuantity(
            f"q{i}", f"key{i}", None if exhaustively else s.n, learned, gated, ("rotation",), last_site, planned
        )
        for i, (s, learned) in enumerate(measured)
    )
    claim = ClaimText("c", "a claim", "", exhaustively, expect, None)  # type: ignore[arg-type]
    step = DecideStep("k", claim, quantities, parts, 0.05, share, limit, "look", ("chunk",))
    evaluated = [
        Evaluated(q, s, items[i] if items else f"items{i}", None, None)
        for i, (q, (s, _)) in enumerate(zip(quantities, measured, strict=True))
    ]

    def run_control(key: str, count: int | None) -> Measured:
        if key.startswith("key"):
            found = measured[int(key.removeprefix("key"))][0]
        else:
            given = {"control": control, "apart": apart}.get(key) or (vetoes | noted).get(key)
            assert given is not None, "no control may run here"
            found = given
        return Measured(found, f"items of {key}", fixed=True)

    return run_decide(Walk(step), lambda size: evaluated, run_control, before)


def at_least(bound: str, index: int = 0) -> Part:
    return Part(">=", -Fraction(bound), ((Fraction(1), index),))


def at_most(bound: str, index: int = 0) -> Part:
    return Part(">=", Fraction(bound), ((Fraction(-1), index),), written="<=")


GOOD, BAD = scores(1.0), scores(0.5)
TABLE = [  # part, rate, learned, outcome
    (at_least("0.9"), 0.99, False, "holds"),
    (at_least("0.9"), 0.80, False, "refuted"),
    (at_least("0.9"), 0.90, False, "inconclusive"),
    (at_least("0.9"), 0.99, True, "holds"),
    (at_least("0.9"), 0.80, True, "unsupported"),
    (at_least("0.9"), 0.90, True, "inconclusive"),
    (at_most("0.6"), 0.50, False, "holds"),
    (at_most("0.6"), 0.70, False, "refuted"),
    (at_most("0.6"), 0.50, True, "holds"),
    (at_most("0.6"), 0.70, True, "refuted"),
    (at_most("0.6"), 0.60, True, "inconclusive"),
]


@pytest.mark.parametrize(("part", "rate", "learned", "outcome"), TABLE)
def test_the_truth_table_of_one_estimand(part: Part, rate: float, learned: bool, outcome: str) -> None:
    verdict = decide((part,), [(scores(rate), learned)], control=GOOD)
    assert verdict.outcome == outcome
    assert verdict.reason == ("budget" if outcome == "inconclusive" else None)


def test_an_upper_bound_on_a_learned_map_has_grade_search() -> None:
    verdict = decide((at_most("0.6"),), [(scores(0.5), True)], control=GOOD)
    assert (verdict.outcome, verdict.grade) == ("holds", "search")
    assert [c.estimate for c in verdict.controls] == [1.0]


def test_an_upper_bound_is_inconclusive_where_the_search_finds_nothing_that_must_be_there() -> None:
    verdict = decide((at_most("0.6"),), [(scores(0.5), True)], control=scores(0.85))
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "search_not_shown")


def test_a_difference_of_learned_estimands_is_unsupported_where_it_misses() -> None:
    difference = Part(">=", -Fraction("0.2"), ((Fraction(1), 0), (Fraction(-1), 1)))
    assert decide((difference,), [(scores(0.95), True), (BAD, True)], control=GOOD).outcome == "holds"
    assert decide((difference,), [(scores(0.95), True), (BAD, True)], control=GOOD).grade == "search"
    assert decide((difference,), [(scores(0.95), True), (scores(0.94), True)], control=GOOD).outcome == "unsupported"


def test_differences_are_paired_exactly_where_the_items_are_the_same() -> None:
    difference = Part(">=", Fraction(0), ((Fraction(1), 0), (Fraction(-1), 1)))
    same = decide((difference,), [(scores(0.95), False), (scores(0.95), False)], items=["a", "a"])
    other = decide((difference,), [(scores(0.95), False), (scores(0.95), False)], items=["a", "b"])
    assert same.parts[0].paired
    assert not other.parts[0].paired
    assert same.parts[0].high - same.parts[0].low < other.parts[0].high - other.parts[0].low


EQUAL = Part("==", -Fraction("0.9"), ((Fraction(1), 0),), Fraction("0.05"), "==")


@pytest.mark.parametrize(
    ("rate", "learned", "outcome"),
    [
        (0.90, False, "holds"),
        (0.80, False, "refuted"),
        (0.99, False, "refuted"),
        (0.945, False, "inconclusive"),
        (0.90, True, "holds"),
        (0.80, True, "unsupported"),  # below: no such map was found
        (0.99, True, "refuted"),  # above: the map found is the witness against
    ],
)
def test_equivalence_misses_by_the_side_on_which_it_lies(rate: float, learned: bool, outcome: str) -> None:
    assert decide((EQUAL,), [(scores(rate), learned)], control=GOOD).outcome == outcome


def test_a_whole_domain_is_compared_exactly() -> None:
    exactly = Part("==", -Fraction(1), ((Fraction(1), 0),), Fraction(0), "==")
    assert decide((exactly,), [(scores(1.0, whole=True), False)], exhaustively=True).outcome == "holds"
    assert decide((exactly,), [(scores(0.9995, whole=True), False)], exhaustively=True).outcome == "refuted"
    tight = decide((at_least("0.9"),), [(scores(0.9, whole=True), False)], exhaustively=True)
    assert (tight.outcome, tight.grade, tight.quantities[0].exact) == ("holds", "exhaustive", "9/10")


def test_parts_are_joined_refuted_first() -> None:
    parts = (at_least("0.9", 0), at_least("0.9", 1))
    learned_miss, given_miss, fine, unclear = (
        (scores(0.8), True),
        (scores(0.8), False),
        (GOOD, False),
        (scores(0.9), False),
    )
    assert decide(parts, [learned_miss, given_miss]).outcome == "refuted"
    assert decide(parts, [learned_miss, unclear]).outcome == "unsupported"
    assert decide(parts, [fine, unclear]).outcome == "inconclusive"
    assert decide(parts, [fine, fine]).outcome == "holds"


def test_a_refutation_of_a_part_is_held_to_its_share_of_alpha() -> None:
    """One part in ten that misses at alpha, but not at alpha / 10, refutes nothing."""
    lone = [(scores(0.873), False)]
    assert decide((at_least("0.9"),), lone).outcome == "refuted"
    parts = (at_least("0.9", 0), *(at_least("0.5", i) for i in range(1, 10)))
    assert decide(parts, lone + [(GOOD, False)] * 9).outcome == "inconclusive"


def test_the_gate_takes_back_every_settled_outcome_on_a_network_that_does_not_solve_the_task() -> None:
    for rate in (0.99, 0.8):
        for learned in (False, True):
            verdict = decide((at_least("0.9"),), [(scores(rate, solves=0.9), learned)])
            assert (verdict.outcome, verdict.reason) == ("inconclusive", "task_not_solved")
    ungated = decide((at_most("0.6"),), [(scores(0.5, solves=0.5), True)], control=GOOD, gated=False)
    assert ungated.outcome == "holds"
    assert any("whatever the network's accuracy" in note for note in ungated.notes)


def test_too_few_label_changing_items_decide_nothing() -> None:
    verdict = decide((at_least("0.9"),), [(scores(0.99, changing=99), False)])
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "too_few_changed")
    assert decide((at_least("0.9"),), [(scores(0.99, changing=100), False)]).outcome == "holds"


def test_near_ties_count_only_where_they_could_flip_the_verdict() -> None:
    assert decide((at_least("0.9"),), [(scores(0.99, near=5), False)]).outcome == "holds"
    verdict = decide((at_least("0.9"),), [(scores(0.92, near=40), False)])
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "numeric")


def test_a_learned_map_that_does_no_better_than_nothing_is_vacuous() -> None:
    verdict = decide((at_least("0.4"),), [(scores(0.5), True)])
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "vacuous: no-op")
    assert decide((at_least("0.4"),), [(scores(0.5), False)]).outcome == "holds"


HARMLESS = {"random subspace": BAD, "scrambled model": BAD, "random networks": BAD}


def test_a_learned_map_holds_where_no_control_matches_it() -> None:
    verdict = decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=HARMLESS)
    assert (verdict.outcome, verdict.notes) == ("holds", ())
    assert [(row.name, row.quantity) for row in verdict.controls] == [
        (name, "q0") for name in ("no-op", "guess", "full swap", *HARMLESS)
    ]
    assert {row.name: row.met for row in verdict.controls} == {
        "full swap": None,
        **dict.fromkeys(("no-op", "guess", *HARMLESS), True),
    }


@pytest.mark.parametrize("name", ["random subspace", "scrambled model"])
@pytest.mark.parametrize(
    ("rate", "reason"), [(0.99, "vacuous"), (0.90, "control_unsettled"), (0.80, None), (0.50, None)]
)
def test_the_claim_must_miss_with_a_control_in_its_place(name: str, rate: float, reason: str | None) -> None:
    verdict = decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=HARMLESS | {name: scores(rate)})
    assert verdict.outcome == ("holds" if reason is None else "inconclusive")
    assert verdict.reason == (None if reason is None else f"{reason}: {name}")


@pytest.mark.parametrize(
    ("everywhere", "apart", "reason", "shown"),
    [
        (0.99, 0.99, "vacuous", 0.99),
        (0.99, 0.90, "control_unsettled", 0.90),
        (0.90, 0.99, "control_unsettled", 0.99),
        (0.99, 0.05, None, 0.05),
        (0.80, 0.99, None, 0.80),
    ],
)
def test_a_flipped_model_must_be_met_where_it_contradicts_the_claims_and_everywhere(
    everywhere: float, apart: float, reason: str | None, shown: float
) -> None:
    vetoes = HARMLESS | {"flipped model": scores(everywhere)}
    verdict = decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=vetoes, apart=scores(apart))
    assert verdict.reason == (None if reason is None else f"{reason}: flipped model")
    (row,) = [row for row in verdict.controls if row.name == "flipped model"]
    assert row.met == (reason is None)
    assert row.estimate == pytest.approx(shown)
    assert row.needed.endswith("where the models part") == (everywhere != 0.80)


@pytest.mark.parametrize(
    ("rate", "reason"),
    [(0.50, None), (0.70, None), (0.74, "control_unsettled"), (0.80, "vacuous"), (0.99, "vacuous")],
)
def test_random_networks_may_reach_half_of_the_rise_above_the_no_op(rate: float, reason: str | None) -> None:
    verdict = decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=HARMLESS | {"random networks": scores(rate)})
    assert verdict.reason == (None if reason is None else f"{reason}: random networks")
    assert (verdict.controls[-1].name, verdict.controls[-1].met) == ("random networks", reason is None)


def test_controls_stop_at_the_first_that_decides_and_say_so() -> None:
    verdict = decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=HARMLESS | {"random subspace": scores(0.99)})
    ran, left = ([row.name for row in verdict.controls if (row.estimate is None) == absent] for absent in (False, True))
    assert ran == ["no-op", "guess", "full swap", "random subspace"]
    assert left == ["scrambled model", "random networks"]
    assert {row.why for row in verdict.controls[-2:]} == {"another control decided"}


def test_controls_that_cannot_run_are_named_with_the_reason() -> None:
    vetoes = HARMLESS | {"scrambled model": None}
    verdict = decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=vetoes)
    assert verdict.outcome == "holds"
    (row,) = [row for row in verdict.controls if row.name == "scrambled model"]
    assert (row.estimate, row.met, row.why) == (None, None, "too small")


def test_controls_run_only_where_the_claim_itself_would_hold() -> None:
    for rate in (0.80, 0.90):
        assert decide((at_least("0.9"),), [(scores(rate), True)], vetoes=HARMLESS).controls == ()
    given = decide((at_least("0.9"),), [(scores(0.99), False)], vetoes=HARMLESS)
    assert (given.outcome, given.controls) == ("holds", ())
    upper = decide((at_most("0.6"),), [(scores(0.5), True)], control=GOOD, vetoes=HARMLESS)
    assert [row.name for row in upper.controls] == ["last site"]


@pytest.mark.parametrize(("share", "outcome"), [(0.3, "inconclusive"), (0.5, "holds")])
def test_the_share_of_random_networks_is_the_files_own(share: float, outcome: str) -> None:
    vetoes = HARMLESS | {"random networks": scores(0.68)}
    assert decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=vetoes, share=share).outcome == outcome


def test_notes_never_change_a_verdict() -> None:
    noted = {"input_carries": scores(0.99), "child": scores(0.6)}
    verdict = decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=HARMLESS, noted=noted)
    assert verdict.outcome == "holds"
    assert [row.name for row in verdict.controls[-2:]] == ["input_carries", "child"]
    assert any(note.startswith("input_carries, for q0: ") for note in verdict.notes)
    assert not any(note.startswith("child") for note in verdict.notes)


@pytest.mark.parametrize(
    ("mean", "limit", "reason"), [(1.5, 2.0, None), (2.5, 2.0, "off_distribution"), (2.5, None, None)]
)
def test_interventions_off_the_distribution_hold_where_no_limit_is_missed(
    mean: float, limit: float | None, reason: str | None
) -> None:
    noted = {"divergence": valued(mean, 10.0)}
    verdict = decide((at_least("0.9"),), [(scores(0.99), True)], vetoes=HARMLESS, noted=noted, limit=limit)
    assert verdict.outcome == ("holds" if reason is None else "inconclusive")
    assert verdict.reason == reason
    assert verdict.controls[-1].estimate == pytest.approx(mean, abs=0.01)


@pytest.mark.parametrize(("rate", "outcome"), [(0.99, "holds"), (0.8, "refuted"), (0.9, "inconclusive")])
def test_more_than_one_percent_of_clipped_values_settles_nothing(rate: float, outcome: str) -> None:
    few, many = (scores(rate, clipped=n) for n in (N // 100, N // 100 + 1))
    assert decide((at_least("0.9"),), [(few, False)]).outcome == outcome
    verdict = decide((at_least("0.9"),), [(many, False)])
    # where the parts are still open, that they are comes first
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "budget" if rate == 0.9 else "out_of_range")


@pytest.mark.parametrize(
    ("rate", "said"), [(0.905, "at the present estimates about"), (0.9, "the estimate is too near the bound")]
)
def test_where_the_budget_ends_first_the_verdict_says_how_much_more_would_do(rate: float, said: str) -> None:
    verdict = decide((at_least("0.9"),), [(scores(rate), False)])
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "budget")
    assert any(note.startswith("the budget of 2,000 test items ended") and said in note for note in verdict.notes)


def test_the_same_content_decided_otherwise_before_is_unstable() -> None:
    parts = (at_least("0.9"),)
    verdict = decide(parts, [(scores(0.99), False)])
    step = DecideStep("k", ClaimText("c", "", "", False, "holds", None), (), parts, 0.05, 0.5, None, "look", ())
    assert check_stable(step, verdict, ()) == verdict
    assert check_stable(step, verdict, ("holds",)) == verdict
    unstable = check_stable(step, verdict, ("refuted", "holds"))
    assert (unstable.outcome, unstable.reason, unstable.expectation) == ("inconclusive", "unstable", "open")
    assert any(note.endswith("holds, refuted") for note in unstable.notes)
    other_reason = check_stable(step, decide(parts, [(scores(0.9), False)]), ("inconclusive(numeric)",))
    assert other_reason.reason == "unstable"


def test_rows_say_how_their_intervals_are_made() -> None:
    (part,) = decide((at_least("0.9"),), [(scores(0.99), False)]).parts
    assert (part.method, part.n, part.budget) == ("confidence sequence", N, N)
    upper = decide((at_most("0.6"),), [(scores(0.5), True)], control=GOOD)
    assert [(row.method, row.n) for row in upper.controls] == [("Clopper-Pearson", N)]
    (whole,) = decide((at_least("0.9"),), [(scores(0.99, whole=True), False)], exhaustively=True).parts
    assert (whole.method, whole.n, whole.budget) == ("exact", N, N)


def test_a_second_look_is_exploratory() -> None:
    assert decide((at_least("0.9"),), [(GOOD, False)], before=True).grade == "exploratory"


def test_differences_are_scored_among_the_declared_answers() -> None:
    cells = (CellCount(("x",), "changing", Fraction(1), N, 0, N, 0),)
    never = torch.zeros(N, dtype=torch.bool)
    split = Scores(cells, never, ~never, N, 0.0, 0.5, None, (), 0)
    difference = Part(">=", -Fraction("0.2"), ((Fraction(1), 0), (Fraction(-1), 1)))
    verdict = decide((difference,), [(split, False), (BAD, False)])
    assert verdict.quantities[0].estimate == 1.0
    assert verdict.quantities[0].full_vocabulary == 0.0
    assert decide((at_least("0.9"),), [(split, False)]).outcome == "refuted"


@pytest.mark.parametrize(
    ("expect", "reason", "outcome", "found", "expected"),
    [
        ("holds", None, "holds", None, "met"),
        ("holds", None, "refuted", None, "failed"),
        ("holds", None, "inconclusive", "straddles", "open"),
        ("refuted", None, "unsupported", None, "failed"),
        ("refuted", None, "inconclusive", "numeric", "open"),
        ("inconclusive", None, "inconclusive", "numeric", "met"),
        ("inconclusive", "vacuous", "inconclusive", "vacuous: no-op", "met"),
        ("inconclusive", "vacuous", "inconclusive", "numeric", "open"),
        ("inconclusive", None, "holds", None, "failed"),
    ],
)
def test_expectations(expect: str, reason: str | None, outcome: str, found: str | None, expected: str) -> None:
    assert meets(expect, reason, outcome, found) == expected  # type: ignore[arg-type]
