"""`balanced` and `uniform` against the exact law of bases and sources, enumerated in plain Python."""

import itertools
from collections import Counter

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.lowering.lower_recipes import with_cells
from cspec.compiler.sampling.draw_items import open_population, set_members
from cspec.compiler.sampling.items import HeldOut, Items, Recipe
from cspec.compiler.sampling.splits import split_of
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Constant, Expression, Variable
from cspec.lang.program import Mechanism

SMALL = integers(0, 3)


def model(domain: Domain) -> CausalModel:
    """`half = w // 2; total = half + x` (inputs w, x, y; y is read by nobody)."""
    two = Constant(2, integers(2, 2))
    bits = integers(0, domain.high // 2)
    sums = integers(0, bits.high + domain.high)
    half = Mechanism("half", bits, Apply("//", (Variable("w", domain), two), bits))
    total = Mechanism("total", sums, Apply("+", (Variable("half", bits), Variable("x", domain)), sums))
    return CausalModel("m", ("w", "x", "y"), (domain,) * 3, (half, total), "total")


def largest(domain: Domain) -> Expression:
    """`x == HIGH`."""
    return Apply("==", (Variable("x", domain), Constant(domain.high, domain)), BOOL)


def recipe(domain: Domain, cells: tuple[Expression, ...], held_out: tuple[HeldOut, ...] = ()) -> Recipe:
    names = tuple(f"cell {i}" for i in range(len(cells)))
    whole = with_cells(model(domain), cells)
    return Recipe(whole, ("half",), ((0,),), (), held_out, (0.6, 0.2, 0.2), 0, cells=names)


def own_law(r: Recipe, split: int) -> dict[tuple[int, ...], float]:
    """Every value of the cells equally likely, and every input among those that have it."""
    inputs = np.array(list(itertools.product(*(range(d.size) for d in r.model.input_domains))))
    inputs = inputs[split_of(r, inputs) == split]
    codes = r.model.run(inputs, {})
    values = [tuple(int(codes[name][row]) for name in r.cells or ()) for row in range(len(inputs))]
    count = Counter(values)
    return {tuple(row): 1 / (len(count) * count[v]) for row, v in zip(inputs.tolist(), values, strict=True)}


def joint_law(r: Recipe, split: int, changing: bool) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """Base by its own law, if a source gives the half; then the source by its own law among those that do."""
    law = own_law(r, split)
    halves = {x: x[0] // 2 for x in law}
    joint = {}
    for base, p in law.items():
        fitting = {s: q for s, q in law.items() if (halves[s] != halves[base]) == changing}
        total = sum(fitting.values())
        joint |= {(base, source): p * q / total for source, q in fitting.items()}
    weight = sum(joint.values())
    return {pair: p / weight for pair, p in joint.items()}


def assert_follows(seen: Counter, law: dict, count: int) -> None:
    assert set(seen) <= set(law)
    statistic = sum((seen[x] - count * p) ** 2 / (count * p) for x, p in law.items())
    assert statistic < len(law) + 5 * np.sqrt(2 * len(law))


@pytest.mark.parametrize("cells", [(), (largest(SMALL),), (Variable("y", SMALL), largest(SMALL))], ids=len)
def test_bases_and_sources_follow_the_law_of_the_cells(cells: tuple[Expression, ...]) -> None:
    r = recipe(SMALL, cells)
    population = open_population(r)
    items: Items = population.draw("fit", 60_000).items
    assert set_members(population).all()
    for index, cell in enumerate(population.cells):
        rows = items.inputs[items.cell == index].tolist()
        seen = Counter((tuple(base), tuple(source)) for base, source in rows)
        assert_follows(seen, joint_law(r, 0, cell.half == "changing"), len(rows))


@pytest.mark.parametrize("held_out", [(), (HeldOut("y", tuple(range(60, 80))),)], ids=["hashed", "held out"])
def test_large_domains_are_balanced_by_tables(held_out: tuple[HeldOut, ...]) -> None:
    """Of 80 values of x, the largest comes half of the time where it is balanced by, and one in 80 times uniformly."""
    domain = integers(0, 79)
    for cells, share in (((largest(domain),), 0.5), ((), 1 / 80)):
        drawn = open_population(recipe(domain, cells, held_out)).draw("fit", 4000)
        assert drawn.drawable is None
        for role in (0, 1):
            often = np.mean(drawn.items.inputs[:, role, 1] == 79)
            assert abs(often - share) < 5 * np.sqrt(share * (1 - share) / 4000)


def test_cells_do_not_change_what_is_drawn_without_them() -> None:
    plain = Recipe(model(SMALL), ("half",), ((0,),), (), (), (0.6, 0.2, 0.2), 0)
    assert open_population(plain).key != open_population(recipe(SMALL, ())).key
    by_law = np.bincount(open_population(plain).draw("fit", 6000).items.bases[:, 0] // 2) / 6000
    uniform = np.bincount(open_population(recipe(SMALL, ())).draw("fit", 6000).items.bases[:, 0] // 2) / 6000
    assert np.allclose([by_law, uniform], 0.5, atol=0.05)
