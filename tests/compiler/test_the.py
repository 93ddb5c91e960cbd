"""`the i in D where E` against plain Python: on every input, under every interchange, enumerated and drawn."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel, lower_model, share_population
from cspec.compiler.check_definedness import LeftOut, check_definedness, count_left_out
from cspec.compiler.check_models import check_models
from cspec.compiler.controls.scramble_model import scramble_model
from cspec.compiler.hold_children import copy_for_readers, edge_name
from cspec.compiler.sampling.count_undefined import count_undefined
from cspec.compiler.sampling.draw_items import label_of, open_population
from cspec.compiler.sampling.enumerate_items import count_items, enumerate_items
from cspec.compiler.sampling.halves import open_twin
from cspec.compiler.sampling.items import Recipe, Undefined
from cspec.compiler.sampling.sample_items import sample_items
from cspec.compiler.sampling.spaces import tabulated
from cspec.lang import Source, read_program
from cspec.lang.domains import BOOL, integers
from cspec.lang.expressions import Apply, Variable
from cspec.lang.program import Program

LOOKUP = """
task lookup {
  input  key[3]: 0..2
  input  value[3]: 0..1
  input  query: 0..2
  output out: 0..1
  tokens [key, value, query]
  answer out: index
}
model pointer for lookup {
  wanted = (query + 1) % 3
  at     = the i in 0..2 where key[i] == wanted
  out    = value[at]
}
"""
Inputs = tuple[int, ...]
Reference = Callable[[Inputs, dict[str, int]], dict[str, int] | None]
"""An input and what is set -> every variable; None where the output has no value."""


def read(text: str) -> Program:
    program, found = read_program(Source(Path("spec.cspec"), text))
    assert program is not None, found
    assert {diagnostic.code for diagnostic in found} <= {"CS204"}  # a variable that nothing reads
    return program


def models_of(text: str) -> dict[str, CausalModel]:
    program = read(text)
    models = {m.name: lower_model(m, program.tasks[m.task]) for m in program.models.values()}
    return share_population(models, {m.name: m.task for m in program.models.values()})


def every(model: CausalModel) -> list[Inputs]:
    return list(itertools.product(*(range(d.low, d.high + 1) for d in model.input_domains)))


def codes_of(model: CausalModel, inputs: list[Inputs]) -> np.ndarray:
    codes: np.ndarray = np.array(inputs).reshape(len(inputs), -1) - np.array([d.low for d in model.input_domains])
    return codes


def only(found: list[int]) -> int | None:
    return found[0] if len(found) == 1 else None


MANY = LOOKUP.replace("value[3]: 0..1", "value[3]: 0..9").replace("out: 0..1", "out: 0..9")


def pointer(inputs: Inputs, setting: dict[str, int]) -> dict[str, int] | None:
    key, value, query = inputs[:3], inputs[3:6], inputs[6]
    wanted = setting.get("wanted", (query + 1) % 3)
    at = setting["at"] if "at" in setting else only([i for i in range(3) if key[i] == wanted])
    return None if at is None else {"wanted": wanted, "at": at, "out": value[at]}


def own_run(reference: Reference, inputs: Inputs) -> dict[str, int]:
    """The run of an admitted input, without intervention."""
    found = reference(tuple(inputs), {})
    assert found is not None
    return found


def items_of(reference: Reference, admitted: list[Inputs], chosen: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Every base with every combination of sources, and the output before and after (None: no value)."""
    own = {inputs: own_run(reference, inputs) for inputs in admitted}
    for base, *sources in itertools.product(admitted, repeat=1 + len(chosen)):
        setting = {name: own[source][name] for name, source in zip(chosen, sources, strict=True)}
        after = reference(base, setting)
        yield base, tuple(sources), own[base]["out"], None if after is None else after["out"]


# --- runs


