"""Items of models with `the` against brute force: all that have an output are there, and no other is drawn."""

import itertools
from typing import Any

import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.checks.models.check_definedness import LeftOut, count_left_out
from cspec.compiler.controls.scramble_model import scramble_model
from cspec.compiler.sampling.count_undefined import count_undefined
from cspec.compiler.sampling.draw_items import label_of, open_population
from cspec.compiler.sampling.enumerate_items import count_items, enumerate_items
from cspec.compiler.sampling.items import Recipe, Undefined
from cspec.compiler.sampling.sample_items import sample_items
from cspec.lang.domains import BOOL, integers
from cspec.lang.expressions import Apply, Variable

from .look_ups import LOOKUP, MANY, Inputs, every, items_of, models_of, only, own_run, pointer, read


def recipe_of(model: CausalModel, variables: tuple[str, ...], *where: Any) -> Recipe:
    sets = tuple(s for k in (1, 2) for s in itertools.combinations(range(len(variables)), k))
    return Recipe(model, variables, sets, where, (), (0.6, 0.2, 0.2), 0)


SMALL = """
task small {
  input  key[2]: 0..2
  input  query: 0..2
  output out: 0..1
  tokens [key, query]
  answer out: index
}
model by_key for small {
  wanted = (query + 1) % 3
  at     = the i in 0..1 where key[i] == wanted
  out    = at
}
"""
NAMES = ("wanted", "at")
QUERY = {role: Variable("query", integers(0, 2), role) for role in ("base", "source")}
LESS = Apply("<=", (QUERY["base"], QUERY["source"]), BOOL)


def by_key(inputs: Inputs, setting: dict[str, int]) -> dict[str, int] | None:
    *key, query = inputs
    wanted = setting.get("wanted", (query + 1) % 3)
    at = setting["at"] if "at" in setting else only([i for i in range(2) if key[i] == wanted])
    return None if at is None else {"wanted": wanted, "at": at, "out": at}


@pytest.mark.parametrize(
    ("where", "fits"),
    [((), lambda base, source: True), ((LESS,), lambda base, source: base[-1] <= source[-1])],
)
def test_enumerated_items_are_all_that_have_an_output(where: tuple[Apply, ...], fits: Any) -> None:
    model = models_of(SMALL)["by_key"]
    population = open_population(recipe_of(model, NAMES, *where), whole_domain=True)
    admitted = [one for one in every(model) if by_key(one, {}) is not None]
    expected: dict[tuple[Any, ...], str] = {}
    undefined = count = 0
    for chosen in population.recipe.sets:
        for base, sources, before, after in items_of(by_key, admitted, tuple(NAMES[j] for j in chosen)):
            if all(fits(base, source) for source in sources):
                count += 1
                undefined += after is None
                if after is not None:
                    roles = [base, base, base]
                    for j, source in zip(chosen, sources, strict=True):
                        roles[1 + j] = source
                    expected[(chosen, *roles)] = "keeping" if after == before else "changing"
    found = {}
    for batch in enumerate_items(population, 100):
        assert (label_of(population, batch) >= 0).all()
        for inputs, cell in zip(batch.inputs.tolist(), batch.cell.tolist(), strict=True):
            chosen = population.recipe.sets[population.cells[cell].set_index]
            found[(chosen, *map(tuple, inputs))] = population.cells[cell].half
    assert found == expected
    assert count_items(population) == count
    assert count_undefined(population) == Undefined(undefined, count, True)
    assert 0 < undefined < count
    sampled = sample_items(population, 60)
    assert {tuple(map(tuple, row)) for row in sampled.inputs.tolist()} <= {key[1:] for key in expected}


