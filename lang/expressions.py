"""Typed expressions: constants, variables and operators, each with the domain of its value.

Every value is an integer: numbers are themselves, symbols their index, booleans 0 and 1.
"""

from collections.abc import Iterator
from dataclasses import field, replace
from typing import Literal

from .diagnostics import NOWHERE, Span
from .domains import Domain
from .record import record

Operator = Literal[
    "or", "and", "not", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "//", "%",
    "negate", "min", "max", "abs", "if", "in", "lookup", "the", "scramble"
]  # fmt: skip
"""What `Apply` applies. `scramble` is not written by users: the compiler makes controls with it."""


@record
class Constant:
    value: int
    domain: Domain
    span: Span = field(default=NOWHERE, compare=False)


@record
class Variable:
    """A variable read by an expression; `role` says whose in a `where` (None: base and every source alike)."""

    name: str
    domain: Domain
    role: Literal["base", "source"] | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Listing:
    """Values by code, the first operand of `lookup`: those of a table, or of an attribute. It has no value itself."""

    values: tuple[int, ...]
    domain: Domain
    span: Span = field(default=NOWHERE, compare=False)


@record
class Apply:
    """An operator on arguments.

    `if` takes (condition, then, else); `in` takes (element, alternative, ...); `lookup` takes (listing, code); `the`
    takes (condition, value) and has no value where the condition fails.
    """

    operator: Operator
    arguments: tuple["Expression", ...]
    domain: Domain
    span: Span = field(default=NOWHERE, compare=False)


Expression = Constant | Variable | Listing | Apply


def variables_of(expression: Expression) -> Iterator[Variable]:
    """Every variable occurrence, left to right."""
    waiting = [expression]
    while waiting:
        this = waiting.pop()
        if isinstance(this, Variable):
            yield this
        elif isinstance(this, Apply):
            waiting += reversed(this.arguments)


def in_role(expression: Expression, role: Literal["base", "source"]) -> Expression:
    """The expression with every variable that has no role read in this one."""
    match expression:
        case Variable(role=None):
            return replace(expression, role=role)
        case Apply(arguments=arguments):
            return replace(expression, arguments=tuple(in_role(argument, role) for argument in arguments))
    return expression


def without_role(expression: Expression) -> Expression:
    """The expression with every variable's role taken away."""
    match expression:
        case Variable(name=name, domain=domain):
            return Variable(name, domain)
        case Apply(operator=operator, arguments=arguments, domain=domain):
            return Apply(operator, tuple(without_role(a) for a in arguments), domain)
    return expression
