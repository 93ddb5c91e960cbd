"""What an expression may read, and how domains are spoken of in messages about expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property

from ...domains import Domain
from ...families import IndexedFamily, families_of
from ...record import record
from ...syntax.expressions import (
    Attribute,
    Call,
    Conditional,
    ExpressionSyntax,
    InRange,
    InSet,
    Lookup,
    Operation,
    Reference,
    Unrolled,
    UnrolledThe,
)
from .library import Library
from .symbols import Symbols


@record
class Scope:
    """What an expression may read. A variable whose domain is None is broken: what reads it is not reported.

    Members of families are variables by their own names, `x[0]`. `refused` holds names that exist but may not be read
    here, with the diagnostic's message and help; `open` says that further names may exist in what could not be read, so
    that unknown ones are not reported. `partial` says that an expression may lack a value on some inputs, `guards` that
    a divisor may have 0 among its values: the compiler then proves that it is never 0 where the quotient matters.
    """

    variables: Mapping[str, Domain | None]
    symbols: Symbols
    roles: bool = False
    refused: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    open: bool = False
    library: Library = field(default_factory=Library)
    partial: bool = False
    guards: bool = False

    @cached_property
    def families(self) -> dict[str, IndexedFamily]:
        """The families among the variables."""
        return families_of(self.variables)


def references_in(expression: ExpressionSyntax) -> Iterator[Reference]:
    """Every name read by an expression, left to right; of a member, first itself and then what its index reads."""
    if isinstance(expression, Reference):
        yield expression
    for part in _parts(expression):
        yield from references_in(part)


def calls_in(expression: ExpressionSyntax) -> Iterator[Call]:
    """Every call within an expression."""
    pending: list[ExpressionSyntax] = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, Call):
            yield part
        pending.extend(reversed(_parts(part)))


def _parts(expression: ExpressionSyntax) -> list[ExpressionSyntax]:
    """The expressions directly within one."""
    match expression:
        case Reference(index=index):
            return [] if index is None else [index]
        case Lookup(table, keys):
            return [table, *keys]
        case Attribute(value=value):
            return [value]
        case Operation(operands=parts) | Call(arguments=parts):
            return list(parts)
        case Conditional(condition, then, otherwise):
            return [condition, then, otherwise]
        case InSet(element, alternatives):
            return [element, *alternatives]
        case InRange(element, low, high):
            return [element, low, high]
        case Unrolled(terms=terms) | UnrolledThe(terms=terms):
            return [part for t in terms for part in (t.condition, t.element) if part is not None]
    return []


def describe(domain: Domain) -> str:
    """A domain's kind in the user's words."""
    if domain.is_integer:
        return "a number"
    return "a truth value" if domain.is_boolean else f"a symbol of `{domain.name}`"


def comparable(left: Domain, right: Domain) -> bool:
    """Whether values of both can be compared: two numbers, or values of one and the same type."""
    return (left.is_integer and right.is_integer) or left == right