def test_drawn_items_have_an_output_and_their_half() -> None:
    model = models_of(MANY)["pointer"]
    population = open_population(recipe_of(model, NAMES))
    for split in ("fit", "test"):
        items = population.draw(split, 300).items
        assert len(items) > 100
        for (base, *sources), cell in zip(items.inputs.tolist(), items.cell.tolist(), strict=True):
            own = [own_run(pointer, one) for one in (base, *sources)]
            chosen = population.recipe.sets[population.cells[cell].set_index]
            after = pointer(tuple(base), {NAMES[j]: own[1 + j][NAMES[j]] for j in chosen})
            assert after is not None
            changed = after["out"] != own[0]["out"]
            assert population.cells[cell].half == ("changing" if changed else "keeping")


def test_the_share_of_undefined_items_is_estimated_from_draws() -> None:
    """Cells are uniform, and so is what a source wants: by counting, a third of random interchanges."""
    model = models_of(LOOKUP)["pointer"]
    recipe = Recipe(model, ("wanted",), ((0,),), (), (), (0.0, 0.0, 1.0), 0, cells=())
    undefined = count_undefined(open_population(recipe))
    assert undefined is not None
    assert not undefined.exact
    admitted = [one for one in every(model) if pointer(one, {}) is not None]
    runs = list(items_of(pointer, admitted, ("wanted",)))
    share = sum(after is None for *_, after in runs) / len(runs)
    assert abs(undefined.count / undefined.of - share) < 0.03
    assert 0.1 < share < 0.9


LARGE = """
task large {
  input  key[6]: 0..9
  input  value[6]: 0..9
  input  query: 0..9
  output out: 0..9
  tokens [key, value, query]
  answer out: index
}
model two_hops for large {
  at   = the i in 0..5 where key[i] == query
  next = the i in 0..5 where key[i] == value[at]
  out  = value[next]
}
"""


def two_hops(inputs: Inputs, setting: dict[str, int]) -> dict[str, int] | None:
    key, value, query = inputs[:6], inputs[6:12], inputs[12]
    at = setting["at"] if "at" in setting else only([i for i in range(6) if key[i] == query])
    if "next" in setting:
        following: int | None = setting["next"]
    else:
        following = None if at is None else only([i for i in range(6) if key[i] == value[at]])
    return None if following is None else {"at": -1 if at is None else at, "next": following, "out": value[following]}


def test_domains_that_cannot_be_listed_are_drawn_from_alike() -> None:
    model = models_of(LARGE)["two_hops"]
    names = ("at", "next")
    population = open_population(recipe_of(model, names))
    items = population.draw("test", 400).items
    assert len(items) == 400
    for (base, *sources), cell in zip(items.inputs.tolist(), items.cell.tolist(), strict=True):
        own = [own_run(two_hops, one) for one in (base, *sources)]
        chosen = population.recipe.sets[population.cells[cell].set_index]
        after = two_hops(tuple(base), {names[j]: own[1 + j][names[j]] for j in chosen})
        assert after is not None
        assert population.cells[cell].half == ("changing" if after["out"] != own[0]["out"] else "keeping")
    undefined = count_undefined(population)
    assert undefined is not None
    assert not undefined.exact


def test_inputs_of_a_large_domain_are_counted_by_a_formula() -> None:
    """One of six keys equals the query: 6 * 9^5 of 10^6; then one equals the value there, the same one or another."""
    (left_out,) = count_left_out(read(LARGE), models_of(LARGE))
    same, other = 6 * 9**5, 6 * 5 * 8**4 * 9
    defined = 10 * 10**5 * (same + other)  # the query; five free values; the value that is read is the query or not
    assert left_out == LeftOut("large", 10**13 - defined, 10**13, ("two_hops.at", "two_hops.next"), True)


def test_items_of_a_scrambled_model_have_an_output_of_its_own() -> None:
    model = models_of(MANY)["pointer"]
    scrambled = scramble_model(model, ("at",), 3)
    assert scrambled is not None
    population = open_population(recipe_of(scrambled, NAMES))
    items = population.draw("test", 200).items
    assert len(items) == 200
    assert (label_of(population, items) >= 0).all()
    assert scrambled.admits(items.inputs.reshape(-1, 7)).all()
