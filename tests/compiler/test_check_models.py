"""Checks of models: every fault is found with a right witness, and sound models pass."""

import re

import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.checks.models.check_models import check_models
from cspec.lang.codes import CODES
from cspec.lang.diagnostics import Diagnostic, Span
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Constant, Expression, Variable
from cspec.lang.places import Family, Placement, Site
from cspec.lang.program import Alignment, Answer, Declared, FitSettings, Mechanism, Model, Program, Settings, Task
from cspec.lang.renderings import Tokens

D = integers(0, 9)


def var(name: str, domain: Domain = D) -> Variable:
    return Variable(name, domain)


def op(operator: str, *arguments: Expression, domain: Domain = BOOL) -> Apply:
    return Apply(operator, arguments, domain)  # type: ignore[arg-type]


def number(value: int) -> Constant:
    return Constant(value, integers(value, value))


def model(name: str, *mechanisms: tuple[str, Domain, Expression]) -> CausalModel:
    own = tuple(Mechanism(n, d, e, span=Span(100 + i, 101 + i)) for i, (n, d, e) in enumerate(mechanisms))
    return CausalModel(name, ("x", "y"), (D, D), own, "out")


def check(
    *models: CausalModel, align: dict[str, tuple[str, ...]] | None = None, require=(), inputs=None
) -> list[Diagnostic]:
    inputs = inputs or (("x", D), ("y", D))
    models = tuple(
        CausalModel(m.name, tuple(n for n, _ in inputs), tuple(d for _, d in inputs), m.mechanisms, m.output, require)
        for m in models
    )
    declared = tuple(Declared(n, d) for n, d in inputs)
    output = Declared("out", models[0].domains["out"])
    task = Task("t", declared, tuple(require), output, Tokens(("x", "y")), (Answer("out", (0, 1)),), span=Span(1, 2))
    site = Site("hidden", 1)
    alignments = {
        f"a_{name}": Alignment(
            f"a_{name}", name, "n",
            tuple(
                Placement(v, site, Family("rotation"), (1,), span=Span(200 + i, 201 + i))
                for i, v in enumerate(variables)
            ),
            FitSettings(), None,
        )
        for name, variables in (align or {}).items()
    }  # fmt: skip
    written = {m.name: Model(m.name, "t", m.mechanisms) for m in models}
    program = Program("", {"t": task}, written, {}, alignments, {}, {}, Settings())
    aligned = {m.name: tuple(v for n, v in (align or {}).items() if n == m.name) for m in models}
    found = check_models({m.name: m for m in models}, aligned, program)
    for diagnostic in found:
        assert diagnostic.code in CODES
        assert diagnostic.help
        assert not diagnostic.message.endswith(".")
    return list(found)


def witness(diagnostic: Diagnostic) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"(\w) = (\d+)", " ".join(diagnostic.notes))}


SUM = ("out", BOOL, op(">", op("+", var("x"), var("y"), domain=integers(0, 18)), number(9)))


def test_sound_rivals_pass() -> None:
    carry = ("carry", BOOL, op(">", var("x"), op("-", number(9), var("y"), domain=integers(0, 9))))
    other = model("other", carry, ("out", BOOL, var("carry", BOOL)))
    assert check(model("one", SUM), other, align={"other": ("carry",)}) == []


def test_a_value_outside_its_domain_has_a_witness_and_the_type_that_holds_it() -> None:
    total = ("total", integers(0, 12), op("+", var("x"), var("y"), domain=integers(0, 18)))
    (found,) = check(model("m", total, ("out", BOOL, op(">", var("total"), number(3)))))
    assert found.code == "CS220"
    at = witness(found)
    value = at["x"] + at["y"]
    assert value > 12
    assert f"found {value}" in found.message
    assert found.help == "declare `total: 0..18`, or change its equation"
    assert found.label.span == Span(100, 101)
    assert "decided by enumeration" in found.notes


def test_a_requirement_can_keep_values_inside() -> None:
    total = ("total", integers(0, 9), op("+", var("x"), var("y"), domain=integers(0, 18)))
    small = op("<=", op("+", var("x"), var("y"), domain=integers(0, 18)), number(9))
    assert check(model("m", total, ("out", BOOL, op(">", var("total"), number(3)))), require=(small,)) == []


