"""`budget`: the most test items of an estimand; the items for training stay as many as the recipe says."""

from cspec.compiler.lowering.lower_recipes import item_counts
from cspec.lang.program import Pairs, Program, Settings


def counts(budget: int | None) -> tuple[int, int, int]:
    program = Program("", {}, {}, {}, {}, {}, {}, Settings(), budget=budget)
    return item_counts(program, Pairs("p", "t", 10_000, (0.6, 0.2, 0.2)))


def test_a_budget_bounds_the_test_items_alone() -> None:
    assert counts(None) == (6000, 2000, 2000)
    assert counts(500) == (6000, 2000, 500)
    assert counts(5000) == (6000, 2000, 2000)
