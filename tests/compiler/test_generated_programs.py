"""Programs made at random: right ones mean what Python means by them, spoilt ones give diagnostics and nothing else.

A generated model comes with its equations in Python, written side by side with those of the spec and run by `eval`.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cspec.compiler.pipeline import check_spec
from cspec.lang.diagnostics import Diagnostic, Source, SpecError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("ends")
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
INPUTS = {"p": (0, 3), "q": (-2, 1), "x[0]": (0, 2), "x[1]": (0, 2), "flag": (0, 1)}
TASK = """
type Place = 0..1
task t {
  input  p: 0..3
  input  q: -2..1
  input  x[2]: 0..2
  input  flag: bool
  output out: bool
  tokens [p, x, flag, q]
  answer out: { false: 0, true: 1 }
}
"""


@dataclass(frozen=True)
class Written:
    """An expression in both languages."""

    ours: str
    python: str


@dataclass(frozen=True)
class Equation:
    name: str
    kind: str
    written: Written


def python_name(name: str) -> str:
    return name.replace("[", "").replace("]", "")


def numbers(depth: int, names: dict[str, str]) -> st.SearchStrategy[Written]:
    """Expressions whose value is a number; `names` are the variables that may be read, with their kinds."""
    known = [Written(name, python_name(name)) for name, kind in names.items() if kind == "number"]
    leaves = st.one_of(st.sampled_from(known), st.integers(-3, 5).map(lambda n: Written(f"({n})", f"({n})")))
    if depth == 0:
        return leaves
    inner, i, u = numbers(depth - 1, names), f"i{depth}", f"u{depth}"
    divisor = st.sampled_from([-3, -2, 2, 3])
    condition = truths(depth - 1, names)
    return st.one_of(
        leaves,
        st.tuples(st.sampled_from("+-*"), inner, inner).map(
            lambda t: Written(f"({t[1].ours} {t[0]} {t[2].ours})", f"({t[1].python} {t[0]} {t[2].python})")
        ),
        st.tuples(st.sampled_from(["//", "%"]), inner, divisor).map(
            lambda t: Written(f"({t[1].ours} {t[0]} ({t[2]}))", f"({t[1].python} {t[0]} ({t[2]}))")
        ),
        st.tuples(st.sampled_from(["//", "%"]), inner, inner).map(
            lambda t: Written(
                f"(if {t[2].ours} != 0 then {t[1].ours} {t[0]} {t[2].ours} else {t[1].ours})",
                f"({t[1].python} {t[0]} {t[2].python} if {t[2].python} != 0 else {t[1].python})",
            )
        ),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda t: Written(f"{t[0]}({t[1].ours}, {t[2].ours})", f"{t[0]}({t[1].python}, {t[2].python})")
        ),
        inner.map(lambda e: Written(f"abs({e.ours})", f"abs({e.python})")),
        inner.map(lambda e: Written(f"(-{e.ours})", f"(-{e.python})")),
        st.tuples(condition, inner, inner).map(
            lambda t: Written(
                f"(if {t[0].ours} then {t[1].ours} else {t[2].ours})",
                f"({t[1].python} if {t[0].python} else {t[2].python})",
            )
        ),
        inner.map(
            lambda e: Written(
                f"sum({e.ours} + x[{i}] for {i} in Place where x[{i}] > {i})",
                f"sum({e.python} + {u} for {i}, {u} in enumerate((x0, x1)) if {u} > {i})",
            )
        ),
        inner.map(
            lambda e: Written(
                f"(the {i} in Place where x[{i}] > {e.ours})",
                f"only([{i} for {i}, {u} in enumerate((x0, x1)) if {u} > {e.python}])",
            )
        ),
        inner.map(
            lambda e: Written(
                f"count(x[{i}] == {e.ours} for {i} in 0..1)", f"sum({u} == {e.python} for {u} in (x0, x1))"
            )
        ),
    )


def truths(depth: int, names: dict[str, str]) -> st.SearchStrategy[Written]:
    """Expressions whose value is a truth value."""
    known = [Written(name, python_name(name)) for name, kind in names.items() if kind == "truth"]
    leaves = st.sampled_from([*known, Written("true", "True"), Written("false", "False")])
    if depth == 0:
        return leaves
    inner, number, i, u = truths(depth - 1, names), numbers(depth - 1, names), f"k{depth}", f"w{depth}"
    return st.one_of(
        leaves,
        st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(
            lambda t: Written(f"({t[1].ours} {t[0]} {t[2].ours})", f"({t[1].python} {t[0]} {t[2].python})")
        ),
        inner.map(lambda e: Written(f"(not {e.ours})", f"(not {e.python})")),
        st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), number, number).map(
            lambda t: Written(f"({t[1].ours} {t[0]} {t[2].ours})", f"({t[1].python} {t[0]} {t[2].python})")
        ),
        st.tuples(number, st.integers(-2, 0), st.integers(0, 3)).map(
            lambda t: Written(f"({t[0].ours} in {t[1]}..{t[2]})", f"({t[1]} <= {t[0].python} <= {t[2]})")
        ),
        number.map(lambda e: Written(f"({e.ours} not in {{0, 2, p}})", f"({e.python} not in (0, 2, p))")),
        number.map(
            lambda e: Written(
                f"any(x[{i}] >= {e.ours} for {i} in Place)", f"any({u} >= {e.python} for {u} in (x0, x1))"
            )
        ),
    )


@st.composite
def models(draw: st.DrawFn) -> tuple[Equation, ...]:
    """Equations in order; the last one is the output's."""
    names = dict.fromkeys(INPUTS, "number") | {"flag": "truth"}
    equations = []
    for index in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["number", "truth"]))
        written = draw((numbers if kind == "number" else truths)(draw(st.integers(1, 3)), names))
        equations.append(Equation(f"v{index}", kind, written))
        names[f"v{index}"] = kind
    return (*equations, Equation("out", "truth", draw(truths(2, names))))


