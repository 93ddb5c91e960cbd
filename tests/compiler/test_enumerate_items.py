"""Enumerated items against brute force: counts, completeness, cells."""

import itertools

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.sampling.draw_items import label_of, open_population
from cspec.compiler.sampling.enumerate_items import count_items, enumerate_items
from cspec.compiler.sampling.items import Recipe
from cspec.lang.domains import BOOL, integers
from cspec.lang.expressions import Apply, Expression, Variable
from cspec.lang.program import Mechanism

D = integers(1, 3)


def compare(operator: str, a: str, b: str, role_a: str | None = None, role_b: str | None = None, domain=D) -> Apply:
    return Apply(operator, (Variable(a, domain, role_a), Variable(b, domain, role_b)), BOOL)


def model(require: tuple[Expression, ...] = (), domain=D) -> CausalModel:
    left = Mechanism("left", BOOL, compare("<", "u", "v", domain=domain))
    out = Mechanism("out", BOOL, Apply("and", (Variable("left", BOOL), compare("!=", "v", "w", domain=domain)), BOOL))
    return CausalModel("m", ("u", "v", "w"), (domain,) * 3, (left, out), "out", require)


def recipe(m: CausalModel, variables: tuple[str, ...], where: tuple[Expression, ...] = ()) -> Recipe:
    sets = tuple(s for k in (1, 2) for s in itertools.combinations(range(len(variables)), k)) or ((),)
    return Recipe(m, variables, sets, where, (), (0.6, 0.2, 0.2), 0)


LINK = compare("==", "u", "u", "base", "source")
LESS = compare("<", "u", "v", "base", "source")


@pytest.mark.parametrize(
    ("variables", "require", "where"),
    [
        (("left",), (), ()),
        (("left", "out"), (compare("<=", "u", "w"),), ()),
        (("left",), (), (LINK,)),
        (("left", "out"), (compare("<=", "u", "w"),), (LESS, compare("!=", "v", "w"))),
        (("left",), (), (compare("==", "w", "w", "base", "base"), compare("<", "u", "v", "source", "source"))),
    ],
)
def test_every_item_is_there_exactly_once(variables, require, where) -> None:
    m = model(require)
    r = recipe(m, variables, where)
    population = open_population(r, whole_domain=True)
    inputs = [x for x in itertools.product(range(3), repeat=3) if m.admits(np.array([x]))[0]]

    def fits(base, source) -> bool:
        from cspec.compiler.expressions import evaluate

        for condition in where:
            for bare in (base, source):
                values = {n: np.array([c + 1]) for n, c in zip(m.input_names, bare, strict=True)}
                values |= {f"base.{n}": np.array([c + 1]) for n, c in zip(m.input_names, base, strict=True)}
                values |= {f"source.{n}": np.array([c + 1]) for n, c in zip(m.input_names, source, strict=True)}
                if not evaluate(condition, values, 1)[0]:
                    return False
        return True

    expected = set()
    for s in {cell.set_index for cell in population.cells}:
        chosen = r.sets[s]
        for base in inputs:
            linked = [x for x in inputs if fits(base, x)]
            for sources in itertools.product(linked, repeat=len(chosen)):
                row = [base] * (1 + len(variables))
                for j, source in zip(chosen, sources, strict=True):
                    row[1 + j] = source
                expected.add((s, tuple(row)))
    batches = list(enumerate_items(population, 50))
    assert all(len(batch) <= 50 for batch in batches)
    found = []
    for batch in batches:
        labels = label_of(population, batch)
        base = m.output_of(batch.bases)
        for row, cell, changed in zip(batch.inputs.tolist(), batch.cell.tolist(), labels != base, strict=True):
            assert population.cells[cell].half == ("changing" if changed else "keeping")
            found.append((population.cells[cell].set_index, tuple(map(tuple, row))))
    assert len(found) == len(set(found)) == count_items(population) == len(expected)
    assert set(found) == expected


def test_accuracy_has_one_item_for_each_admitted_input() -> None:
    population = open_population(recipe(model((compare("<", "u", "w"),)), ()), whole_domain=True)
    rows = np.concatenate([batch.inputs for batch in enumerate_items(population, 4)])
    assert rows.shape == (9, 1, 3)
    assert count_items(population) == 9


def test_counts_are_exact_where_the_domain_cannot_be_listed() -> None:
    wide = integers(0, 999)
    m = model((compare("<", "u", "v", domain=wide),), wide)
    population = open_population(recipe(m, ("left",)), whole_domain=True)
    assert population.cells == ()  # `require` fixes `left`
    free = open_population(recipe(model((compare("<", "u", "w", domain=wide),), wide), ("left",)), whole_domain=True)
    admitted = 999 * 1000 // 2 * 1000
    assert count_items(free) == admitted**2
    hundred = integers(0, 99)
    link = compare("==", "u", "u", "base", "source", domain=hundred)
    linked = recipe(model((compare("<", "u", "w", domain=hundred),), hundred), ("left",), (link,))
    assert count_items(open_population(linked, whole_domain=True)) == sum(((99 - u) * 100) ** 2 for u in range(100))


def test_a_population_of_splits_cannot_be_enumerated() -> None:
    with pytest.raises(ValueError, match="whole domain"):
        next(enumerate_items(open_population(recipe(model(), ("left",))), 10))
