"""The typed program: what a checked `.cspec` file says, with names resolved and types known.

It is the output of `lang` and the input of `compiler`. Spans are kept for later diagnostics and never compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
    parts: tuple["Domain", ...] = ()
    """Of a tuple: its parts' domains, the first part fastest: code = sum of code_i * size_0 * .. * size_(i-1)."""

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
        """A value as the user writes it; a tuple as its parts in parentheses."""
        if self.parts:
            shown = []
            for part in self.parts:
                value, code = divmod(value, part.size)
                shown.append(part.show(part.low + code))
            return f"({', '.join(shown)})"
        return str(value) if self.labels is None else self.labels[value]


BOOL = Domain("bool", 0, 2, ("false", "true"))


def integers(low: int, high: int) -> Domain:
    """The inclusive range `low..high`."""
    return Domain(f"{low}..{high}", low, high - low + 1)


def product(parts: tuple[Domain, ...]) -> Domain:
    """The domain of tuples: one code for the values of all parts together."""
    size = 1
    for part in parts:
        size *= part.size
    return Domain("(" + ", ".join(part.name for part in parts) + ")", 0, size, None, parts)


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
    """How one output is read from the network: class index of each value, in the order of the output's codes.

    `position` says at which token (None: the network has one answer).
    """

    output: str
    classes: tuple[int, ...]
    position: "Position | None" = None
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
class Task:
    """The signature that rival models share. `tokens` names the inputs whose codes are fed, in order.

    Families are unrolled: `x[0]`, `x[1]`. Several outputs are one variable, `output`, whose domain is their product;
    `answers` then reads one part each, in the order of the domain's parts.
    """

    name: str
    inputs: tuple[Declared, ...]
    require: tuple[Expression, ...]
    output: Declared
    tokens: tuple[str, ...]
    answers: tuple[Answer, ...]
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
    """A causal model: mechanisms in topological order, the output's among them.

    A family `carry` whose members do not read each other is one variable: the mechanism `carry` computes the tuple of
    all members, and `carry[0]`, .. read it (`families`: the members' names). To set the tuple is to set every member.
    """

    name: str
    task: str
    mechanisms: tuple[Mechanism, ...]
    families: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
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
class Position:
    """Where in a prompt: the token of an input (`slot`), or a token's index (negative ones count from the end)."""

    slot: str | None = None
    index: int | None = None

    @property
    def text(self) -> str:
        """`{x}`, `3`, `last`."""
        return f"{{{self.slot}}}" if self.slot is not None else "last" if self.index == -1 else str(self.index)


@dataclass(frozen=True)
class Site:
    """A place in the network: `hidden[1]`, `hidden[1][0..7]`, `logits`, `resid[2][3..5] @ {x[0]}`.

    `dims` is None for the whole site. `positions` are empty for networks without them; several are one vector, their
    concatenation in this order. `inside` names another alignment and its variable, `outer.left`: the site is then that
    variable's block (component and layer are its own, and `dims` None).
    """

    component: str
    layer: int | None
    dims: tuple[int, ...] | None = None
    positions: tuple[Position, ...] = ()
    inside: tuple[str, str] | None = None
    span: Span = field(default_factory=_span, compare=False)

    @property
    def text(self) -> str:
        """The site as a user writes it; runs of dims as ranges."""
        if self.inside is not None:
            return ".".join(self.inside)
        layer = "" if self.layer is None else f"[{self.layer}]"
        dims = "" if self.dims is None else f"[{show_dims(self.dims)}]"
        return f"{self.component}{layer}{dims}{show_positions(self.positions)}"


@dataclass(frozen=True)
class Region:
    """Sites to choose from (`in`): every layer with every entry of dims and every position.

    `layers` None stands for `*`, all of the component's; `dims` None for the whole site, `"each"` for `*`, every single
    dim; else each entry is one alternative. `positions` are alternatives (empty: none; None: `*`).
    """

    component: str
    layers: tuple[int, ...] | None
    dims: tuple[tuple[int, ...], ...] | Literal["each"] | None = None
    positions: tuple[Position, ...] | None = ()
    span: Span = field(default_factory=_span, compare=False)

    @property
    def text(self) -> str:
        """The region as a user writes it."""
        layers = "*" if self.layers is None else show_dims(self.layers) if self.layers else ""
        dims = ""
        if self.dims is not None:
            dims = f"[{'*' if self.dims == 'each' else ', '.join(show_dims(entry) for entry in self.dims)}]"
        where = " @ *" if self.positions is None else show_positions(self.positions)
        return f"{self.component}{f'[{layers}]' if layers else ''}{dims}{where}"