def spec(equations: tuple[Equation, ...]) -> str:
    lines = "\n".join(f"  {e.name} = {e.written.ours}" for e in equations)
    return f"{TASK}\nmodel m for t {{\n{lines}\n}}\n"


class UndefinedError(Exception):
    """A look-up has no answer, or several."""


def only(found: list[int]) -> int:
    if len(found) != 1:
        raise UndefinedError
    return found[0]


HELPERS = {"sum": sum, "any": any, "min": min, "max": max, "abs": abs, "enumerate": enumerate, "only": only}


def evaluate(text: str, values: dict[str, Any]) -> Any:
    """The value of an expression, None where it has none; names go in as globals, so that generators see them."""
    try:
        return eval(text, dict(values) | HELPERS)
    except (UndefinedError, NameError):  # a variable without a value is not among the names
        return None


@QUICK
@given(models())
def test_a_right_program_means_what_python_means(equations: tuple[Equation, ...]) -> None:
    ranges = [range(low, high + 1) for low, high in INPUTS.values()]
    every = [dict(zip(INPUTS, row, strict=True)) for row in itertools.product(*ranges)]
    admitted = [row for row in every if None not in python_values(equations, row, {}).values()]
    if not admitted:
        assert [d.code for d in diagnostics_of(Source(Path("spec.cspec"), spec(equations)))][-1:] == ["CS225"]
        return
    checked = check_spec(Source(Path("spec.cspec"), spec(equations)))
    model = checked.models["m"]
    assert sum(left_out.count for left_out in checked.left_out) == len(every) - len(admitted)
    inputs = codes(every, model.input_names)
    assert model.admits(inputs).tolist() == [row in admitted for row in every]
    inputs = codes(admitted, model.input_names)
    ours = model.run(inputs, {})
    truth = [python_values(equations, row, {}) for row in admitted]
    for equation in equations:
        name = equation.name
        found = ours[name] + model.domains[name].low
        assert found.tolist() == [values[name] for values in truth], name
    first = equations[0].name
    moved = np.roll(ours[first], 7)
    after = model.outcome(inputs, {first: (moved, np.ones(len(admitted), dtype=bool))})
    values = (moved + model.domains[first].low).tolist()
    if equations[0].kind == "truth":
        values = [bool(value) for value in values]
    wanted = [python_values(equations, row, {first: v})["out"] for row, v in zip(admitted, values, strict=True)]
    assert after.tolist() == [-1 if value is None else value for value in wanted]


def codes(rows: list[dict[str, int]], names: tuple[str, ...]) -> np.ndarray:
    found: np.ndarray = np.array([[row[name] - INPUTS[name][0] for name in names] for row in rows])
    return found


def python_values(
    equations: tuple[Equation, ...], row: dict[str, int], setting: dict[str, Any]
) -> dict[str, int | None]:
    """Every variable, None where it has no value."""
    values: dict[str, Any] = {python_name(name): value for name, value in row.items()} | {"flag": bool(row["flag"])}
    missing: dict[str, int | None] = {}
    for equation in equations:
        name = equation.name
        value = setting[name] if name in setting else evaluate(equation.written.python, values)
        if value is None:
            missing[name] = None
        else:
            values[name] = value
    return {name: int(value) for name, value in values.items()} | missing


@QUICK
@given(models(), st.data())
def test_a_spoilt_program_gives_diagnostics_and_nothing_else(
    equations: tuple[Equation, ...], data: st.DataObject
) -> None:
    text = spec(equations)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 6))
        text = text[:at] + data.draw(st.sampled_from(SCRAPS)) + text[at + length :]
    source = Source(Path("spec.cspec"), text)
    for diagnostic in diagnostics_of(source):
        assert 0 <= diagnostic.label.span.start <= diagnostic.label.span.end <= len(text)


def diagnostics_of(source: Source) -> tuple[Diagnostic, ...]:
    """What a check says: errors, or warnings alone."""
    try:
        return check_spec(source).warnings
    except SpecError as problem:
        return problem.diagnostics


SCRAPS = [
    *"{}[]()=.,:+-*/%<>@\"'#&\n0",
    "",
    "..",
    "9" * 30,
    "0..10000000000",
    "x[9]",
    "v9",
    "if",
    "for i in p {",
    "й",
    "\x00",
]
