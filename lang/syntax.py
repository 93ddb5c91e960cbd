"""The syntax tree: what a file says, before names are resolved and types are known.

Every node is frozen and carries the span of its text, which is never compared: trees are equal if they say the same.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Generic, TypeVar

from .diagnostics import Span

NOWHERE = Span(0, 0)
Line = TypeVar("Line", covariant=True)


@dataclass(frozen=True)
class Name:
    text: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Integer:
    value: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Decimal:
    """A number as an exact fraction of its decimal text; `whole` says that it was written without a point."""

    value: Fraction
    whole: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Text:
    value: str
    span: Span = field(default=NOWHERE, compare=False)


# --- domains ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RangeDomain:
    low: Integer
    high: Integer
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SetDomain:
    """Symbols in braces; a number among them is refused by the checker, in the user's words."""

    symbols: tuple[Name | Integer, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class NamedDomain:
    name: Name
    span: Span = field(default=NOWHERE, compare=False)


DomainSyntax = RangeDomain | SetDomain | NamedDomain


# --- expressions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    value: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Truth:
    value: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Operation:
    """A prefix (`not`, `negate`) or infix operator on its operands."""

    operator: str
    operands: tuple["ExpressionSyntax", ...]
    span: Span = field(default=NOWHERE, compare=False)
    operator_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Conditional:
    condition: "ExpressionSyntax"
    then: "ExpressionSyntax"
    otherwise: "ExpressionSyntax"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class InSet:
    element: "ExpressionSyntax"
    alternatives: tuple["ExpressionSyntax", ...]
    negated: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class InRange:
    element: "ExpressionSyntax"
    low: "ExpressionSyntax"
    high: "ExpressionSyntax"
    negated: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Call:
    function: Name
    arguments: tuple["ExpressionSyntax", ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class LoopRange:
    """The inclusive range that a loop runs through; empty if `high` is below `low`."""

    low: "ExpressionSyntax"
    high: "ExpressionSyntax"
    span: Span = field(default=NOWHERE, compare=False)


LoopDomain = LoopRange | NamedDomain


@dataclass(frozen=True)
class Loop:
    """`for i in D`."""

    variable: Name
    domain: LoopDomain
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Comprehension:
    """`sum(E for i in D where C)`; of several loops, the first is the outermost."""

    function: Name
    element: "ExpressionSyntax"
    loops: tuple[Loop, ...]
    where: "ExpressionSyntax | None"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Term:
    """One element of an unrolled comprehension, and the condition under which it counts (None: always)."""

    element: "ExpressionSyntax"
    condition: "ExpressionSyntax | None"


@dataclass(frozen=True)
class Unrolled:
    """A comprehension after unrolling."""

    function: Name
    terms: tuple[Term, ...]
    span: Span = field(default=NOWHERE, compare=False)


ExpressionSyntax = (
    Number | Truth | Reference | Operation | Conditional | InSet | InRange | Call | Comprehension | Unrolled
)


# --- members of families, positions, loops ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Indexed:
    """A name alone, or a member of a family: `x[i + 1]`."""

    name: Name
    index: ExpressionSyntax | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class PositionItem:
    """`{x}`, `{x[0]}`; `3`, `-2`; or a word such as `last`. One of the three is there."""

    slot: Indexed | None
    index: int | None
    word: Name | None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class PositionSyntax:
    """What stands after `@`: one item, or several in brackets."""

    items: tuple[PositionItem, ...]
    bracketed: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class ForSyntax(Generic[Line]):
    """`for i in D { ... }` around lines of a task, a model or an alignment."""

    variable: Name
    domain: LoopDomain
    body: tuple["Line | ForSyntax[Line]", ...]
    span: Span = field(default=NOWHERE, compare=False)


# --- declarations ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TypeSyntax:
    name: Name
    domain: DomainSyntax
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class DeclaredSyntax:
    """A name, or a family of `count` members: `x[4]`."""

    name: Name
    count: Integer | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Group:
    """`input a, b[4]: DOMAIN` or `output y: DOMAIN`."""

    names: tuple[DeclaredSyntax, ...]
    domain: DomainSyntax
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class RequireSyntax:
    condition: ExpressionSyntax
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class TokensSyntax:
    names: tuple[Indexed, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class AnswerEntry:
    value: Name | Integer
    answer: Integer
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class AnswerSyntax:
    """`answer NAME [@ POSITION]: { value: class, ... }`, or a word in place of the braces (`index`)."""

    output: Indexed
    position: PositionSyntax | None
    reading: tuple[AnswerEntry, ...] | Name
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class TaskSyntax:
    """`lines` are the conditions and answers, in loops or not, in the order written; unrolled, they hold no loop."""

    name: Name
    inputs: tuple[Group, ...]
    outputs: tuple[Group, ...]
    tokens: tuple[TokensSyntax, ...]
    lines: "tuple[TaskLine | ForSyntax[TaskLine], ...]"
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


TaskLine = RequireSyntax | AnswerSyntax


@dataclass(frozen=True)
class Equation:
    """`name: DOMAIN = EXPRESSION`; unrolled, a member's index is part of its name."""

    target: Indexed
    domain: DomainSyntax | None
    expression: ExpressionSyntax
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def name(self) -> Name:
        """The variable's name."""
        return self.target.name


@dataclass(frozen=True)
class ModelSyntax:
    """Equations, in loops or not; unrolled, there is no loop among them."""

    name: Name
    task: Name
    equations: tuple[Equation | ForSyntax[Equation], ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Argument:
    """An argument of a network or a family; `key` where it is named."""

    key: Name | None
    value: Text | Decimal | Name
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class NetworkSyntax:
    name: Name
    loader: Name
    arguments: tuple[Argument, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Dims:
    """One number or an inclusive range, in the brackets of a site or as a size."""

    low: Integer
    high: Integer
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Star:
    """`*`: all that there are, as alternatives."""

    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Index:
    """One pair of brackets after a component."""

    entries: tuple[Dims | Star, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SiteSyntax:
    """`resid[2][0..6] @ {x}`; after `in`, what is listed are alternatives."""

    component: Name
    indices: tuple[Index, ...]
    position: PositionSyntax | Star | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class InnerSiteSyntax:
    """`outer.left`: the block of a variable that another alignment places."""

    alignment: Name
    variable: Indexed
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SizesSyntax:
    """`size 4`, `size learned`, `size [2, 4]`, `size 1..8`."""

    entries: tuple[Dims | Name, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class FamilySyntax:
    name: Name
    arguments: tuple[Argument, ...] | None
    sizes: SizesSyntax | None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class PlacementSyntax:
    """`x, y at SITE via FAMILY`, or with `in` (`searched`) and a region."""

    variables: tuple[Indexed, ...]
    searched: bool
    place: SiteSyntax | InnerSiteSyntax
    family: FamilySyntax | None
    span: Span = field(default=NOWHERE, compare=False)
    relation_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Setting:
    key: Name
    value: Decimal | Name
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SettingsBlock:
    """The entries of a `fit` block, or of a named block within `settings`."""

    name: Name
    entries: tuple[Setting, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class AlignSyntax:
    name: Name
    model: Name
    network: Name
    over: tuple[Name, ...]
    placements: tuple[PlacementSyntax | ForSyntax[PlacementSyntax], ...]
    fits: tuple[SettingsBlock, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SplitSyntax:
    shares: tuple[Decimal, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class HoldoutSyntax:
    """`holdout x, y[0] [in RANGE or SET]`; the membership is kept as one per file text, without its element."""

    names: tuple[Indexed, ...]
    low: ExpressionSyntax | None
    high: ExpressionSyntax | None
    alternatives: tuple[ExpressionSyntax, ...] | None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class PairsSyntax:
    name: Name
    task: Name
    sizes: tuple[Integer, ...]
    splits: tuple[SplitSyntax, ...]
    holdouts: tuple[HoldoutSyntax, ...]
    where: tuple[ExpressionSyntax, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


# --- claims ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NetworkReference:
    """`N`, or a word before it in parentheses: `random(N)`."""

    network: Name
    wrapper: Name | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class AccuracySyntax:
    network: NetworkReference
    task: Name | None
    over: tuple[Name, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class OnSyntax:
    """`on N` or `frozen on N`."""

    network: NetworkReference
    frozen: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class EstimandSyntax:
    """`iia(A.x -> y on N over P via FAMILY)`, or another estimand of an alignment. Clauses as often as written."""

    kind: Name
    alignment: Name
    members: tuple[Indexed, ...] | None
    reader: Indexed | None
    on: tuple[OnSyntax, ...]
    over: tuple[tuple[Name, ...], ...]
    via: tuple[FamilySyntax, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class ClaimOperation:
    """`+`, `-`, `*` or `negate` on quantities."""

    operator: str
    operands: tuple["Quantity", ...]
    span: Span = field(default=NOWHERE, compare=False)


Quantity = Decimal | AccuracySyntax | EstimandSyntax | ClaimOperation


@dataclass(frozen=True)
class ComparisonSyntax:
    left: Quantity
    relation: str
    right: Quantity
    tolerance: Decimal | None
    span: Span = field(default=NOWHERE, compare=False)
    relation_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Expectation:
    outcome: Name
    reason: Name | None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class ClaimSyntax:
    """`text_span` runs from the first comparison to the end of the claim."""

    name: Name
    parts: tuple[ComparisonSyntax, ...]
    confidence: Decimal | None
    exhaustively: bool
    expect: Expectation | None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    text_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SettingsSyntax:
    entries: tuple[Setting, ...]
    blocks: tuple[SettingsBlock, ...] = ()
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


Declaration = (
    TypeSyntax | TaskSyntax | ModelSyntax | NetworkSyntax | AlignSyntax | PairsSyntax | ClaimSyntax | SettingsSyntax
)


@dataclass(frozen=True)
class BrokenDeclaration:
    """A declaration that could not be read: what it would have declared is known by name, and not reported again."""

    keyword: str
    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SyntaxTree:
    """A whole file, in order of declaration."""

    doc: str
    declarations: tuple[Declaration, ...]
    broken: tuple[BrokenDeclaration, ...] = ()
