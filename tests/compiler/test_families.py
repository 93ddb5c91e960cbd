"""Families in models: what the tuple computes, what setting it sets, and what the checks prove of its members."""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel, lower_model
from cspec.compiler.checks.models.check_domains import check_domains
from cspec.compiler.checks.models.check_models import check_models
from cspec.compiler.expressions import evaluate
from cspec.compiler.hold_children import edge_name, hold_children, other_children
from cspec.compiler.sampling.draw_items import open_population
from cspec.compiler.sampling.enumerate_items import count_items, enumerate_items
from cspec.compiler.sampling.items import Recipe
from cspec.lang import Program, Source, read_program
from cspec.lang.domains import integers
from cspec.lang.domains import product as tuples
from cspec.lang.expressions import Constant, Variable
from cspec.lang.tuples import part_of, part_values, tuple_code

GOOD = Path(__file__).parents[1] / "golden" / "good"
SORT = (GOOD / "sort.cspec").read_text(encoding="utf-8")


def program_of(text: str) -> Program:
    program, diagnostics = read_program(Source(Path("spec.cspec"), text))
    assert program is not None, diagnostics
    return program


def model_of(text: str) -> CausalModel:
    """The file's first model."""
    program = program_of(text)
    model = next(iter(program.models.values()))
    return lower_model(model, program.tasks[model.task])


def golden(name: str) -> CausalModel:
    return model_of((GOOD / f"{name}.cspec").read_text(encoding="utf-8"))


def inputs_of(model: CausalModel) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Every admitted input; codes, shape [item, input]."""
    codes = np.array(list(product(*(range(d.size) for d in model.input_domains))))
    return codes[model.admits(codes)]


def shown(model: CausalModel, name: str, codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    domain = model.domains[name]
    return [domain.show(domain.low + int(code)) for code in codes]


def recipe_of(model: CausalModel, *variables: str) -> Recipe:
    sets = tuple((i,) for i in range(len(variables)))
    return Recipe(model, variables, sets, (), (), (0.6, 0.2, 0.2), 0)


def test_a_tuple_is_the_sum_of_its_parts_and_is_read_back() -> None:
    parts = (integers(-2, 1), integers(0, 0), integers(5, 7))
    domain = tuples(parts)
    values = tuple(Variable(f"v{i}", part) for i, part in enumerate(parts))
    code = tuple_code(values, domain)
    assert part_values(code, domain) == values
    for code_of_all in range(domain.size):
        columns = {"t": np.array([code_of_all])}
        read = [int(evaluate(part_of(Variable("t", domain), i), columns, 1)[0]) for i in range(len(parts))]
        assert domain.show(code_of_all) == f"({', '.join(map(str, read))})"
        columns = {f"v{i}": np.array([value]) for i, value in enumerate(read)}
        assert int(evaluate(code, columns, 1)[0]) == code_of_all


def test_one_part_and_constants_are_tuples_too() -> None:
    domain = tuples((integers(3, 3),))
    code = tuple_code((Constant(3, integers(3, 3)),), domain)
    assert int(evaluate(code, {}, 1)[0]) == 0
    assert part_values(code, domain) == (Constant(3, integers(3, 3)),)


def test_programs_over_tokens_compute_what_they_say() -> None:
    histogram, reverse, sort = golden("histogram"), golden("reverse"), golden("sort")
    inputs = inputs_of(histogram)
    expected = [f"({', '.join(str(list(row).count(v)) for v in row)})" for row in inputs.tolist()]
    assert shown(histogram, "out", histogram.output_of(inputs)) == expected
    inputs = inputs_of(reverse)
    expected = [f"({', '.join('abc'[v] for v in row[::-1])})" for row in inputs.tolist()]
    assert shown(reverse, "out", reverse.output_of(inputs)) == expected
    inputs = inputs_of(sort)
    expected = [f"({', '.join(str(v + 1) for v in sorted(row))})" for row in inputs.tolist()]
    assert len(inputs) == 360
    assert shown(sort, "out", sort.output_of(inputs)) == expected


def test_parentheses_balance_in_both_models() -> None:
    program = program_of((GOOD / "balance.cspec").read_text(encoding="utf-8"))
    task = program.tasks["balanced"]
    for model in (lower_model(m, task) for m in program.models.values()):
        inputs = inputs_of(model)
        right = {tuple(row) for row, out in zip(inputs.tolist(), model.output_of(inputs), strict=True) if out}
        assert right == {(0, 0, 1, 1), (0, 1, 0, 1)}


def test_setting_a_family_sets_every_member() -> None:
    model = golden("sort")
    inputs = inputs_of(model)
    sources = np.random.default_rng(0).permutation(inputs)
    ranks = model.run(sources, {})["rank"]
    everywhere = np.ones(len(inputs), dtype=bool)
    after = model.run(inputs, {"rank": (ranks, everywhere)})
    for i in range(4):
        assert (after[f"rank[{i}]"] == model.run(sources, {})[f"rank[{i}]"]).all()
    values = inputs + 1
    place = np.argsort(np.argsort(sources, axis=1), axis=1)
    expected = np.zeros_like(values)
    np.put_along_axis(expected, place, values, axis=1)
    assert shown(model, "out", after["out"]) == [f"({', '.join(map(str, row))})" for row in expected.tolist()]


def test_one_member_can_be_set_alone() -> None:
    model = golden("histogram")
    inputs = inputs_of(model)
    codes = np.full(len(inputs), 3)
    after = model.run(inputs, {"count[2]": (codes, np.ones(len(inputs), dtype=bool))})
    before = model.run(inputs, {})
    assert (after["out[2]"] == 3).all()
    assert all((after[f"out[{i}]"] == before[f"out[{i}]"]).all() for i in (0, 1, 3))


TWO_READERS = (
    SORT.replace("    rank[i] =", "    seen[i] = x[i]\n    rank[i] =")
    .replace("count(x[j] < x[i] for j in Place where j != i)", "count(seen[j] < seen[i] for j in Place where j != i)")
    .replace("sum(x[i] for i", "sum(seen[i] for i")
)


def test_an_edge_from_a_family_is_seen_by_one_reader() -> None:
    """The numbers of a source stand at the places of the base's numbers."""
    model = model_of(TWO_READERS)
    assert other_children(model, "seen", "out") == ("rank",)
    assert other_children(model, "seen", "rank") == ("out",)
    held, edge = hold_children(model, "seen", "out"), edge_name("seen", "out")
    inputs = inputs_of(model)
    sources = np.random.default_rng(0).permutation(inputs)
    assert (held.output_of(inputs) == model.output_of(inputs)).all()
    after = held.run(inputs, {edge: (held.run(sources, {})[edge], np.ones(len(inputs), dtype=bool))})
    place = np.argsort(np.argsort(inputs, axis=1), axis=1)
    expected = np.zeros_like(inputs)
    np.put_along_axis(expected, place, sources + 1, axis=1)
    assert shown(held, "out", after["out"]) == [f"({', '.join(map(str, row))})" for row in expected.tolist()]


