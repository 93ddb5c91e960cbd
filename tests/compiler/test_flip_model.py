"""The flipped model: the model wherever some input leads, its contradiction at every joint value that none produces."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.controls.flip_model import flip_model, way_to_output
from cspec.compiler.sampling.relations import TooLargeError
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Constant, Expression, Listing, Variable
from cspec.lang.program import Mechanism
from hypothesis import given, settings
from hypothesis import strategies as st

THREE = integers(0, 2)
Joint = tuple[int, ...]


def read(name: str, domain: Domain = THREE) -> Variable:
    return Variable(name, domain)


def apply(operator: str, *arguments: Expression, domain: Domain = BOOL) -> Apply:
    return Apply(operator, arguments, domain)  # type: ignore[arg-type]


def grid(model: CausalModel) -> np.ndarray:
    sizes = [domain.size for domain in model.input_domains]
    return np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)


def admitted(model: CausalModel) -> np.ndarray:
    return grid(model)[model.admits(grid(model))]


def set_all(inputs: np.ndarray, **codes: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    everywhere = np.ones(len(inputs), dtype=bool)
    return {name: (np.full(len(inputs), code), everywhere) for name, code in codes.items()}


def equality(require: bool = True) -> CausalModel:
    left, right = (apply("==", read(a), read(b)) for a, b in ("wx", "yz"))
    mechanisms = (
        Mechanism("left", BOOL, left),
        Mechanism("right", BOOL, right),
        Mechanism("same", BOOL, apply("==", read("left", BOOL), read("right", BOOL))),
    )
    never = (apply("not", apply("and", left, right)),) if require else ()
    return CausalModel("equal", tuple("wxyz"), (THREE,) * 4, mechanisms, "same", never)


@pytest.mark.parametrize("variables", [("left", "right"), ("left",), ("right",)])
def test_only_the_value_that_no_input_produces_is_flipped(variables: tuple[str, ...]) -> None:
    """Both equalities are never true together. With one of them aligned the output still reads the other."""
    model = equality()
    flipped = flip_model(model, variables)
    assert flipped is not None
    inputs = admitted(model)
    assert np.array_equal(flipped.model.output_of(inputs), model.output_of(inputs))
    assert not flipped.apart.output_of(inputs).any()
    for left, right in product((0, 1), repeat=2):
        setting = set_all(inputs, left=left, right=right)
        assert (flipped.model.run(inputs, setting)["same"] == (left == right and not left)).all()
        assert (flipped.apart.run(inputs, setting)["same"] == (left and right)).all()


def test_nothing_is_flipped_where_inputs_produce_every_joint_value() -> None:
    assert flip_model(equality(require=False), ("left", "right")) is None


def test_the_output_itself_is_never_flipped() -> None:
    assert flip_model(equality(), ("same",)) is None
    assert flip_model(equality(), ("left", "same")) is None


def take_for(value: Joint, seen: set[Joint], kept: Sequence[int], output: Callable[[Joint], int]) -> Joint:
    """What an unseen joint value is taken for: the next seen one, the first variable fastest, with another output.

    `kept` are the variables that stay as they are.
    """
    alike = sorted((one for one in seen if all(one[i] == value[i] for i in kept)), key=lambda one: one[::-1])
    later = [one for one in alike if one[::-1] > value[::-1]]
    earlier = [one for one in alike if one[::-1] < value[::-1]]
    others = [one for one in [*later, *earlier] if value not in seen and output(one) != output(value)]
    return others[0] if others else value


def test_an_unseen_value_is_taken_for_a_seen_one_with_another_output() -> None:
    """Least and greatest of two numbers in 1..4, the distance 0..3 plus 5 as output; least > greatest never occurs."""
    four = integers(1, 4)
    low, high = (apply(name, read("a", four), read("b", four), domain=four) for name in ("min", "max"))
    five = Constant(5, integers(5, 5))
    distance = apply("+", apply("abs", apply("-", read("high", four), read("low", four))), five)
    wide = integers(3, 9)
    mechanisms = (Mechanism("low", four, low), Mechanism("high", four, high), Mechanism("out", wide, distance))
    model = CausalModel("range", ("a", "b"), (four, four), mechanisms, "out")
    flipped = flip_model(model, ("low", "high"))
    assert flipped is not None
    inputs = grid(model)[:1]
    seen = {(low, high) for low, high in product(range(4), repeat=2) if low <= high}

    def output(joint: Joint) -> int:
        return abs(joint[1] - joint[0]) + 5

    changed = 0
    for codes in product(range(4), repeat=2):
        setting = set_all(inputs, low=codes[0], high=codes[1])
        before, after = (int(m.run(inputs, setting)["out"][0]) + wide.low for m in (model, flipped.model))
        assert (before, after) == (output(codes), output(take_for(codes, seen, (), output)))
        changed += before != after
    assert changed == 6


def test_a_chain_has_nothing_to_flip() -> None:
    """The output reads the later variable alone, whatever the earlier one was set to."""
    mechanisms = (
        Mechanism("first", THREE, read("p")),
        Mechanism("second", BOOL, apply("==", read("first"), Constant(0, THREE))),
        Mechanism("out", BOOL, apply("not", read("second", BOOL))),
    )
    model = CausalModel("chain", ("p",), (THREE,), mechanisms, "out")
    assert way_to_output(model, ("first", "second")).read == ("second",)
    assert flip_model(model, ("first", "second")) is None


def test_inputs_that_the_output_reads_are_left_out() -> None:
    mechanisms = (
        Mechanism("first", THREE, read("p")),
        Mechanism("out", BOOL, apply("==", read("first"), read("p"))),
    )
    model = CausalModel("beside", ("p",), (THREE,), mechanisms, "out")
    assert way_to_output(model, ("first",)).read == ("first",)
    assert flip_model(model, ("first",)) is None


def test_a_variable_may_be_at_odds_with_its_own_causes() -> None:
    """A carry that is set fits no sum of its column: that is what setting it means. A sibling beside it counts."""
    digit, total = integers(0, 9), integers(0, 18)
    column = apply("+", read("a", digit), read("b", digit), domain=total)
    ten = Constant(10, integers(10, 10))
    mechanisms = (
        Mechanism("column", total, column),
        Mechanism("carry", integers(0, 1), apply("//", read("column", total), ten, domain=integers(0, 1))),
        Mechanism("large", BOOL, apply(">", read("a", digit), Constant(8, digit))),
        Mechanism("out", total, apply("+", read("column", total), read("carry", integers(0, 1)), domain=total)),
    )
    model = CausalModel("column", ("a", "b"), (digit, digit), mechanisms, "out")
    assert way_to_output(model, ("carry",)).read == ("carry",)
    assert flip_model(model, ("carry",)) is None
    aligned_together = way_to_output(model, ("carry", "column"))
    assert aligned_together.read == ("column", "carry")
    mechanisms = (*mechanisms[:3], Mechanism("out", BOOL, apply("and", read("large", BOOL), read("carry", BOOL))))
    beside = CausalModel("column", ("a", "b"), (digit, digit), mechanisms, "out")
    assert way_to_output(beside, ("carry",)).read == ("carry", "large")


def test_too_many_joint_values_are_refused() -> None:
    many = integers(0, 999)
    mechanisms = (
        Mechanism("a", many, read("p", many)),
        Mechanism("b", many, read("p", many)),
        Mechanism("out", BOOL, apply("==", read("a", many), read("b", many))),
    )
    with pytest.raises(TooLargeError):
        flip_model(CausalModel("wide", ("p",), (many,), mechanisms, "out"), ("a", "b"))


READ = {
    ("a",): ("a", "b"),
    ("b",): ("b", "c"),
    ("c",): ("b", "c"),
    ("a", "b"): ("a", "b"),
    ("a", "c"): ("b", "c"),
    ("a", "b", "c"): ("b", "c"),
}
"""In p, q -> a; p, q -> b; a -> c; c, b -> out: what the output reads, by the variables that may be set."""
NINE = st.lists(st.integers(0, 2), min_size=9, max_size=9)


def table(values: list[int], *parents: str) -> Expression:
    code: Expression = read(parents[0])
    for name in parents[1:]:
        code = apply("+", apply("*", code, Constant(3, integers(3, 3))), read(name))
    return apply("lookup", Listing(tuple(values), THREE), code)


@given(NINE, NINE, NINE, NINE, st.sampled_from(sorted(READ)))
@settings(max_examples=60, deadline=None)
def test_random_tables_are_flipped_as_python_says(
    a: list[int], b: list[int], c: list[int], out: list[int], variables: tuple[str, ...]
) -> None:
    mechanisms = (
        Mechanism("a", THREE, table(a, "p", "q")),
        Mechanism("b", THREE, table(b, "p", "q")),
        Mechanism("c", THREE, table(c[:3], "a")),
        Mechanism("out", THREE, table(out, "c", "b")),
    )
    model = CausalModel("tables", ("p", "q"), (THREE, THREE), mechanisms, "out")

    def run(p: int, q: int, setting: dict[str, int]) -> dict[str, int]:
        values = {"a": a[3 * p + q], "b": b[3 * p + q]} | setting
        values |= {"c": c[values["a"]]} | setting
        return values | {"out": out[3 * values["c"] + values["b"]]}

    names = READ[variables]
    seen = {tuple(run(p, q, {})[name] for name in names) for p, q in product(range(3), repeat=2)}
    kept = [index for index, name in enumerate(names) if name not in variables]

    def output(joint: Joint) -> int:
        return run(0, 0, dict(zip(names, joint, strict=True)))["out"]

    flipped = flip_model(model, variables)
    assert way_to_output(model, variables).read == names
    if flipped is None:
        assert all(take_for(joint, seen, kept, output) == joint for joint in product(range(3), repeat=2))
        return
    inputs = grid(model)
    for codes in product(range(3), repeat=len(variables)):
        setting = dict(zip(variables, codes, strict=True))
        before, after = [], []
        for p, q in inputs.tolist():
            values = run(p, q, setting)
            before.append(values["out"])
            after.append(output(take_for(tuple(values[name] for name in names), seen, kept, output)))
        done = set_all(inputs, **setting)
        assert flipped.model.run(inputs, done)["out"].tolist() == after
        parts = [one != other for one, other in zip(before, after, strict=True)]
        assert flipped.apart.run(inputs, done)["out"].astype(bool).tolist() == parts


def test_a_variable_that_is_set_alone_takes_no_value_that_inputs_do_not_produce() -> None:
    """However many values it has: they need not be listed."""
    many = integers(0, 10**9)
    mechanisms = (
        Mechanism("first", many, read("p", many)),
        Mechanism("out", BOOL, apply("==", read("first", many), Constant(0, many))),
    )
    assert flip_model(CausalModel("single", ("p",), (many,), mechanisms, "out"), ("first",)) is None
