"""Twins among rivals, against every base and source run one by one."""

import itertools

import numpy as np
import pytest
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.checks.check_rivals import find_twins
from cspec.lang.domains import BOOL, Domain, integers
from cspec.lang.expressions import Apply, Expression, Variable
from cspec.lang.program import Mechanism

BITS = integers(0, 1)
INPUTS = ("w", "x", "y")


def model(name: str, **equations: Expression) -> CausalModel:
    """A model of three bits; its last equation is the output's."""
    mechanisms = tuple(Mechanism(variable, e.domain, e) for variable, e in equations.items())
    return CausalModel(name, INPUTS, (BITS,) * 3, mechanisms, mechanisms[-1].name)


def read(name: str, domain: Domain = BITS) -> Variable:
    return Variable(name, domain)


def apply(operator: str, *arguments: Expression) -> Apply:
    return Apply(operator, arguments, BOOL)  # type: ignore[arg-type]


EQUAL = model("equal", a=apply("==", read("w"), read("x")), out=apply("==", read("a", BOOL), read("y")))
UNEQUAL = model("unequal", b=apply("!=", read("w"), read("x")), out=apply("!=", read("b", BOOL), read("y")))
LATE = model("late", c=apply("==", read("x"), read("y")), out=apply("==", read("w"), read("c", BOOL)))
FIRST = model("first", d=read("w"), out=apply("==", apply("==", read("d"), read("x")), read("y")))
MODELS = (EQUAL, UNEQUAL, LATE, FIRST)


def predict_alike(first: CausalModel, ours: str, second: CausalModel, theirs: str) -> bool:
    inputs = np.array(list(itertools.product((0, 1), repeat=3)))
    for base, source in itertools.product(inputs, inputs):
        outputs = []
        for one, variable in ((first, ours), (second, theirs)):
            value = one.run(source[None], {})[variable]
            outputs.append(int(one.run(base[None], {variable: (value, np.array([True]))})["out"][0]))
        if outputs[0] != outputs[1]:
            return False
    return True


@pytest.mark.parametrize(("first", "second"), itertools.combinations(MODELS, 2), ids=lambda m: m.name)
def test_twins_are_those_that_enumeration_finds(first: CausalModel, second: CausalModel) -> None:
    ours, theirs = (one.mechanisms[0].name for one in (first, second))
    found = find_twins(first, (ours,), second, (theirs,))
    assert (found == ((ours, theirs),)) == predict_alike(first, ours, second, theirs)


def test_some_are_twins_and_some_are_not() -> None:
    assert find_twins(EQUAL, ("a",), UNEQUAL, ("b",)) == (("a", "b"),)
    assert find_twins(EQUAL, ("a",), FIRST, ("d",)) is None
    assert find_twins(EQUAL, ("a",), UNEQUAL, ("b", "out")) is None
