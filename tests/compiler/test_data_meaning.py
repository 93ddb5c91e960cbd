"""Entities, tables and functions in a causal model: every input, against plain Python."""

from itertools import product
from pathlib import Path

import numpy as np
from cspec.compiler.causal_model import CausalModel, lower_model
from cspec.compiler.intervals import Interval, interval_of
from cspec.compiler.pipeline import check_spec
from cspec.compiler.sampling.flatten import Graph
from cspec.lang import Source

SPEC = Path(__file__).parents[1] / "golden" / "good" / "cities.cspec"
CITIES = {
    "Paris": ("France", 3, True),
    "New York": ("USA", 9, True),
    "Lyon": ("France", 1, False),
    "Berlin": ("Germany", 4, True),
}
TURN = {0: 1, 1: 2, 2: 3, 3: 0}
BACK = {0: 3, 1: 2, 2: 1, 3: 0}


def model() -> CausalModel:
    program = check_spec(Source(SPEC, SPEC.read_text(encoding="utf-8"))).program
    return lower_model(program.models["by_land"], program.tasks["cities"])


def same(here: str, there: str, hour: int) -> bool:
    size = CITIES[there][1] + BACK[TURN[hour]]
    big = CITIES[here][2] or hour == 2
    return CITIES[here][0] == CITIES[there][0] and abs(size - CITIES[here][1]) <= min(1, 2) and big


def test_every_input_gives_what_plain_python_gives() -> None:
    names = list(CITIES)
    inputs = list(product(range(4), range(4), range(4)))
    found = model().output_of(np.array(inputs))
    assert [bool(v) for v in found] == [same(names[a], names[b], hour) for a, b, hour in inputs]
    assert {True, False} == {same(names[a], names[b], hour) for a, b, hour in inputs}
    admitted = model().admits(np.array(inputs))
    wanted = [names[a] != "New York" or CITIES[names[b]][0] in ("France", "Germany") for a, b, _ in inputs]
    assert admitted.tolist() == wanted


def test_tables_of_relations_give_the_same_counts() -> None:
    lowered = model()
    graph = Graph()
    leaves = {
        n: graph.leaf(np.arange(d.size) + d.low)
        for n, d in zip(lowered.input_names, lowered.input_domains, strict=True)
    }
    variables = graph.model(lowered, leaves, {})
    for output in (0, 1):
        condition = graph.apply("==", (variables["same"], graph.constant(output)))
        total = graph.solve([], [condition]).elimination.total
        wanted = sum(same(a, b, hour) == bool(output) for a, b, hour in product(CITIES, CITIES, range(4)))
        assert total == wanted


def test_intervals_hold_every_value() -> None:
    lowered = model()
    inputs = np.array(list(product(range(4), range(4), range(4))))
    values = lowered.run(inputs, {})
    variables = {n: Interval(d.low, d.high) for n, d in lowered.domains.items()}
    for mechanism in lowered.mechanisms:
        low, high = interval_of(mechanism.expression, variables)
        column = values[mechanism.name] + mechanism.domain.low
        assert low <= column.min()
        assert column.max() <= high