def test_a_run_is_python_s_on_every_input() -> None:
    model = models_of(LOOKUP)["pointer"]
    inputs = every(model)
    codes = codes_of(model, inputs)
    values, outcome, admitted = model.run(codes, {}), model.outcome(codes, {}), model.admits(codes)
    assert 0 < admitted.sum() < len(inputs)
    for row, one in enumerate(inputs):
        expected = pointer(one, {})
        assert bool(admitted[row]) == (expected is not None)
        assert int(outcome[row]) == (-1 if expected is None else expected["out"])
        if expected is not None:
            assert {name: int(values[name][row]) for name in expected} == expected


@pytest.mark.parametrize("chosen", [("wanted",), ("at",), ("wanted", "at")])
def test_an_interchange_is_python_s_on_every_pair_of_inputs(chosen: tuple[str, ...]) -> None:
    model = models_of(LOOKUP)["pointer"]
    admitted = [one for one in every(model) if pointer(one, {}) is not None]
    rows = np.random.default_rng(0).integers(0, len(admitted), (6000, 1 + len(chosen)))
    if len(chosen) == 1:
        rows = np.array(list(itertools.product(range(len(admitted)), repeat=2)))[::7]
    codes = codes_of(model, admitted)
    setting = {}
    for j, name in enumerate(chosen):
        setting[name] = model.run(codes[rows[:, 1 + j]], {})[name], np.ones(len(rows), dtype=bool)
    found = model.outcome(codes[rows[:, 0]], setting)
    own = [own_run(pointer, one) for one in admitted]
    for row, (base, *sources) in enumerate(rows.tolist()):
        after = pointer(admitted[base], {n: own[s][n] for n, s in zip(chosen, sources, strict=True)})
        assert found[row] == (-1 if after is None else after["out"])
    assert ((found == -1).any()) == (chosen == ("wanted",))


def test_tables_count_the_same_inputs_and_interchanges() -> None:
    model = models_of(LOOKUP)["pointer"]
    admitted = [one for one in every(model) if pointer(one, {}) is not None]
    layout = tabulated(model, ())
    assert layout.graph.solve([], layout.true, layout.extra).elimination.total == len(admitted)
    allowed = [np.arange(d.size) for d in model.input_domains]
    twin = open_twin(model, (), allowed, {"wanted": np.arange(3)})
    runs = [(own_run(pointer, one), pointer(one, {"wanted": value})) for one in admitted for value in range(3)]
    changing = sum(after is not None and after["out"] != before["out"] for before, after in runs)
    graph = twin.layout.graph
    assert (
        graph.solve([], (*twin.layout.true, twin.defined, twin.differs), twin.layout.extra).elimination.total
        == changing
    )
    undefined = graph.apply("not", (twin.defined,))
    total = graph.solve([], (*twin.layout.true, undefined), twin.layout.extra).elimination.total
    assert total == sum(after is None for _, after in runs) > 0


# --- items


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
LINK = Apply("==", (QUERY["base"], QUERY["source"]), BOOL)
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


# --- what is written


def outcomes(body: str, reference: Callable[[Inputs], int | None], inputs: str = "x[3]: 0..2") -> None:
    """A model of one output `out: 0..9` with this body, against a function of the inputs."""
    text = "type Tone = {low, mid, high}\nfn first(a: 0..2, b: 0..2, c: 0..2) = the i in 0..2 where i == a and b != c\n"
    text += f"task t {{\n  input {inputs}\n  output out: 0..9\n  tokens [x]\n  answer out: index\n}}\n"
    model = models_of(text + f"model m for t {{\n{body}\n}}\n")["m"]
    rows = every(model)
    codes = codes_of(model, rows)
    expected = [reference(row) for row in rows]
    assert model.outcome(codes, {}).tolist() == [-1 if value is None else value for value in expected]
    assert None in expected
    assert set(expected) != {None}


