"""The typed program: what a checked `.cspec` file says, with names resolved and types known.

It is the output of `lang` and the input of `compiler`. Spans are kept for later diagnostics and never compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from .diagnostics import Span

NOWHERE = Span(0, 0)


def _span() -> Span:
    return NOWHERE


# --- domains ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Domain:
    """A finite domain of `size` values, stored as codes 0 .. size-1; a code's value is `low + code`.

    Integers: `labels` is None. Symbols and `bool`: `low` is 0 and `labels` names each value.
    """

    name: str
    low: int
    size: int
    labels: tuple[str, ...] | None = None

    @property
    def high(self) -> int:
        """The largest value."""
        return self.low + self.size - 1

    @property
    def is_integer(self) -> bool:
        return self.labels is None

    @property
    def is_boolean(self) -> bool:
        return self.labels == ("false", "true")

    def show(self, value: int) -> str:
        """A value as the user writes it."""
        return str(value) if self.labels is None else self.labels[value]


BOOL = Domain("bool", 0, 2, ("false", "true"))


def integers(low: int, high: int) -> Domain:
    """The inclusive range `low..high`."""
    return Domain(f"{low}..{high}", low, high - low + 1)


# --- expressions -----------------------------------------------------------------------------------------------------
# Every value is an integer: numbers are themselves, symbols their index, booleans 0 and 1.

Operator = Literal[
    "or", "and", "not", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "//", "%",
    "negate", "min", "max", "abs", "if", "in", "scramble"
]  # fmt: skip
"""What `Apply` applies. `scramble` is not written by users: the compiler makes controls with it."""


@dataclass(frozen=True)
class Constant:
    value: int
    domain: Domain
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Variable:
    """A variable read by an expression; `role` says whose in a `where` (None: base and every source alike)."""

    name: str
    domain: Domain
    role: Literal["base", "source"] | None = None
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Apply:
    """An operator on arguments. `if` takes (condition, then, else); `in` takes (element, alternative, ...)."""

    operator: Operator
    arguments: tuple["Expression", ...]
    domain: Domain
    span: Span = field(default_factory=_span, compare=False)


Expression = Constant | Variable | Apply


def variables_of(expression: Expression) -> Iterator[Variable]:
    """Every variable occurrence, left to right."""
    match expression:
        case Variable():
            yield expression
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from variables_of(argument)
        case Constant():
            pass


# --- declarations ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Declared:
    """A named, typed input, output or model variable."""

    name: str
    domain: Domain
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Answer:
    """How one output is read from the network: class index of each value, in the order of the output's codes."""

    output: str
    classes: tuple[int, ...]
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Task:
    """The signature that rival models share. `tokens` names the inputs whose codes are fed, in order.

    In this version a task has exactly one output.
    """

    name: str
    inputs: tuple[Declared, ...]
    require: tuple[Expression, ...]
    output: Declared
    tokens: tuple[str, ...]
    answer: Answer
    doc: str = ""
    span: Span = field(default_factory=_span, compare=False)
    tokens_span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Mechanism:
    """One equation. `declared` is False where the type was inferred."""

    name: str
    domain: Domain
    expression: Expression
    declared: bool = True
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Model:
    """A causal model: mechanisms in topological order, the output's among them."""

    name: str
    task: str
    mechanisms: tuple[Mechanism, ...]
    doc: str = ""
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Network:
    """Weights: `torch("path")`. The path is as written, relative to the spec's folder."""

    name: str
    path: str
    doc: str = ""
    span: Span = field(default_factory=_span, compare=False)
    path_span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Site:
    """A place in the network: `hidden[1]`, `hidden[1][0..7]`, `logits`. `dims` is None for the whole site."""

    component: str
    layer: int | None
    dims: tuple[int, ...] | None = None
    span: Span = field(default_factory=_span, compare=False)

    @property
    def text(self) -> str:
        """The site as a user writes it; runs of dims as ranges."""
        layer = "" if self.layer is None else f"[{self.layer}]"
        return f"{self.component}{layer}{'' if self.dims is None else f'[{show_dims(self.dims)}]'}"


