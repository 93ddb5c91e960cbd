"""Effects as they are written: what is set to what, what is read, and what is held or passed through."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .alignments import Star
from .expressions import ExpressionSyntax, LoopRange
from .leaves import Decimal, Name, Text
from .members import Indexed, PositionSyntax
from .networks import NetworkReference


@record
class Bracket:
    """One pair of brackets after a name: numbers, ranges and `*` of a site, or the index of a declared name."""

    entries: tuple[ExpressionSyntax | LoopRange | Star, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class ThingSyntax:
    """Something in a network or a spec: `w`, `heads[d]`, `das.left`, `hidden[1][0..3]`, `head_out[3, 1] @ last`.

    What it is, an input, a circuit, a node, an aligned variable or a site, is known only where names are. `members` are
    those after a point, `path` is that of `module("a.b")`.
    """

    name: Name
    brackets: tuple[Bracket, ...] = ()
    members: tuple[Indexed, ...] | None = None
    position: PositionSyntax | Star | None = None
    path: Text | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class WrappedSyntax:
    """`rest(C)`, `random(C)`, `mean(X)`, `mean(rest(C))`, `noise(0.1)`: a word and what stands in its parentheses."""

    word: Name
    inner: "ThingSyntax | WrappedSyntax | Decimal"
    span: Span = field(default=NOWHERE, compare=False)


SubjectSyntax = ThingSyntax | WrappedSyntax


@record
class TakenSyntax:
    """A subject as a value, with the network that it is read in: `X`, `X on N`."""

    subject: SubjectSyntax
    network: NetworkReference | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class ValueOperation:
    """`+`, `-`, `*` or `negate` on values."""

    operator: str
    operands: tuple["ValueSyntax", ...]
    span: Span = field(default=NOWHERE, compare=False)
    operator_span: Span = field(default=NOWHERE, compare=False)


ValueSyntax = Decimal | TakenSyntax | ValueOperation


@record
class SettingSyntax:
    """`X := VALUE`; without a value, what stands before the arrow (`effect(X -> Y)`)."""

    subject: SubjectSyntax
    value: ValueSyntax | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class GivenSyntax:
    """`given Z, ...`, `given rest` or `through Z, ...` (`word` says which)."""

    word: Name
    subjects: tuple[SubjectSyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class OnNetworkSyntax:
    """`on N` after an effect or a mean."""

    network: NetworkReference
    span: Span = field(default=NOWHERE, compare=False)


@record
class EffectSyntax:
    """`effect(X -> Y ...)`, `effect({X := VALUE, ...} -> Y ...)`, `change(...)`. Clauses as often as written."""

    kind: Name
    settings: tuple[SettingSyntax, ...]
    target: ThingSyntax
    given: tuple[GivenSyntax, ...]
    on: tuple[OnNetworkSyntax, ...]
    over: tuple[tuple[Name, ...], ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class MeanSyntax:
    """`mean(METRIC on N)`."""

    metric: Name
    on: tuple[OnNetworkSyntax, ...]
    over: tuple[tuple[Name, ...], ...]
    span: Span = field(default=NOWHERE, compare=False)