BODIES: dict[str, tuple[str, Callable[[Inputs], int | None]]] = {
    "of one input": ("out = the i in 0..2 where x[i] == 2", lambda x: only([i for i in range(3) if x[i] == 2])),
    "of a type": (
        "out = if (the t in Tone where t != low and x[0] == 1 or t == low and x[1] == 1) == low then 1 else 2",
        lambda x: {(False, True): 1}.get((x[0] == 1, x[1] == 1)),
    ),
    "of truth values": (
        "out = if (the b in bool where b == (x[0] == 1) and x[1] > 0) then 1 else 0",
        lambda x: int(x[0] == 1) if x[1] > 0 else None,
    ),
    "of a range with a bound that is known": (
        "out = the i in 1..2 where x[i] == 0 and i > 1 or x[i] == 1",
        lambda x: only([i for i in (1, 2) if (x[i] == 0 and i > 1) or x[i] == 1]),
    ),
    "in a comprehension": (
        "out = sum(the i in 0..2 where x[i] == j for j in 0..1)",
        lambda x: None if x.count(0) != 1 or x.count(1) != 1 else x.index(0) + x.index(1),
    ),
    "in a comprehension whose condition leaves it out": (
        "out = sum(the i in 0..2 where x[i] == j for j in 0..2 where x[j] > 0)",
        lambda x: (
            None
            if any(x.count(j) != 1 for j in range(3) if x[j] > 0)
            else sum(x.index(j) for j in range(3) if x[j] > 0)
        ),
    ),
    "in a look-up": (
        "out = the i in 0..2 where x[i] == (the j in 0..2 where x[j] == 1)",
        lambda x: None if x.count(1) != 1 else only([i for i in range(3) if x[i] == x.index(1)]),
    ),
    "not chosen by if": (
        "out = if x[0] == 0 then 7 else the i in 0..2 where x[i] == 2",
        lambda x: 7 if x[0] == 0 else only([i for i in range(3) if x[i] == 2]),
    ),
    "not come to by and": (
        "out = if x[0] == 0 and (the i in 0..2 where x[i] == 2) == 1 then 1 else 0",
        lambda x: 0 if x[0] != 0 else (None if x.count(2) != 1 else int(x.index(2) == 1)),
    ),
    "not come to by or": (
        "out = if x[0] == 0 or (the i in 0..2 where x[i] == 2) == 1 then 1 else 0",
        lambda x: 1 if x[0] == 0 else (None if x.count(2) != 1 else int(x.index(2) == 1)),
    ),
    "come to by and": (
        "out = if (the i in 0..2 where x[i] == 2) == 1 and x[0] == 0 then 1 else 0",
        lambda x: None if x.count(2) != 1 else int(x.index(2) == 1 and x[0] == 0),
    ),
    "through a variable that is not chosen": (
        "at = the i in 0..2 where x[i] == 2\nout = if x[0] == 0 then 7 else at",
        lambda x: 7 if x[0] == 0 else only([i for i in range(3) if x[i] == 2]),
    ),
    "in a function": (
        "out = first(x[0], x[1], x[2])",
        lambda x: x[0] if x[1] != x[2] else None,
    ),
    "in a family": (
        "for j in 0..2 { at[j] = the i in 0..2 where x[i] == j }\nout = at[0] + at[2]",
        lambda x: None if x.count(0) != 1 or x.count(2) != 1 else x.index(0) + x.index(2),
    ),
    "of a member that is chosen": (
        "for j in 0..2 { at[j] = the i in 0..2 where x[i] == j }\nout = at[x[0]]",
        lambda x: None if x.count(x[0]) != 1 else 0,
    ),
    "of many candidates": (
        "out = (the i in 0..299 where i == 100 * x[0] + x[1]) // 100 + (the i in 0..2 where x[i] == 2)",
        lambda x: None if x.count(2) != 1 else x[0] + x.index(2),
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_where_there_is_a_value(case: str) -> None:
    outcomes(*BODIES[case])


def test_a_family_that_is_set_has_a_value() -> None:
    text = LOOKUP.replace("at     = the", "at[0] = wanted\n  at[1] = the").replace("value[at]", "value[at[1]]")
    model = models_of(text)["pointer"]
    assert dict(model.families) == {"at": ("at[0]", "at[1]")}
    codes = codes_of(model, every(model))
    undefined = model.outcome(codes, {}) < 0
    where = np.arange(len(codes)) % 2 == 0
    after = model.outcome(codes, {"at": (np.full(len(codes), 5), where)})  # (2, 1): at[1] is 1
    assert ((after < 0) == (undefined & ~where)).all()
    assert (after[where] == codes[where, 4]).all()


# --- models of one task


RIVAL = """
model first_one for lookup {
  wanted = (query + 1) % 3
  known  = the v in 0..1 where any(key[i] == wanted and value[i] == v for i in 0..2)
  out    = known
}
"""


def test_an_input_is_admitted_where_every_model_of_the_task_is_defined() -> None:
    models = models_of(LOOKUP + RIVAL)
    inputs = every(models["pointer"])
    alone = models_of(LOOKUP)["pointer"].admits(codes_of(models["pointer"], inputs))
    for model in models.values():
        assert (model.admits(codes_of(model, inputs)) == alone).all()  # one key: one value
    total = LOOKUP + "model always for lookup {\n  out = value[0]\n}\n"
    assert (models_of(total)["always"].admits(codes_of(models["pointer"], inputs)) == alone).all()
    population = open_population(Recipe(models_of(total)["always"], (), ((),), (), (), (0.0, 0.0, 1.0), 0))
    assert models_of(total)["pointer"].admits(population.draw("test", 200).items.bases).all()


def test_models_agree_where_both_are_defined() -> None:
    program, models = read(LOOKUP + RIVAL), models_of(LOOKUP + RIVAL)
    assert check_models(models, {}, program) == ()


def test_values_are_checked_where_they_are_defined() -> None:
    kept = LOOKUP.replace("at     = the", "near: 0..1 = 2 - at\n  at     = the").replace(
        "where key[i] == wanted", "where key[i] == wanted and (i > 0 or wanted > 4)"
    )
    assert check_models(models_of(kept), {"pointer": ()}, read(kept)) == ()
    left = kept.replace("near: 0..1", "near: 1..1")
    (fault,) = check_models(models_of(left), {}, read(left))
    assert (fault.code, fault.notes[-1]) == ("CS220", "decided by enumeration")


def test_a_look_up_with_an_answer_on_no_input_is_an_error() -> None:
    text = LOOKUP.replace(
        "key[i] == wanted", "key[i] == wanted and key[(i + 1) % 3] == wanted and key[(i + 2) % 3] == wanted"
    )
    program, models = read(text), models_of(text)
    (fault,) = check_definedness(program, program.tasks["lookup"], models.values())
    assert fault.code == "CS225"
    assert text[fault.label.span.start : fault.label.span.end] == "at"


# --- models made of others


def test_a_copy_for_one_reader_is_undefined_where_that_reader_is() -> None:
    model = models_of(LOOKUP)["pointer"]
    copied = copy_for_readers(model, "wanted", ("at",))
    admitted = [one for one in every(model) if pointer(one, {}) is not None]
    codes = codes_of(model, admitted)
    for value in range(3):
        to = np.full(len(codes), value), np.ones(len(codes), dtype=bool)
        expected = model.outcome(codes, {"wanted": to})
        assert (copied.outcome(codes, {edge_name("wanted", "at"): to}) == expected).all()
        assert -1 in expected


def test_items_of_a_scrambled_model_have_an_output_of_its_own() -> None:
    model = models_of(MANY)["pointer"]
    scrambled = scramble_model(model, ("at",), 3)
    assert scrambled is not None
    population = open_population(recipe_of(scrambled, NAMES))
    items = population.draw("test", 200).items
    assert len(items) == 200
    assert (label_of(population, items) >= 0).all()
    assert scrambled.admits(items.inputs.reshape(-1, 7)).all()