def show_dims(dims: tuple[int, ...]) -> str:
    """Dims with runs written as inclusive ranges: (0, 1, 2, 5) -> `0..2, 5`."""
    parts: list[str] = []
    start = previous = dims[0]
    for dim in (*dims[1:], None):
        if dim is not None and dim == previous + 1:
            previous = dim
            continue
        parts.append(str(start) if start == previous else f"{start}..{previous}")
        if dim is not None:
            start = previous = dim
    return ", ".join(parts)


Family = Literal["identity", "rotation"]


@dataclass(frozen=True)
class Placement:
    """One variable's place: its site, the family of its map, and its dims in the map (None: the whole site)."""

    variable: str
    site: Site
    family: Family
    size: int | None
    span: Span = field(default_factory=_span, compare=False)
    """The variable's name where it is placed."""
    size_span: Span = field(default_factory=_span, compare=False)
    """The size where it is given, else the site."""


@dataclass(frozen=True)
class FitSettings:
    """How learned maps are trained: gradient steps, items a step, learning rate, restarts."""

    steps: int = 2000
    batch: int = 512
    rate: float = 0.01
    seeds: int = 3


@dataclass(frozen=True)
class Alignment:
    """Where in a network each variable of a model is said to live, in order of declaration.

    `pairs` is the recipe that its items come from; None where the task has none declared (the defaults apply).
    """

    name: str
    model: str
    network: str
    placements: tuple[Placement, ...]
    fit: FitSettings
    pairs: str | None
    doc: str = ""
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Holdout:
    """Whole values kept out of `fit` and `select`: inputs, and the held-out range (None: values are split by hash)."""

    inputs: tuple[str, ...]
    values: tuple[int, ...] | None
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Pairs:
    """A recipe for base and source inputs. `size` items over all splits; `split` shares of fit, select, test."""

    name: str
    task: str
    size: int = 10_000
    split: tuple[float, float, float] = (0.6, 0.2, 0.2)
    holdouts: tuple[Holdout, ...] = ()
    where: tuple[Expression, ...] = ()
    doc: str = ""
    span: Span = field(default_factory=_span, compare=False)
    size_span: Span = field(default_factory=_span, compare=False)


# --- claims ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Accuracy:
    """`accuracy(N)`, `accuracy(N, T)`, `accuracy(random(N))`: the share of inputs that the network answers right."""

    network: str
    random: bool
    task: str
    pairs: str | None
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Iia:
    """`iia(A)`, `iia(A.x)`, `iia(A.{x, y})`, each with `on N`, `on random(N)`, `over P`.

    `only` is the set of variables that is interchanged (None: the mean over all non-empty sets). `network` is A's own
    unless `on` names another.
    """

    alignment: str
    only: tuple[str, ...] | None
    network: str
    random: bool
    pairs: str | None
    span: Span = field(default_factory=_span, compare=False)


Estimand = Accuracy | Iia


@dataclass(frozen=True)
class Scaled:
    """`factor * estimand`; the factor is exact: numerator and denominator."""

    numerator: int
    denominator: int
    estimand: Estimand


@dataclass(frozen=True)
class Linear:
    """A sum of scaled estimands and an exact constant (numerator, denominator)."""

    terms: tuple[Scaled, ...]
    constant: tuple[int, int]
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Comparison:
    """`left RELATION right`; `tolerance` (exact, numerator and denominator) only with `==`."""

    left: Linear
    relation: Literal[">=", "<=", "=="]
    right: Linear
    tolerance: tuple[int, int] | None = None
    span: Span = field(default_factory=_span, compare=False)


Outcome = Literal["holds", "refuted", "unsupported", "inconclusive"]


@dataclass(frozen=True)
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
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Settings:
    """`confidence` of the file (its claims share 1 - confidence) and the `seed` that everything derives from."""

    confidence: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class Program:
    """A whole checked file. Tables are in order of declaration."""

    doc: str
    tasks: dict[str, Task]
    models: dict[str, Model]
    networks: dict[str, Network]
    alignments: dict[str, Alignment]
    pairs: dict[str, Pairs]
    claims: dict[str, Claim]
    settings: Settings
