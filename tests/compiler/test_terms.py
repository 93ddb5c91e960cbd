"""Counterfactual terms in the causal model: against runs written out by hand, item by item."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.interpret_terms import Batch, evaluate_in_model
from cspec.compiler.terms import (
    Agree,
    Assignment,
    Expectation,
    ModelWorld,
    NetworkWorld,
    OutputOf,
    Run,
    Sum,
    ValueOf,
    interchange,
    plain,
)
from cspec.compiler.terms.render_terms import render
from cspec.lang.domains import BOOL, integers
from cspec.lang.expressions import Apply, Constant, Expression, Variable
from cspec.lang.program import Mechanism
from hypothesis import given, settings
from hypothesis import strategies as st

DIGITS = integers(0, 3)
WIDE = integers(0, 12)
WORLD = ModelWorld("m")
NAMES = ("a", "b", "c")


def variable(name: str) -> Variable:
    return Variable(name, WIDE)


def apply(operator: str, *arguments: Expression) -> Apply:
    return Apply(operator, arguments, WIDE)  # type: ignore[arg-type]


MODEL = CausalModel(
    "m",
    ("x", "y", "z"),
    (DIGITS, DIGITS, integers(-2, 1)),
    (
        Mechanism("a", BOOL, apply("==", variable("x"), variable("y"))),
        Mechanism(
            "b", integers(1, 4), apply("+", apply("max", variable("y"), Constant(0, DIGITS)), Constant(1, DIGITS))
        ),
        Mechanism("c", integers(-2, 5), apply("+", apply("*", variable("a"), variable("b")), variable("z"))),
        Mechanism("out", integers(0, 2), apply("%", apply("+", variable("c"), variable("a")), Constant(3, DIGITS))),
    ),
    "out",
)
"""a = x == y; b = y + 1 (codes start at 1); c = a * b + z (codes start at -2); out = (c + a) % 3."""


def by_hand(x: int, y: int, z: int, setting: dict[str, int]) -> dict[str, int]:
    """All values on one input, with some variables set."""
    a = setting.get("a", int(x == y))
    b = setting.get("b", y + 1)
    c = setting.get("c", a * b + z)
    return {"a": a, "b": b, "c": c, "out": setting.get("out", (c + a) % 3)}


LOWS = {"a": 0, "b": 1, "c": -2, "out": 0}


def draw_batch(seed: int, items: int = 30, sets: list[tuple[bool, ...]] | None = None) -> Batch:
    rng = np.random.default_rng(seed)
    inputs = rng.integers(0, 4, (items, 1 + len(NAMES), 3))
    choices = np.array(sets or list(itertools.product([False, True], repeat=len(NAMES))))
    return Batch(inputs, choices[rng.integers(0, len(choices), items)], NAMES)


def values_of(row: np.ndarray) -> tuple[int, int, int]:
    """An input's values from its codes: z starts at -2."""
    return int(row[0]), int(row[1]), int(row[2]) - 2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["out", "c", "b"]))
def test_an_interchange_sets_what_is_in_the_set_to_its_value_on_its_own_source(seed: int, query: str) -> None:
    batch = draw_batch(seed)
    found = evaluate_in_model(interchange(WORLD, NAMES, query), MODEL, batch)
    for i in range(len(batch)):
        setting = {
            name: by_hand(*values_of(batch.inputs[i, j + 1]), {})[name]
            for j, name in enumerate(NAMES)
            if batch.members[i, j]
        }
        assert int(found[i]) + LOWS[query] == by_hand(*values_of(batch.inputs[i, 0]), setting)[query]


@pytest.mark.parametrize("members", list(itertools.product([False, True], repeat=3)))
def test_every_set_single_and_joint_equals_the_model_run_with_these_values(members: tuple[bool, ...]) -> None:
    batch = draw_batch(7, 200, [members])
    everywhere = np.ones(len(batch), dtype=bool)
    setting = {
        name: (MODEL.run(batch.inputs[:, j + 1], {})[name], everywhere) for j, name in enumerate(NAMES) if members[j]
    }
    expected = MODEL.run(batch.inputs[:, 0], setting)["out"]
    np.testing.assert_array_equal(evaluate_in_model(interchange(WORLD, NAMES, "out"), MODEL, batch), expected)