UNGUARDED = SORT.replace(
    "max(1, sum(x[i] for i in Place where rank[i] == k))", "sum(x[i] for i in Place where rank[i] == k)"
)


@pytest.mark.parametrize(
    ("aligned", "codes"),
    [((), []), ((("rank",),), []), ((("out",),), []), ((("rank[0]",),), ["CS220"])],
    ids=["none", "the family", "the output", "one member"],
)
def test_a_family_is_only_ever_set_to_what_it_is_somewhere(
    aligned: tuple[tuple[str, ...], ...], codes: list[str]
) -> None:
    """Without a guard, a sum over the one token of a rank is a token as long as the ranks are a permutation."""
    found, _ = check_domains(model_of(UNGUARDED), aligned)
    assert [d.code for d in found][:1] == codes
    if codes:
        assert "`rank[0]` set to" in found[0].notes[0]
        assert found[0].notes[1] == "decided by enumeration"


def test_a_member_that_leaves_its_domain_is_named() -> None:
    text = SORT.replace("rank[i] = c", "rank[i]: 0..2 = c")
    found, broken = check_domains(model_of(text), ())
    assert found[0].code == "CS220"
    assert found[0].message == "`rank[0]` leaves its domain: expected a value of `0..2`, found 3"
    assert "rank" in broken


def test_one_line_of_a_loop_is_reported_once() -> None:
    program = program_of(SORT.replace("rank[i] = c", "rank[i]: 0..2 = c"))
    models = {m.name: lower_model(m, program.tasks[m.task]) for m in program.models.values()}
    found = check_models(models, {}, program)
    assert [d.code for d in found] == ["CS220"]


def test_rivals_that_differ_are_shown_as_tuples() -> None:
    rival = "\nmodel upside_down for sort {\n  for k in Place { out[k] = x[3 - k] }\n}\n"
    program = program_of(SORT + rival)
    models = {m.name: lower_model(m, program.tasks[m.task]) for m in program.models.values()}
    (found,) = check_models(models, {}, program)
    assert found.code == "CS222"
    assert "`upside_down` gives (" in found.notes[0]


@pytest.mark.parametrize("name", ["histogram", "sort"])
def test_items_of_a_family_are_drawn_in_both_halves(name: str) -> None:
    model = golden(name)
    family = {"histogram": "count", "sort": "rank"}[name]
    recipe = recipe_of(model, family)
    items = open_population(recipe).draw("fit", 512).items
    assert len(items) == 512
    codes = model.run(items.source(0), {})[family]
    after = model.run(items.bases, {family: (codes, np.ones(512, dtype=bool))})[model.output]
    changed = after != model.output_of(items.bases)
    cells = open_population(recipe).cells
    assert (changed == np.array([cells[c].half == "changing" for c in items.cell])).all()
    assert changed.sum() == 256


def test_more_tuples_than_cells_still_find_both_halves() -> None:
    text = (GOOD / "histogram.cspec").read_text(encoding="utf-8")
    model = model_of(text.replace("0..3", "0..7").replace("[4]", "[8]").replace("1..4", "1..8"))
    drawn = open_population(recipe_of(model, "count")).draw("fit", 512)
    assert drawn.drawable is None


def test_the_whole_domain_is_every_base_with_every_source() -> None:
    model = golden("sort")
    population = open_population(recipe_of(model, "rank"), whole_domain=True)
    assert count_items(population) == 360**2
    changed = sum(
        int((np.array([c.half == "changing" for c in population.cells])[items.cell]).sum())
        for items in enumerate_items(population, 1 << 14)
    )
    assert changed == 360 * (360 - 360 // len(list(permutations(range(4)))))


def test_settings_too_many_for_tables_are_listed() -> None:
    text = UNGUARDED.replace("0..3", "0..4").replace("[4]", "[5]")
    assert check_domains(model_of(text), (("rank",),)) == ((), frozenset())
