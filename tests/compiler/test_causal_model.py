"""The vectorised causal model against a naive evaluator that reads one item at a time."""

import itertools
from collections.abc import Mapping

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.checks.models.check_divisions import divisions
from cspec.compiler.checks.models.check_domains import check_domains
from cspec.compiler.intervals import Interval, interval_of
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Constant, Expression, Variable
from cspec.lang.program import Mechanism
from hypothesis import given, settings
from hypothesis import strategies as st

WIDE = integers(-(10**6), 10**6)


def value_of(expression: Expression, values: Mapping[str, int]) -> int:
    """One expression on one item, in plain Python."""
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Variable):
        return values[expression.name]
    a = [value_of(argument, values) for argument in expression.arguments]
    match expression.operator:
        case "or":
            return int(any(a))
        case "and":
            return int(all(a))
        case "not":
            return int(not a[0])
        case "==":
            return int(a[0] == a[1])
        case "!=":
            return int(a[0] != a[1])
        case "<":
            return int(a[0] < a[1])
        case "<=":
            return int(a[0] <= a[1])
        case ">":
            return int(a[0] > a[1])
        case ">=":
            return int(a[0] >= a[1])
        case "+":
            return a[0] + a[1]
        case "-":
            return a[0] - a[1]
        case "*":
            return a[0] * a[1]
        case "//":
            return a[0] // a[1] if a[1] else 0
        case "%":
            return a[0] % a[1] if a[1] else 0
        case "negate":
            return -a[0]
        case "min":
            return min(a)
        case "max":
            return max(a)
        case "abs":
            return abs(a[0])
        case "if":
            return a[1] if a[0] else a[2]
        case "in":
            return int(a[0] in a[1:])
    raise AssertionError(expression)


def numbers(variables: tuple[Variable, ...], depth: int) -> st.SearchStrategy[Expression]:
    constants = st.integers(-3, 4).map(lambda n: Constant(n, WIDE))
    own = [v for v in variables if not v.domain.is_boolean]
    leaves = st.one_of(constants, st.sampled_from(own)) if own else constants
    if depth == 0:
        return leaves
    one = numbers(variables, depth - 1)
    two = st.sampled_from(["+", "-", "*", "//", "%", "min", "max"])
    return st.one_of(
        leaves,
        st.builds(lambda o, a, b: Apply(o, (a, b), WIDE), two, one, one),
        st.builds(lambda o, a: Apply(o, (a,), WIDE), st.sampled_from(["negate", "abs"]), one),
        st.builds(
            lambda o, a: Apply(o, tuple(a), WIDE),
            st.sampled_from(["min", "max"]),
            st.lists(one, min_size=3, max_size=3),
        ),
        st.builds(lambda c, a, b: Apply("if", (c, a, b), WIDE), truths(variables, depth - 1), one, one),
    )


def truths(variables: tuple[Variable, ...], depth: int) -> st.SearchStrategy[Expression]:
    constants = st.integers(0, 1).map(lambda n: Constant(n, BOOL))
    own = [v for v in variables if v.domain.is_boolean]
    leaves = st.one_of(constants, st.sampled_from(own)) if own else constants
    if depth == 0:
        return leaves
    number, truth = numbers(variables, depth - 1), truths(variables, depth - 1)
    return st.one_of(
        leaves,
        st.builds(
            lambda o, a, b: Apply(o, (a, b), BOOL), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), number, number
        ),
        st.builds(lambda o, a, b: Apply(o, (a, b), BOOL), st.sampled_from(["and", "or", "==", "!="]), truth, truth),
        st.builds(lambda a: Apply("not", (a,), BOOL), truth),
        st.builds(lambda a: Apply("in", tuple(a), BOOL), st.lists(number, min_size=2, max_size=4)),
    )


@st.composite
def models(draw: st.DrawFn) -> CausalModel:
    """Models of two or three small inputs, two inner variables and an output; integers are brought into 0..3."""
    domains = draw(st.lists(st.sampled_from([BOOL, integers(0, 2), integers(-1, 2)]), min_size=2, max_size=3))
    names = tuple("uvw"[: len(domains)])
    known: tuple[Variable, ...] = tuple(Variable(n, d) for n, d in zip(names, domains, strict=True))
    mechanisms = []
    for name in ("a", "b", "out"):
        domain: Domain = draw(st.sampled_from([BOOL, integers(0, 3)]))
        if domain.is_boolean:
            expression = draw(truths(known, 2))
        else:
            expression = Apply("%", (draw(numbers(known, 2)), Constant(4, integers(4, 4))), WIDE)
        mechanisms.append(Mechanism(name, domain, expression))
        known = (*known, Variable(name, domain))
    require = draw(st.lists(truths(known[: len(names)], 1), max_size=1))
    return CausalModel("m", names, tuple(domains), tuple(mechanisms), "out", tuple(require))


