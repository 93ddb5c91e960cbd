"""Expressions as they are written, and the loops of comprehensions."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..domains import Domain
from ..record import record
from .domains import NamedDomain
from .leaves import Name, Text

ROLES = ("base", "source")
"""What may stand before a variable and a point, in a `where`."""


@record
class Number:
    value: int
    span: Span = field(default=NOWHERE, compare=False)


@record
class Truth:
    value: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class Symbol:
    """The value of a loop variable that runs through symbols."""

    label: str
    domain: Domain
    span: Span = field(default=NOWHERE, compare=False)


@record
class Reference:
    """A name: a variable or a symbol. `role` is what stands before the point (`base.x`), `index` what in brackets.

    Where loops are unrolled, an index that is a number becomes part of the name, and `loop` says for which values of
    the loops' variables (`i = 0, j = 2`).
    """

    name: Name
    role: Name | None = None
    index: "ExpressionSyntax | None" = None
    span: Span = field(default=NOWHERE, compare=False)
    loop: str = field(default="", compare=False)


@record
class Lookup:
    """`next[x, y]`, or a table of several, `judge[d][x]`; with one key, a table is read by a `Reference`."""

    table: "ExpressionSyntax"
    keys: tuple["ExpressionSyntax", ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Attribute:
    """`city.country`."""

    value: "ExpressionSyntax"
    name: Name
    span: Span = field(default=NOWHERE, compare=False)


@record
class Operation:
    """A prefix (`not`, `negate`) or infix operator on its operands."""

    operator: str
    operands: tuple["ExpressionSyntax", ...]
    span: Span = field(default=NOWHERE, compare=False)
    operator_span: Span = field(default=NOWHERE, compare=False)


@record
class Conditional:
    condition: "ExpressionSyntax"
    then: "ExpressionSyntax"
    otherwise: "ExpressionSyntax"
    span: Span = field(default=NOWHERE, compare=False)


@record
class InSet:
    element: "ExpressionSyntax"
    alternatives: tuple["ExpressionSyntax", ...]
    negated: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class InRange:
    element: "ExpressionSyntax"
    low: "ExpressionSyntax"
    high: "ExpressionSyntax"
    negated: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class InType:
    """`x in Digit`: whether a value is one of a named type's."""

    element: "ExpressionSyntax"
    type: NamedDomain
    negated: bool
    span: Span = field(default=NOWHERE, compare=False)


@record
class Call:
    function: Name
    arguments: tuple["ExpressionSyntax", ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class LoopRange:
    """The inclusive range that a loop runs through; empty if `high` is below `low`."""

    low: "ExpressionSyntax"
    high: "ExpressionSyntax"
    span: Span = field(default=NOWHERE, compare=False)


LoopDomain = LoopRange | NamedDomain


@record
class Loop:
    """`for i in D`."""

    variable: Name
    domain: LoopDomain
    span: Span = field(default=NOWHERE, compare=False)


@record
class Comprehension:
    """`sum(E for i in D where C)`; of several loops, the first is the outermost."""

    function: Name
    element: "ExpressionSyntax"
    loops: tuple[Loop, ...]
    where: "ExpressionSyntax | None"
    span: Span = field(default=NOWHERE, compare=False)


@record
class The:
    """`the i in D where E`: the one value of D for which E holds; undefined where there is none, or several."""

    variable: Name
    domain: LoopDomain
    where: "ExpressionSyntax"
    span: Span = field(default=NOWHERE, compare=False)


@record
class Term:
    """One element of an unrolled comprehension or look-up, and the condition under which it counts (None: always)."""

    element: "ExpressionSyntax"
    condition: "ExpressionSyntax | None"


@record
class Unrolled:
    """A comprehension after unrolling."""

    function: Name
    terms: tuple[Term, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class UnrolledThe:
    """A look-up after unrolling: the candidates, each a value, with their conditions."""

    terms: tuple[Term, ...]
    span: Span = field(default=NOWHERE, compare=False)


ExpressionSyntax = (
    Number
    | Truth
    | Symbol
    | Text
    | Reference
    | Lookup
    | Attribute
    | Operation
    | Conditional
    | InSet
    | InRange
    | InType
    | Call
    | Comprehension
    | The
    | Unrolled
    | UnrolledThe
)