def test_a_plain_run_reads_the_input_that_it_names() -> None:
    batch = draw_batch(3)
    for role in range(4):
        expected = MODEL.output_of(batch.inputs[:, role])
        np.testing.assert_array_equal(evaluate_in_model(plain(WORLD, "out", role), MODEL, batch), expected)


def test_without_variables_an_interchange_is_the_base_run() -> None:
    batch = draw_batch(3)
    found = evaluate_in_model(interchange(WORLD, (), "out"), MODEL, batch)
    np.testing.assert_array_equal(found, evaluate_in_model(plain(WORLD, "out"), MODEL, batch))


def test_a_value_may_be_read_in_a_run_that_is_itself_intervened() -> None:
    """c on source 1 with a taken from source 2, put into the base: what flows through c alone."""
    inner = Run(WORLD, 1, (Assignment("a", ValueOf("a", Run(WORLD, 2))),))
    query = OutputOf("out", Run(WORLD, 0, (Assignment("c", ValueOf("c", inner)),)))
    batch = draw_batch(11, 200)
    found = evaluate_in_model(query, MODEL, batch)
    changed = 0
    for i in range(len(batch)):
        base, first, second = (values_of(batch.inputs[i, role]) for role in range(3))
        c = by_hand(*first, {"a": by_hand(*second, {})["a"]})["c"]
        assert int(found[i]) == by_hand(*base, {"c": c})["out"]
        changed += c != by_hand(*first, {})["c"]
    assert changed > 20


def test_an_assignment_from_the_base_itself_changes_nothing() -> None:
    batch = draw_batch(13)
    own = Run(WORLD, 0, tuple(Assignment(name, ValueOf(name, Run(WORLD, 0))) for name in NAMES))
    found = evaluate_in_model(OutputOf("out", own), MODEL, batch)
    np.testing.assert_array_equal(found, evaluate_in_model(plain(WORLD, "out"), MODEL, batch))


def test_without_within_set_every_item_is_assigned() -> None:
    batch = draw_batch(17)
    run = Run(WORLD, 0, (Assignment("out", ValueOf("out", Run(WORLD, 1))),))
    found = evaluate_in_model(OutputOf("out", run), MODEL, batch)
    np.testing.assert_array_equal(found, evaluate_in_model(plain(WORLD, "out", 1), MODEL, batch))


def test_a_networks_term_has_no_value_in_the_model() -> None:
    with pytest.raises(ValueError, match="network"):
        evaluate_in_model(plain(NetworkWorld("net"), "out"), MODEL, draw_batch(1))


def test_a_batch_without_items_has_no_codes() -> None:
    empty = draw_batch(1).take(slice(0, 0))
    assert evaluate_in_model(interchange(WORLD, NAMES, "out"), MODEL, empty).shape == (0,)


def test_terms_as_text() -> None:
    network, model = NetworkWorld("net", "das"), ModelWorld("m")
    assert render(plain(model, "out", 2)) == "out of run[m](x2)"
    assert render(plain(NetworkWorld("net"), "out")) == "out of run[net](x0)"
    assert render(plain(NetworkWorld("net", "das", random=True), "out")) == "out of run[random(net) via das](x0)"
    assert (
        render(interchange(network, ("a", "b"), "out"))
        == "out of run[net via das](x0, {a := a of run(x1), b := b of run(x2)} within S)"
    )
    score = Agree(interchange(network, ("a",), "out"), interchange(model, ("a",), "out"))
    expectation = Expectation(score, "items of m{a}, pairs main")
    assert render(expectation) == (
        "E[ agree( out of run[net via das](x0, {a := a of run(x1)} within S),\n"
        "          out of run[m](x0, {a := a of run(x1)} within S) )\n"
        " | items of m{a}, pairs main ]"
    )
    lines = render(Sum(Fraction(-1, 2), ((Fraction(1), expectation), (Fraction(-1), expectation)))).splitlines()
    assert lines[0].startswith("E[ agree(")
    assert lines[3].startswith("+ -1 * E[ agree(")
    assert lines[-1] == "+ -1/2"
    assert render(Sum(Fraction(0), ())) == "0"


def test_equal_terms_are_equal_and_hash_alike() -> None:
    one, two = interchange(WORLD, NAMES, "out"), interchange(ModelWorld("m"), NAMES, "out")
    assert one == two
    assert hash(one) == hash(two)
    assert one != interchange(WORLD, ("b", "a", "c"), "out")
