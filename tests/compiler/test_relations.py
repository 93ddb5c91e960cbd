"""Relations and flattening against brute force: counts, backward draws, expansions, bounds."""

import itertools
from collections import Counter

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.sampling.allowed import Allowed
from cspec.compiler.sampling.eliminate import eliminate
from cspec.compiler.sampling.flatten import Graph
from cspec.compiler.sampling.layouts import tabulated
from cspec.compiler.sampling.relations import Budget, TooLargeError, radix_keys, relation
from cspec.compiler.sampling.twins import open_twin
from cspec.lang.domains import BOOL, integers
from cspec.lang.expressions import Apply, Constant, Variable
from cspec.lang.program import Mechanism
from hypothesis import given, settings
from hypothesis import strategies as st

D = integers(0, 3)


def random_model(seed: int, inputs: int = 3) -> CausalModel:
    """A model of small integer inputs: two inner variables and an output, from random operators; one condition."""
    g = np.random.default_rng(seed)
    names = tuple("uvwxyz"[:inputs])
    known = [Variable(n, D) for n in names]

    def number(depth: int):
        if depth <= 0 or g.random() < 0.2:
            return known[g.integers(len(known))] if g.random() < 0.8 else Constant(int(g.integers(0, 4)), D)
        operator = str(g.choice(["+", "-", "*", "min", "max", "if", "==", "<", "and", "or", "not"]))
        if operator == "if":
            return Apply("if", (truth(depth - 1), number(depth - 1), number(depth - 1)), D)
        if operator in ("and", "or", "not", "==", "<"):
            return truth(depth)
        return Apply(operator, (number(depth - 1), number(depth - 1)), D)

    def truth(depth: int):
        operator = str(g.choice(["==", "!=", "<", ">=", "and", "or", "not"])) if depth > 1 else "<="
        if operator == "not":
            return Apply("not", (truth(depth - 1),), BOOL)
        if operator in ("and", "or"):
            return Apply(operator, (truth(depth - 1), truth(depth - 1)), BOOL)
        return Apply(operator, (number(depth - 1), number(depth - 1)), BOOL)

    mechanisms = []
    for name in ("a", "b", "out"):
        wrapped = Apply("%", (number(3), Constant(4, D)), D)
        mechanisms.append(Mechanism(name, D, wrapped))
        known.append(Variable(name, D))
    known = known[:inputs]
    require = (truth(2),) if g.random() < 0.5 else ()
    return CausalModel("m", names, (D,) * inputs, tuple(mechanisms), "out", require)


def every(model: CausalModel) -> np.ndarray:
    rows = np.array(list(itertools.product(*(range(d.size) for d in model.input_domains))), dtype=np.int64)
    return rows[model.admits(rows)]


def allowed(model: CausalModel) -> list[Allowed]:
    return [Allowed(d.size) for d in model.input_domains]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6))