def every(model: CausalModel) -> np.ndarray:
    return np.array(list(itertools.product(*(range(d.size) for d in model.input_domains))), dtype=np.int64)


def naive_run(model: CausalModel, codes: list[int], setting: Mapping[str, int]) -> dict[str, int]:
    """Values of every variable on one input, with some variables set to values."""
    values = {n: d.low + c for n, d, c in zip(model.input_names, model.input_domains, codes, strict=True)}
    for mechanism in model.mechanisms:
        values[mechanism.name] = setting.get(mechanism.name, value_of(mechanism.expression, values))
    return values


@settings(max_examples=60, deadline=None)
@given(models(), st.integers(0, 2**32 - 1))
def test_run_agrees_with_the_naive_evaluator(model: CausalModel, seed: int) -> None:
    inputs = every(model)
    generator = np.random.default_rng(seed)
    setting = {
        name: (generator.integers(0, model.domains[name].size, len(inputs)), generator.random(len(inputs)) < 0.5)
        for name in ("a", "b", "out")
        if generator.random() < 0.5
    }
    codes = model.run(inputs, setting)
    admitted = model.admits(inputs)
    for i, row in enumerate(inputs.tolist()):
        to = {n: int(c[i]) + model.domains[n].low for n, (c, where) in setting.items() if where[i]}
        expected = naive_run(model, row, to)
        assert {n: int(c[i]) + model.domains[n].low for n, c in codes.items()} == expected
        assert bool(admitted[i]) == all(value_of(e, naive_run(model, row, {})) for e in model.require)


@settings(max_examples=60, deadline=None)
@given(models())
def test_intervals_hold_every_value(model: CausalModel) -> None:
    domains = {name: Interval(d.low, d.high) for name, d in model.domains.items()}
    for row in every(model).tolist():
        values = naive_run(model, row, {})
        for mechanism in model.mechanisms:
            low, high = interval_of(mechanism.expression, domains)
            assert low <= values[mechanism.name] <= high


@settings(max_examples=80, deadline=None)
@given(models(), st.sampled_from([integers(0, 1), integers(0, 2), integers(1, 3)]))
def test_an_out_of_domain_value_is_found_exactly_when_there_is_one(model: CausalModel, narrow: Domain) -> None:
    """The output's domain is narrowed; interventions on `a` and `b` count, each with a value that it has somewhere."""
    mechanisms = (*model.mechanisms[:2], Mechanism("out", narrow, model.mechanisms[2].expression))
    model = CausalModel("m", model.input_names, model.input_domains, mechanisms, "out", model.require)
    admitted = [
        row for row in every(model).tolist() if all(value_of(e, naive_run(model, row, {})) for e in model.require)
    ]
    runs = [naive_run(model, row, {}) for row in admitted]
    natural = {name: sorted({r[name] for r in runs}) for name in ("a", "b")}
    leaves = divides = False
    for row in admitted:
        for a, b in itertools.product([None, *natural["a"]], [None, *natural["b"]]):
            values = naive_run(model, row, {n: v for n, v in (("a", a), ("b", b)) if v is not None})
            leaves |= not narrow.low <= values["out"] <= narrow.high
            divides |= any(
                all(value_of(g, values) for g in guards) and value_of(d.arguments[1], values) == 0
                for m in mechanisms
                for guards, d in divisions(m.expression)
            )
    found, _ = check_domains(model, (("a", "b"),))
    codes = {d.code for d in found}
    assert ("CS223" in codes) == divides
    if not divides:
        assert codes == ({"CS220"} if leaves else set())


@pytest.mark.parametrize("operator", ["//", "%"])
def test_intervals_of_divisions_hold_every_value(operator: str) -> None:
    wide = integers(-9, 9)
    divided = Apply(operator, (Variable("a", wide), Variable("b", wide)), wide)  # type: ignore[arg-type]
    ranges = [Interval(low, high) for low in range(-4, 6) for high in range(low, 6)]
    for a, b in itertools.product(ranges, repeat=2):
        divide = (lambda x, y: x // y) if operator == "//" else (lambda x, y: x % y)
        pairs = itertools.product(range(a.low, a.high + 1), range(b.low, b.high + 1))
        values = [divide(x, y) if y else 0 for x, y in pairs]
        found = interval_of(divided, {"a": a, "b": b})
        assert found.low <= min(values)
        assert found.high >= max(values)
        if a.low >= 0 and b.low > a.high:
            assert found == Interval(min(values), max(values))
