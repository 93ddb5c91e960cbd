"""What an expression may read, and how domains are spoken of in messages about expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from .domains import Domain
from .families import IndexedFamily, families_of
from .syntax.expressions import (
    Attribute,
    Call,
    Comprehension,
    Conditional,
    ExpressionSyntax,
    InRange,
    InSet,
    Lookup,
    Number,
    Operation,
    Reference,
    Symbol,
    Truth,
    Unrolled,
)
from .syntax.leaves import Text


@dataclass(frozen=True)
class Scope:
    """What an expression may read. A variable whose domain is None is broken: what reads it is not reported.

    Members of families are variables by their own names, `x[0]`. `refused` holds names that exist but may not be read
    here, with the diagnostic's message and help; `open` says that further names may exist in what could not be read, so
    that unknown ones are not reported.
    """

    variables: Mapping[str, Domain | None]
    symbols: Mapping[str, list[Domain]]
    roles: bool = False
    refused: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    open: bool = False

    @cached_property
    def families(self) -> dict[str, IndexedFamily]:
        """The families among the variables."""
        return families_of(self.variables)


def references_in(expression: ExpressionSyntax) -> Iterator[Reference]:
    """Every name read by an expression, left to right; of a member, first itself and then what its index reads."""
    match expression:
        case Reference(index=index):
            yield expression
            if index is not None:
                yield from references_in(index)
        case Lookup(table, keys):
            for part in (table, *keys):
                yield from references_in(part)
        case Attribute(value=value):
            yield from references_in(value)
        case Operation(operands=parts) | Call(arguments=parts):
            for part in parts:
                yield from references_in(part)
        case Conditional(condition, then, otherwise):
            for part in (condition, then, otherwise):
                yield from references_in(part)
        case InSet(element, alternatives):
            for part in (element, *alternatives):
                yield from references_in(part)
        case InRange(element, low, high):
            for part in (element, low, high):
                yield from references_in(part)
        case Unrolled(terms=terms):
            for term in terms:
                if term.condition is not None:
                    yield from references_in(term.condition)
                yield from references_in(term.element)
        case Comprehension():
            raise AssertionError("comprehensions are unrolled before names are looked at")
        case Number() | Truth() | Symbol() | Text():
            pass


def describe(domain: Domain) -> str:
    """A domain's kind in the user's words."""
    if domain.is_integer:
        return "a number"
    return "a truth value" if domain.is_boolean else f"a symbol of `{domain.name}`"


def comparable(left: Domain, right: Domain) -> bool:
    """Whether values of both can be compared: two numbers, or values of one and the same type."""
    return (left.is_integer and right.is_integer) or left == right