def test_counts_of_value_tuples_equal_brute_force(seed: int) -> None:
    model = random_model(seed)
    layout = tabulated(model, model.require, allowed(model))
    nodes = [layout.variables[v] for v in ("a", "b", "out")]
    solution = layout.graph.solve(nodes, layout.true, layout.extra)
    rows = zip(*(solution.kept(n).tolist() for n in nodes), strict=True)
    counts = dict(zip(rows, solution.elimination.table.weight.tolist(), strict=True))
    codes = model.run(every(model), {})
    assert counts == Counter(zip(*(codes[v].tolist() for v in ("a", "b", "out")), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_an_interchange_changes_as_many_items_as_brute_force_says(seed: int) -> None:
    model = random_model(seed)
    inputs = every(model)
    values = np.unique(model.run(inputs, {})["a"])
    twin = open_twin(model, model.require, allowed(model), {"a": values})
    count = twin.layout.graph.solve(
        [], (*twin.layout.true, twin.differs), twin.layout.extra + _leaf(twin)
    ).elimination.total
    before = model.output_of(inputs)
    expected = 0
    for value in values.tolist():
        to = {"a": (np.full(len(inputs), value), np.ones(len(inputs), dtype=bool))}
        expected += int((model.run(inputs, to)["out"] != before).sum())
    assert count == expected


def _leaf(twin):
    leaf = twin.set_to["a"]
    return (relation((leaf,), (np.arange(len(twin.layout.graph.leaf_values(leaf))),)),)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_backward_draws_are_uniform_and_expansion_is_complete(seed: int) -> None:
    model = random_model(seed)
    layout = tabulated(model, model.require, allowed(model))
    node = layout.variables["out"]
    solution = layout.graph.solve([node], layout.true, layout.extra)
    table = solution.elimination.table
    inputs = every(model)
    owner, assigned = solution.elimination.expand(np.arange(len(table)))
    listed = layout.decode(solution, assigned)
    assert sorted(listed.tolist()) == sorted(inputs.tolist())
    assert np.array_equal(solution.kept(node)[owner], model.output_of(listed))
    if not len(table):
        return
    count = 20_000
    row = int(np.argmax(table.weight))
    drawn = solution.elimination.draw(np.full(count, row), np.random.default_rng(seed))
    seen = Counter(map(tuple, layout.decode(solution, drawn).tolist()))
    cell = inputs[model.output_of(inputs) == solution.kept(node)[row]]
    expected = count / len(cell)
    statistic = sum((seen[tuple(x)] - expected) ** 2 / expected for x in cell.tolist())
    assert sum(seen.values()) == sum(seen[tuple(x)] for x in cell.tolist())
    assert statistic < len(cell) + 6 * np.sqrt(2 * len(cell)) + 12


def test_equal_expressions_are_one_node() -> None:
    graph = Graph()
    x, y = graph.leaf(np.arange(3)), graph.leaf(np.arange(3))
    assert graph.apply("+", (x, y)) == graph.apply("+", (y, x))
    assert graph.apply("<", (x, y)) == graph.apply(">", (y, x))
    same = graph.apply("!=", (graph.apply("*", (x, y)), graph.apply("*", (y, x))))
    assert graph.solve([], [same]).elimination.total == 0


def test_counts_far_above_two_to_the_53_still_draw_the_rare_side() -> None:
    """x in 0..1 goes with 1 and with 10^20 completions; given x, each side's own column is drawn from all of it."""
    sizes = {0: 2, 1: 3}
    table = relation((0, 1), (np.array([0, 0, 1]), np.array([0, 1, 2])), np.array([1e20, 3e20, 1.0]))
    elimination = eliminate([table], sizes, [0])
    drawn = elimination.draw(np.repeat([0, 1], 4000), np.random.default_rng(0))
    assert set(drawn[1][4000:].tolist()) == {2}
    assert abs(np.mean(drawn[1][:4000] == 1) - 0.75) < 0.03


def test_tables_above_the_bound_are_refused() -> None:
    table = relation((0,), (np.arange(100),))
    with pytest.raises(TooLargeError):
        eliminate([table, relation((1,), (np.arange(100),))], {0: 100, 1: 100}, [0, 1], Budget(1000))


def test_keys_wider_than_63_bits_are_ranked() -> None:
    generator = np.random.default_rng(0)
    columns = [generator.integers(0, 2**20, 50) for _ in range(5)]
    (a, b), _ = radix_keys([columns, [c[::-1] for c in columns]], [2**20] * 5)
    assert np.array_equal(a, b[::-1])
    assert len(np.unique(a)) == len({tuple(c[i] for c in columns) for i in range(50)})


def test_tables_that_are_kept_are_as_narrow_as_their_codes() -> None:
    pairs = [np.repeat(np.arange(200), 300), np.tile(np.arange(300), 200)]
    found = eliminate([relation((0, 1), pairs)], {0: 200, 1: 300}, [0])
    (step,) = found.steps
    assert sum(codes.nbytes for codes in step.table.codes) == 60_000 * (1 + 2)
    rows, assigned = found.expand(np.array([3, 199]))
    assert [sorted(assigned[1][rows == row].tolist()) for row in (3, 199)] == [list(range(300))] * 2
    drawn = found.draw(np.arange(200), np.random.default_rng(0))
    assert drawn[0].tolist() == list(range(200))
    assert drawn[1].max() < 300
    assert drawn[1].dtype == np.int64


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["equal", "counts", "halves", "function"]))
def test_a_column_is_drawn_as_its_running_weights_say(seed: int, kind: str) -> None:
    """Against plain sums of a group's weights in the table's order, all of them exact; and only what is wanted."""
    g = np.random.default_rng(seed)
    sizes = {0: 4, 1: 5, 2: 3, 3: 40}
    every = np.array(list(itertools.product(*(range(sizes[c]) for c in (0, 1, 2)))))
    third = every @ g.integers(0, 4, 3) if kind == "function" else g.integers(0, 40, len(every))
    rows = np.concatenate([every, third[:, None]], axis=1)[g.permutation(len(every))[: g.integers(1, len(every))]]
    scale = {"counts": 1.0, "halves": 0.5}.get(kind)
    weight = np.ones(len(rows)) if scale is None else scale * g.integers(1, 9, len(rows))
    hidden = int(g.integers(0, 4)) if kind != "function" else 3
    kept = [c for c in sizes if c != hidden]
    elimination = eliminate([relation((0, 1, 2, 3), tuple(rows.T), weight)], sizes, kept)
    uniform = (2 * g.integers(0, 1 << 12, 50) + 1) / (1 << 13)
    chosen = g.integers(0, len(elimination.table), 50)
    drawn = elimination.complete(chosen, uniform[None])[hidden]
    for row, u, code in zip(chosen, uniform, drawn.tolist(), strict=True):
        group = [elimination.table.of(c)[row] for c in kept]
        own = (rows[:, kept] == group).all(axis=1)
        running = np.cumsum(weight[own])
        assert code == rows[own, hidden][np.argmax(running > u * running[-1])]
    assert set(elimination.complete(chosen, uniform[None], [kept[0]])) == set(kept)
