"""Conditions on a base and a source together that read what is made of inputs, against enumeration in plain Python."""

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.lowering.lower_recipes import with_cells
from cspec.compiler.pipeline import check_spec
from cspec.compiler.sampling.draw_items import label_of, open_population, population_key
from cspec.compiler.sampling.enumerate_items import count_items
from cspec.compiler.sampling.items import Recipe
from cspec.compiler.sampling.links import split_links
from cspec.compiler.sampling.splits import split_of
from cspec.lang.diagnostics import Source, SpecError
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Constant, Expression, Variable, in_role
from cspec.lang.program import Mechanism

GOOD = Path(__file__).parent.parent / "golden" / "good"
SMALL = integers(0, 3)
WIDE = integers(0, 99)


def less(a: str, b: str, domain: Domain) -> Apply:
    return Apply("<", (Variable(a, domain), Variable(b, domain)), BOOL)


def apart(made: Expression, operator: str = "!=") -> Apply:
    """What is made of the base differs from what is made of the source."""
    return Apply(operator, (in_role(made, "base"), in_role(made, "source")), BOOL)  # type: ignore[arg-type]


def model(domain: Domain) -> CausalModel:
    """`up = u < v; out = up and w < v`."""
    up = Mechanism("up", BOOL, less("u", "v", domain))
    out = Mechanism("out", BOOL, Apply("and", (Variable("up", BOOL), less("w", "v", domain)), BOOL))
    return CausalModel("m", ("u", "v", "w"), (domain,) * 3, (up, out), "out")


def recipe(domain: Domain, where: tuple[Expression, ...], cells: tuple[Expression, ...] | None = None) -> Recipe:
    names = None if cells is None else tuple(f"cell {i}" for i in range(len(cells)))
    whole = model(domain) if cells is None else with_cells(model(domain), cells)
    return Recipe(whole, ("up",), ((0,),), where, (), (0.6, 0.2, 0.2), 0, cells=names)


def inputs_of(domain: Domain) -> np.ndarray:
    return np.array(list(itertools.product(range(domain.size), repeat=3)))


def linked_law(r: Recipe, inputs: np.ndarray, made: np.ndarray, changing: bool) -> dict[tuple[int, ...], float]:
    """Base by its own law, if it has a source; of the sources that go with it each value tuple equally likely, given
    the half; `made` is what must differ between the two."""
    codes = r.model.run(inputs, {})
    names = r.cells if r.cells is not None else ("up", "out")
    value = [tuple(int(codes[name][row]) for name in names) for row in range(len(inputs))]
    up, out, v, w = codes["up"], codes["out"], inputs[:, 1], inputs[:, 2]

    def own(rows: np.ndarray) -> dict[int, float]:
        count = Counter(value[row] for row in rows)
        return {int(row): 1 / (len(count) * count[value[row]]) for row in rows}

    joint: dict[tuple[int, ...], float] = {}
    bases = np.flatnonzero([np.any(made != made[row]) for row in range(len(inputs))])
    for base, p in own(bases).items():
        sources = own(np.flatnonzero(made != made[base]))
        fitting = {s: q for s, q in sources.items() if ((up[s] and w[base] < v[base]) != out[base]) == changing}
        total = sum(fitting.values())
        joint |= {(*inputs[base].tolist(), *inputs[s].tolist()): p * q / total for s, q in fitting.items()}
    whole = sum(joint.values())
    return {pair: p / whole for pair, p in joint.items()}


@pytest.mark.parametrize("cells", [None, (), (less("v", "w", SMALL),)], ids=["own", "uniform", "balanced"])
def test_items_follow_the_law(cells: tuple[Expression, ...] | None) -> None:
    made = model(SMALL).output
    link = apart(Apply("and", (less("u", "v", SMALL), less("w", "v", SMALL)), BOOL))
    r = recipe(SMALL, (link,), cells)
    inputs = inputs_of(SMALL)
    inputs = inputs[split_of(r, inputs) == 0]
    population = open_population(r)
    items = population.draw("fit", 30_000).items
    for index, cell in enumerate(population.cells):
        law = linked_law(r, inputs, r.model.run(inputs, {})[made], cell.half == "changing")
        seen = Counter(map(tuple, items.inputs[items.cell == index].reshape(-1, 6).tolist()))
        assert set(seen) <= set(law)
        count = sum(seen.values())
        statistic = sum((seen[pair] - count * p) ** 2 / (count * p) for pair, p in law.items())
        assert abs(statistic - len(law)) < 5 * np.sqrt(2 * len(law))


