"""Laws of the algebra, on causal models: assignments for some readers only, and decompositions of an effect."""

import itertools

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.interpret_terms import Batch, evaluate_in_model
from cspec.compiler.terms import (
    Assignment,
    Cell,
    CodeOf,
    MeanOver,
    ModelWorld,
    Number,
    OutputOf,
    Run,
    ValueOf,
    taken_values,
)
from cspec.lang.domains import integers
from cspec.lang.expressions import Apply, Constant, Expression, Variable
from cspec.lang.program import Mechanism

WIDE = integers(-200, 200)
INPUT = integers(0, 4)
WORLD = ModelWorld("chain")
BASE, SOURCE = Run(WORLD, 0), Run(WORLD, 1)


def plus(*terms: tuple[int, str]) -> Expression:
    """A linear combination of variables."""
    total: Expression = Constant(0, WIDE)
    for factor, name in terms:
        product = Apply("*", (Constant(factor, WIDE), Variable(name, WIDE)), WIDE)
        total = Apply("+", (total, product), WIDE)
    return total


CHAIN = CausalModel(
    "chain",
    ("x", "y"),
    (INPUT, INPUT),
    (
        Mechanism("A", WIDE, plus((1, "x"))),
        Mechanism("R", WIDE, plus((2, "A"), (1, "y"))),
        Mechanism("B", WIDE, plus((3, "A"), (5, "R"))),
        Mechanism("C", WIDE, plus((7, "A"), (-1, "R"), (2, "B"))),
    ),
    "C",
)
"""A -> R -> B -> C with every direct link: R = 2A + y, B = 3A + 5R, C = 7A - R + 2B."""


def by_hand(x: int, y: int, to_r: int | None = None, to_b: int | None = None, to_c: int | None = None) -> int:
    """C where each reader of A may be shown another value of it."""
    r = 2 * (x if to_r is None else to_r) + y
    b = 3 * (x if to_b is None else to_b) + 5 * r
    return 7 * (x if to_c is None else to_c) - r + 2 * b


INPUTS = np.array(list(itertools.product(itertools.product(range(5), repeat=2), repeat=2)))
"""Every pair of a base and a source, shape [item, role, input]."""
BATCH = Batch(INPUTS, np.ones((len(INPUTS), 1), dtype=bool), ("A",))


def c_of(*assignments: Assignment) -> np.ndarray:
    """C on the base under assignments."""
    return evaluate_in_model(OutputOf("C", Run(WORLD, 0, assignments)), CHAIN, BATCH) + WIDE.low


def only(reader: str) -> Assignment:
    return Assignment("A", ValueOf("A", SOURCE), (reader,))


@pytest.mark.parametrize("handle", ["A", "R", "B"])
def test_for_all_readers_is_for_everything(handle: str) -> None:
    readers = {"A": ("R", "B", "C"), "R": ("B", "C"), "B": ("C",)}[handle]
    whole = c_of(Assignment(handle, ValueOf(handle, SOURCE)))
    np.testing.assert_array_equal(c_of(Assignment(handle, ValueOf(handle, SOURCE), readers)), whole)
    assert (whole != c_of()).any()


@pytest.mark.parametrize("missing", ["R", "B", "C"])
def test_a_reader_that_is_left_out_is_noticed(missing: str) -> None:
    readers = tuple(reader for reader in ("R", "B", "C") if reader != missing)
    some = c_of(Assignment("A", ValueOf("A", SOURCE), readers))
    assert (some != c_of(Assignment("A", ValueOf("A", SOURCE)))).any()


@pytest.mark.parametrize(("reader", "weight"), [("R", 18), ("B", 6), ("C", 7)])
def test_an_edge_carries_what_its_path_weighs(reader: str, weight: int) -> None:
    """R: 2 * (-1 + 2 * 5), B: 3 * 2, C: 7."""
    change = INPUTS[:, 1, 0] - INPUTS[:, 0, 0]
    np.testing.assert_array_equal(c_of(only(reader)) - c_of(), weight * change)
    shown = {"R": "to_r", "B": "to_b", "C": "to_c"}[reader]
    expected = [by_hand(int(base[0]), int(base[1]), **{shown: int(source[0])}) for base, source in INPUTS]
    np.testing.assert_array_equal(c_of(only(reader)), expected)


def test_edges_add_up_without_interaction() -> None:
    total = c_of(Assignment("A", ValueOf("A", SOURCE))) - c_of()
    np.testing.assert_array_equal(sum(c_of(only(reader)) - c_of() for reader in ("R", "B", "C")), total)
    together = c_of(only("R"), only("B"), only("C"))
    np.testing.assert_array_equal(together - c_of(), total)


def test_holding_whole_nodes_counts_a_path_twice() -> None:
    """Through R and through B overlap in the path A -> R -> B -> C: 20 of the total 31 is counted twice."""
    moved = Run(WORLD, 0, (Assignment("A", ValueOf("A", SOURCE)),))
    change = INPUTS[:, 1, 0] - INPUTS[:, 0, 0]
    through = {node: c_of(Assignment(node, ValueOf(node, moved))) - c_of() for node in ("R", "B")}
    np.testing.assert_array_equal(through["R"], 18 * change)
    np.testing.assert_array_equal(through["B"], 26 * change)
    held = [Assignment(node, ValueOf(node, BASE)) for node in ("R", "B")]
    direct = c_of(Assignment("A", ValueOf("A", SOURCE)), *held) - c_of()
    np.testing.assert_array_equal(direct, 7 * change)
    np.testing.assert_array_equal(through["R"] + through["B"] + direct - 31 * change, 20 * change)


@pytest.mark.parametrize("node", ["R", "B"])
def test_with_one_mediator_total_is_given_and_through(node: str) -> None:
    moved = Run(WORLD, 0, (Assignment("A", ValueOf("A", SOURCE)),))
    total = c_of(Assignment("A", ValueOf("A", SOURCE))) - c_of()
    given = c_of(Assignment("A", ValueOf("A", SOURCE)), Assignment(node, ValueOf(node, BASE))) - c_of()
    through = c_of(Assignment(node, ValueOf(node, moved))) - c_of()
    np.testing.assert_array_equal(given + through, total)


def test_a_code_is_a_value_that_no_run_has_to_have() -> None:
    found = c_of(Assignment("A", CodeOf("A", 9 - WIDE.low)))
    np.testing.assert_array_equal(found, [by_hand(9, int(base[1])) for base, _ in INPUTS])


@pytest.mark.parametrize("value", [Number(3), MeanOver("A"), ValueOf(Cell("hidden[1]"), SOURCE)])
def test_what_only_networks_have_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="causal model"):
        c_of(Assignment("A", value))  # type: ignore[arg-type]


def test_an_interchange_is_told_from_what_sets_something_else() -> None:
    plain = Assignment("A", ValueOf("A", SOURCE))
    assert taken_values(Run(WORLD, 0, (plain,))) == (("A", ValueOf("A", SOURCE)),)
    for other in (only("R"), Assignment("A", CodeOf("A", 1)), Assignment(Cell("hidden[1]"), ValueOf("A", SOURCE))):
        with pytest.raises(ValueError, match="all readers"):
            taken_values(Run(WORLD, 0, (other,)))