def test_a_value_outside_only_under_an_interchange_is_found() -> None:
    """`rest = x - low` is never negative by itself; `low` from another source can exceed x."""
    low = ("low", D, op("min", var("x"), var("y"), domain=D))
    rest = ("rest", D, op("-", var("x"), var("low"), domain=integers(-9, 9)))
    m = model("m", low, rest, ("out", BOOL, op("==", var("rest"), number(0))))
    assert check(m) == []
    (found,) = check(m, align={"m": ("low", "rest")})
    assert found.code == "CS220"
    assert found.label.span == Span(101, 102)
    match = re.search(r"`low` set to (\d+)", found.notes[0])
    assert match
    assert f"found {witness(found)['x'] - int(match[1])}" in found.message


def test_a_division_by_zero_is_found_unless_guarded() -> None:
    share = op("//", var("x"), var("y"), domain=D)
    (found,) = check(model("m", ("share", D, share), ("out", BOOL, op("==", var("share"), number(1)))))
    assert found.code == "CS223"
    assert witness(found)["y"] == 0
    guarded = op("if", op("!=", var("y"), number(0)), share, number(0), domain=D)
    assert check(model("m", ("share", D, guarded), ("out", BOOL, op("==", var("share"), number(1))))) == []


def test_a_requirement_that_no_input_satisfies_is_found_at_the_condition_that_empties_it() -> None:
    less, more = op("<", var("x"), var("y")), op("<", var("y"), var("x"))
    (found,) = check(model("m", SUM), require=(op(">", var("x"), number(0)), less, more))
    assert found.code == "CS221"
    assert len(found.related) == 2


def test_rivals_that_disagree_have_a_witness_and_both_outputs() -> None:
    other = model("other", ("out", BOOL, op(">", op("+", var("x"), var("y"), domain=integers(0, 18)), number(17))))
    (found,) = check(model("one", SUM), other)
    assert found.code == "CS222"
    at = witness(found)
    assert 9 < at["x"] + at["y"] <= 17
    assert "`one` gives true, `other` gives false" in found.notes[0]
    unless = op(
        "not",
        op(
            "and",
            op(">", op("+", var("x"), var("y"), domain=integers(0, 18)), number(9)),
            op("<=", op("+", var("x"), var("y"), domain=integers(0, 18)), number(17)),
        ),
    )
    assert check(model("one", SUM), other, require=(unless,)) == []


def test_rivals_too_large_for_tables_are_sampled() -> None:
    wide = integers(0, 2999)
    names = tuple("abcd")
    product: Expression = var("a", wide)
    for name in names[1:]:
        product = op("*", product, var(name, wide), domain=integers(0, 3000**4))
    backwards: Expression = var("d", wide)
    for name in "cba":
        backwards = op("*", backwards, var(name, wide), domain=integers(0, 3000**4))
    inputs = tuple((n, wide) for n in names)
    one = model("one", ("out", BOOL, op(">", product, number(10**13))))
    two = model("two", ("out", BOOL, op(">", backwards, number(10**13))))
    three = model("three", ("out", BOOL, op(">", backwards, number(10**12))))
    (warning,) = check(one, two, inputs=inputs)
    assert (warning.code, warning.severity) == ("CS224", "warning")
    assert "by sampling" in warning.notes[0]
    (found,) = check(one, three, inputs=inputs)
    assert found.code == "CS222"


def test_an_interchange_that_never_changes_the_output_names_the_variable() -> None:
    idle = ("idle", D, var("y"))
    m = model("m", idle, ("out", BOOL, op("and", op(">", var("x"), number(4)), op(">=", var("idle"), number(0)))))
    (found,) = check(m, align={"m": ("idle",)})
    assert found.code == "CS420"
    assert "`a_m.idle`" in found.message
    assert found.label.span == Span(200, 201)


@pytest.mark.parametrize("wide", [False, True])
def test_twins_that_always_move_together_are_found(wide: bool) -> None:
    domain = integers(0, 999) if wide else D
    high = ("high", BOOL, op(">", var("x", domain), var("y", domain)))
    low = ("low", BOOL, op("not", op("<", var("y", domain), var("x", domain))))
    out = ("out", BOOL, op("or", var("high", BOOL), op("not", var("low", BOOL))))
    inputs = (("x", domain), ("y", domain))
    (found,) = check(model("m", high, low, out), align={"m": ("high", "low")}, inputs=inputs)
    assert found.code == "CS421"
    assert found.label.span == Span(201, 202)
    assert found.related[0].span == Span(200, 201)


def test_one_fault_is_said_once() -> None:
    """What reads a broken variable is not judged."""
    a = ("a", integers(0, 3), var("x"))
    b = ("b", integers(0, 2), op("+", var("a"), number(0), domain=D))
    found = check(model("m", a, b, ("out", BOOL, op("==", var("b"), number(1)))), align={"m": ("a", "b")})
    assert [d.code for d in found] == ["CS220"]
