"""`the i in D where E` against plain Python: on every input, under every interchange, wherever it is written."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from cspec.compiler.checks.models.check_definedness import check_definedness
from cspec.compiler.checks.models.check_models import check_models
from cspec.compiler.hold_children import copy_for_readers, edge_name
from cspec.compiler.sampling.allowed import Allowed
from cspec.compiler.sampling.draw_items import open_population
from cspec.compiler.sampling.items import Recipe
from cspec.compiler.sampling.layouts import tabulated
from cspec.compiler.sampling.twins import open_twin

from .look_ups import LOOKUP, Inputs, codes_of, every, models_of, only, own_run, pointer, read


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
    allowed = [Allowed(d.size) for d in model.input_domains]
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