def show_positions(positions: tuple[Position, ...]) -> str:
    """` @ {x}`, ` @ [last, {x}]`; nothing for networks without positions."""
    if not positions:
        return ""
    texts = [position.text for position in positions]
    return f" @ {texts[0]}" if len(texts) == 1 else f" @ [{', '.join(texts)}]"


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


FamilyName = Literal["identity", "rotation", "pca", "difference", "probe", "revnet"]


@dataclass(frozen=True)
class Family:
    """A family of maps; `revnet` takes its number of blocks and its width."""

    name: FamilyName
    arguments: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """`rotation`, `revnet(10, 16)`."""
        return f"{self.name}({', '.join(map(str, self.arguments))})" if self.arguments else self.name


IDENTITY = Family("identity")

Size = int | Literal["learned"] | None
"""Dims of a variable in its map: a number, to be learned, or (None) the whole site."""


@dataclass(frozen=True)
class Placement:
    """One variable's place: its site or the region to search, the family of its map, and its size.

    `sizes` are alternatives where there are several. Placements with the same `line` were written on one line: in a
    region they share one site. A family's placement names its members in order; each lies at its own one of `members`,
    sites that differ in their positions only, and they share one map. (`place` is then the first of them.)
    """

    variable: str
    place: Site | Region
    family: Family = IDENTITY
    sizes: tuple[Size, ...] = (None,)
    line: int = 0
    members: tuple[Site, ...] = ()
    span: Span = field(default_factory=_span, compare=False)
    """The variable's name where it is placed."""
    size_span: Span = field(default_factory=_span, compare=False)
    """The size where it is given, else the site."""

    @property
    def site(self) -> Site:
        """The one site of a placement that names one."""
        assert isinstance(self.place, Site)
        return self.place

    @property
    def size(self) -> int | None:
        """The number of dims that is stated, if exactly one is."""
        (size, *more) = self.sizes
        return size if isinstance(size, int) and not more else None

    def under(self, via: "tuple[Family, tuple[Size, ...]] | None") -> "Placement":
        """The placement with another map (`Iia.via`): its own size stays where `via` states none."""
        return self if via is None else replace(self, family=via[0], sizes=via[1] or self.sizes)

    @property
    def learned(self) -> bool:
        """Whether anything about the place or the map is found by a search or a fit."""
        given = self.family.name == "identity" and self.sizes == (None,)
        return not given or isinstance(self.place, Region) or self.place.inside is not None

    @property
    def text(self) -> str:
        """`hidden[1] via rotation size 4`."""
        where = f"in {self.place.text}" if isinstance(self.place, Region) else f"at {self.place.text}"
        return f"{where} {self.map_text}"

    @property
    def map_text(self) -> str:
        """`via rotation size 4`."""
        return f"via {self.family.text}" + ("" if self.sizes == (None,) else f" size {self.size_text}")

    @property
    def size_text(self) -> str:
        """`4`, `learned`, `[2, 4]`."""
        texts = [str(size) for size in self.sizes]
        return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


@dataclass(frozen=True)
class FitSettings:
    """How learned maps are trained: gradient steps, items a step, learning rate, restarts.

    Training is checked on `select` twenty times; it stops early after `patience` checks without a better score.
    """

    steps: int = 2000
    batch: int = 512
    rate: float = 0.01
    seeds: int = 3
    patience: int = 10


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
    """`iia(A)`, `iia(A.x)`, `iia(A.{x, y})`, `iia(A.x -> y)`, each with `on N`, `frozen on N`, `over P`, `via FAMILY`.

    `only` is the set of variables that is interchanged (None: the mean over all non-empty sets). `network` is A's own
    unless `on` names another; `frozen` carries A's map over instead of fitting anew. `kind` chooses a half: `cause`
    counts the items whose label the interchange changes, `isolate` those on which a leak could show. `reader` is the
    one child that sees the new value. `via` replaces the maps of all variables: a family and its sizes.
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
    span: Span = field(default_factory=_span, compare=False)


@dataclass(frozen=True)
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
    span: Span = field(default_factory=_span, compare=False)


Estimand = Accuracy | Iia | Reading


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
class ControlSettings:
    """`random`: networks drawn for the control; `share`: how much of a claim's rise above the no-op they may reach.

    `divergence`: the most that intervened activations may lie off the natural ones (None: it is reported only).
    """

    random: int = 5
    share: float = 0.5
    divergence: float | None = None


@dataclass(frozen=True)
class Settings:
    """`confidence` of the file (its claims share 1 - confidence) and the `seed` that everything derives from."""

    confidence: float = 0.95
    seed: int = 0
    controls: ControlSettings = field(default_factory=ControlSettings)


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