def test_domains_that_cannot_be_listed_are_counted_and_drawn_exactly() -> None:
    """Of a million inputs; `out` holds where v is above u and w."""
    link = apart(Apply("and", (less("u", "v", WIDE), less("w", "v", WIDE)), BOOL))
    r = recipe(WIDE, (link,), (less("u", "w", WIDE),))
    population = open_population(r)
    assert not any("by sampling" in note for note in population.notes)
    drawn = population.draw("test", 4000)
    assert drawn.drawable is None
    base, source = drawn.items.inputs[:, 0], drawn.items.inputs[:, 1]
    assert np.all(r.model.output_of(base) != r.model.output_of(source))
    rows = drawn.items.inputs.reshape(-1, 3)
    assert len(np.unique(rows, axis=0)) == len(rows)  # disjoint
    assert set(split_of(r, rows).tolist()) == {2}
    changed = label_of(population, drawn.items) != r.model.output_of(base)
    assert np.array_equal(changed, [population.cells[c].half == "changing" for c in drawn.items.cell])
    assert abs(np.mean(base[:, 0] < base[:, 2]) - 0.5) < 5 * 0.5 / np.sqrt(4000)
    true = sum(v * v for v in range(100))
    whole = open_population(r, whole_domain=True)
    assert count_items(whole) == 2 * true * (100**3 - true)


def test_a_half_that_links_rule_out_is_known_without_sampling() -> None:
    """Sources with the base's own `up` never change the output."""
    for domain in (SMALL, WIDE):
        population = open_population(recipe(domain, (apart(less("u", "v", domain), "=="),)))
        assert population.cells == ()
        assert not any("by sampling" in note for note in population.notes)


def test_a_base_without_a_source_is_not_drawn() -> None:
    """Only where the base's difference is below the largest one can a source's exceed it."""
    for domain in (SMALL, WIDE):
        difference = Apply("-", (Variable("v", domain), Variable("u", domain)), integers(-domain.high, domain.high))
        population = open_population(recipe(domain, (apart(difference, "<"),)))
        items = population.draw("fit", 500).items
        gained = items.inputs[..., 1] - items.inputs[..., 0]
        assert len(items) > 50
        assert np.all(gained[:, 0] < gained[:, 1])


def test_what_is_read_of_a_base() -> None:
    u, v, w = (Variable(name, SMALL) for name in "uvw")
    total = Apply("+", (u, v), integers(0, 6))
    both = split_links(model(SMALL), (apart(total), apart(Apply("-", (total, w), integers(-3, 6)), "<")))
    assert both.readings == (total, Apply("-", (total, w), integers(-3, 6)))
    single = split_links(model(SMALL), (apart(v), apart(total), apart(u)))
    assert single.readings == (u, v)  # `u + v` is made of them
    assert single.read_inputs
    assert split_links(model(SMALL), (apart(total), apart(v))).readings == (v, total)


def test_items_of_links_that_equate_inputs_keep_their_key() -> None:
    u, total = Variable("u", SMALL), Apply("+", (Variable("u", SMALL), Constant(1, SMALL)), integers(1, 4))
    plain, made = recipe(SMALL, (apart(u, "=="),)), recipe(SMALL, (apart(total, "=="),))
    assert open_population(plain).key == population_key(plain, False)
    assert open_population(made).key != population_key(made, False)


def test_links_that_read_whole_inputs_are_met_in_part_by_construction() -> None:
    """Each input of the source is another than the base's, and so is the output: 10^6 bases cannot be told apart."""
    out = Apply("and", (less("u", "v", WIDE), less("w", "v", WIDE)), BOOL)
    where = (*(apart(Variable(name, WIDE)) for name in "uvw"), apart(out))
    population = open_population(recipe(WIDE, where))
    assert any("by sampling" in note for note in population.notes)
    drawn = population.draw("test", 4000)
    assert drawn.drawable is None
    base, source = drawn.items.inputs[:, 0], drawn.items.inputs[:, 1]
    assert np.all(base != source)
    m = population.recipe.model
    assert np.all(m.output_of(base) != m.output_of(source))
    rows = drawn.items.inputs.reshape(-1, 3)
    assert len(np.unique(rows, axis=0)) == len(rows)
    changed = label_of(population, drawn.items) != m.output_of(base)
    assert np.array_equal(changed, [population.cells[c].half == "changing" for c in drawn.items.cell])


def test_what_sampling_did_not_find_is_not_said_to_be_impossible(tmp_path: Path) -> None:
    """(2, 1, 2, 0) with (1, 1, 1, 1) would do: both sums are 2, and `left` changes the output."""
    (tmp_path / "net64.safetensors").write_bytes((GOOD / "net64.safetensors").read_bytes())
    text = (GOOD / "balanced_pairs.cspec").read_text(encoding="utf-8")
    assert text.count("base.correct != source.correct") == 1
    rare = "base.w * base.x + base.y * base.z == source.w * source.x + source.y * source.z"
    text = text.replace("base.correct != source.correct", rare).replace("balanced left, y < 8", "")
    with pytest.raises(SpecError) as raised:
        check_spec(Source(tmp_path / "rare.cspec", text))
    (found,) = [d for d in raised.value.diagnostics if d.code == "CS434"]
    assert "was never seen to change the output" in found.message
    assert found.notes == ("by sampling: among many random bases and sources",)
