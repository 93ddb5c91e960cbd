"""The typed program: what a checked `.cspec` file says, with names resolved and types known.

It is the output of `lang` and the input of `compiler`. Spans are kept for later diagnostics and never compared. What
its declarations are made of lies beside it: `domains.py`, `expressions.py`, `places.py` and `claims.py`.
"""

from dataclasses import dataclass, field

from .claims import Claim
from .diagnostics import NOWHERE, Span
from .domains import Domain
from .expressions import Expression
from .places import Placement, Position


@dataclass(frozen=True)
class Declared:
    """A named, typed input, output or model variable."""

    name: str
    domain: Domain
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Answer:
    """How one output is read from the network: class index of each value, in the order of the output's codes.

    `position` says at which token (None: the network has one answer).
    """

    output: str
    classes: tuple[int, ...]
    position: Position | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Table:
    """A finite function. `values` are by the code of the keys' tuple, the first key fastest."""

    name: str
    keys: tuple[Domain, ...]
    domain: Domain
    values: tuple[int, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class OpenTable:
    """Texts by texts, from two columns of a CSV file. Rows may be missing; what they hold counts at run time only.

    `rows` are keys and values as they stand in the file (its name as written, `path`), in order; no key comes twice.
    """

    name: str
    path: str
    key: str
    value: str
    rows: tuple[tuple[str, str], ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


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
    span: Span = field(default=NOWHERE, compare=False)
    tokens_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Mechanism:
    """One equation. `declared` is False where the type was inferred."""

    name: str
    domain: Domain
    expression: Expression
    declared: bool = True
    span: Span = field(default=NOWHERE, compare=False)


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
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Network:
    """Weights: `torch("path")`. The path is as written, relative to the spec's folder."""

    name: str
    path: str
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    path_span: Span = field(default=NOWHERE, compare=False)


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
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Holdout:
    """Whole values kept out of `fit` and `select`: inputs, and the held-out range (None: values are split by hash)."""

    inputs: tuple[str, ...]
    values: tuple[int, ...] | None
    span: Span = field(default=NOWHERE, compare=False)


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
    span: Span = field(default=NOWHERE, compare=False)
    size_span: Span = field(default=NOWHERE, compare=False)


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
    tables: dict[str, Table | OpenTable] = field(default_factory=dict)
