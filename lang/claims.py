"""Typed claims: estimands, the linear inequalities between them, and what is expected of each claim."""

from dataclasses import field
from typing import Literal

from .diagnostics import NOWHERE, Span
from .effects import Effect, Mean
from .places import Family, Size
from .record import record


@record
class Accuracy:
    """`accuracy(N)`, `accuracy(N, T)`, `accuracy(random(N))`: the share of inputs that the network answers right."""

    network: str
    random: bool
    task: str
    pairs: str | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Iia:
    """`iia(A)`, `iia(A.x)`, `iia(A.x -> y)`, each with `on N`, `frozen on N`, `over P`, `via FAMILY`, `from B`.

    `only` is the set of variables that is interchanged (None: the mean over all non-empty sets). `network` is A's own
    unless `on` names another; `frozen` carries A's map over instead of fitting anew. `kind` chooses a half: `cause`
    counts the items whose label the interchange changes, `isolate` those on which a leak could show. `reader` is the
    one child that sees the new value. `via` replaces the maps of all variables: a family and its sizes. `origin` is the
    alignment in whose network the sources are read. `ungated` frees the network from having to solve the task.
    """

    alignment: str
    only: tuple[str, ...] | None
    network: str
    random: bool
    pairs: str | None
    kind: Literal["iia", "cause", "isolate"] = "iia"
    frozen: bool = False
    reader: str | None = None
    via: tuple[Family, tuple[Size, ...]] | None = None
    origin: str | None = None
    ungated: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@record
class Reading:
    """`cae(A)`, `probe(A.x)`, `divergence(A)`: what is read of a network through an alignment.

    `only` names the variables (one for `probe`); None stands for all. `network`, `random`, `frozen`, `pairs` and `via`
    as in `Iia`.
    """

    kind: Literal["cae", "probe", "divergence"]
    alignment: str
    only: tuple[str, ...] | None
    network: str
    random: bool
    pairs: str | None
    frozen: bool = False
    via: tuple[Family, tuple[Size, ...]] | None = None
    span: Span = field(default=NOWHERE, compare=False)


Estimand = Accuracy | Iia | Reading | Effect | Mean


@record
class Scaled:
    """`factor * estimand`; the factor is exact: numerator and denominator."""

    numerator: int
    denominator: int
    estimand: Estimand


@record
class Linear:
    """A sum of scaled estimands and an exact constant (numerator, denominator)."""

    terms: tuple[Scaled, ...]
    constant: tuple[int, int]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Case:
    """One case of an `all(...)`, which is the claim's `group`-th: `text` is `t = 3`.

    `ordered`: the cases go through an ordered type, so that those from some value on can be told.
    """

    group: int
    text: str
    ordered: bool


@record
class Comparison:
    """`left RELATION right`; `tolerance` (exact, numerator and denominator) only with `==`.

    `case` is where it stands for one value of an `all(... for t in D)`.
    """

    left: Linear
    relation: Literal[">=", "<=", "=="]
    right: Linear
    tolerance: tuple[int, int] | None = None
    case: Case | None = None
    span: Span = field(default=NOWHERE, compare=False)


Outcome = Literal["holds", "refuted", "unsupported", "inconclusive"]


@record
class Claim:
    """Inequalities joined by `and`. `text` is the claim's own text, from its name's colon on."""

    name: str
    parts: tuple[Comparison, ...]
    text: str
    confidence: float | None = None
    exhaustively: bool = False
    expect: Outcome = "holds"
    expect_reason: str | None = None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def estimands(self) -> tuple[Estimand, ...]:
        """What it measures, each once."""
        terms = (term for part in self.parts for term in (*part.left.terms, *part.right.terms))
        return tuple(dict.fromkeys(term.estimand for term in terms))
