"""Samples of a whole domain, against its enumeration."""

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.sampling.draw_items import Population, open_population
from cspec.compiler.sampling.enumerate_items import TooManyItemsError, enumerate_items
from cspec.compiler.sampling.items import Items, Recipe
from cspec.compiler.sampling.sample_items import sample_items
from cspec.lang.domains import BOOL, integers
from cspec.lang.expressions import Apply, Variable
from cspec.lang.program import Mechanism


def equality(size: int) -> CausalModel:
    """same = (u == v) == (x == y), over inputs of so many values."""
    domain = integers(0, size - 1)
    u, v, x, y = (Variable(name, domain) for name in "uvxy")
    left, right = Variable("left", BOOL), Variable("right", BOOL)
    mechanisms = (
        Mechanism("left", BOOL, Apply("==", (u, v), BOOL)),
        Mechanism("right", BOOL, Apply("==", (x, y), BOOL)),
        Mechanism("same", BOOL, Apply("==", (left, right), BOOL)),
    )
    return CausalModel("m", tuple("uvxy"), (domain,) * 4, mechanisms, "same")


def whole(size: int, sets: tuple[tuple[int, ...], ...] = ((0,), (1,), (0, 1))) -> Population:
    recipe = Recipe(equality(size), ("left", "right"), sets, (), (), (0.6, 0.2, 0.2), 7)
    return open_population(recipe, whole_domain=True)


def as_rows(items: Items) -> set[tuple[int, ...]]:
    return {
        (cell, *row)
        for cell, row in zip(items.cell.tolist(), items.inputs.reshape(len(items), -1).tolist(), strict=True)
    }


def test_a_small_domain_is_taken_whole() -> None:
    population = whole(2)
    sampled = sample_items(population, 100_000)
    every = [row for batch in enumerate_items(population, 1000) for row in as_rows(batch)]
    assert len(sampled) == len(every) == 2 * 16 * 16 + 16**3
    assert as_rows(sampled) == set(every)


def test_items_are_of_the_domain_and_distinct_and_repeatable() -> None:
    population = whole(3, ((0,), (1,)))
    sampled = sample_items(population, 500)
    assert as_rows(sampled) <= {row for batch in enumerate_items(population, 1000) for row in as_rows(batch)}
    assert len(as_rows(sampled)) == len(sampled)
    again = sample_items(whole(3, ((0,), (1,))), 500)
    assert np.array_equal(again.inputs, sampled.inputs)
    assert np.array_equal(again.cell, sampled.cell)


def test_every_set_and_half_has_its_share() -> None:
    """Of 4^12 items with both variables and 2 * 4^8 with one, as many are taken of each set and half."""
    population = whole(4)
    counts = np.bincount(sample_items(population, 6000).cell, minlength=len(population.cells))
    assert counts.tolist() == [1000] * 6


def test_bases_and_sources_vary_independently() -> None:
    """An even stride through 4^12 items would meet the same sources again and again."""
    population = whole(4)
    sampled = sample_items(population, 6000)
    joint = sampled.inputs[[population.cells[c].set_index == 2 for c in sampled.cell.tolist()]]
    for role in range(3):
        numbers = joint[:, role] @ (4 ** np.arange(4))
        assert len(np.unique(numbers)) >= 250  # of 256, among 2,000
    parity = joint.sum(2) % 2
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs((parity[:, one] == parity[:, other]).mean() - 0.5) < 0.06  # four standard errors


def test_a_domain_that_cannot_be_listed() -> None:
    """2^24 inputs without a condition are more than are listed."""
    with pytest.raises(TooManyItemsError):
        sample_items(whole(64), 10)
