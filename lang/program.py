"""The typed program: what a checked `.cspec` file says, with names resolved and types known.

It is the output of `lang` and the input of `compiler`. Spans are kept for later diagnostics and never compared. What
its declarations are made of lies beside it: `domains.py`, `expressions.py`, `places.py` and `claims.py`.
"""

from dataclasses import field
from typing import Literal

from .circuits import Circuit, Graph
from .claims import Claim
from .diagnostics import NOWHERE, Span
from .docs import Doc
from .domains import Domain
from .expressions import Expression
from .metrics import Metric
from .places import Placement, Position
from .record import record
from .renderings import Rendering, Tokens, Vector

Loader = Literal["torch", "transformers", "jax"]


@record
class Declared:
    """A named, typed input, output or model variable."""

    name: str
    domain: Domain
    span: Span = field(default=NOWHERE, compare=False)


@record
class Answer:
    """How one output is read from the network: class index or texts of each value, in the order of the output's codes.

    `classes` is empty where the values are texts; `texts` then holds the spellings that each value accepts, and is
    empty otherwise. `position` says at which token (None: the network has one answer, the next token of a prompt).
    `among`: the answer is the best of these alone, not of all that the network could say.
    """

    output: str
    classes: tuple[int, ...]
    position: Position | None = None
    texts: tuple[tuple[str, ...], ...] = ()
    among: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@record
class Generated:
    """`answer text(n)`: up to `limit` generated tokens, which only metrics read."""

    limit: int
    span: Span = field(default=NOWHERE, compare=False)


@record
class Table:
    """A finite function. `values` are by the code of the keys' tuple, the first key fastest."""

    name: str
    keys: tuple[Domain, ...]
    domain: Domain
    values: tuple[int, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@record
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
    header: tuple[str, ...] = field(default=(), compare=False)
    """All columns of the file."""


@record
class Task:
    """The signature that rival models share, and how its inputs are rendered for a network.

    Families are unrolled: `x[0]`, `x[1]`. Several outputs are one variable, `output`, whose domain is their product;
    `answers` then reads one part each, in the order of the domain's parts. A task whose answer is `generated` text has
    no output. `metrics` are those that it declares; `correct` is beside them where there is an output.
    """

    name: str
    inputs: tuple[Declared, ...]
    require: tuple[Expression, ...]
    output: Declared | None
    rendering: Rendering
    answers: tuple[Answer, ...]
    generated: Generated | None = None
    metrics: dict[str, Metric] = field(default_factory=dict, hash=False)
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The inputs whose codes are fed as tokens, in order; none where they are rendered in another way."""
        return self.rendering.inputs if isinstance(self.rendering, Tokens) else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The inputs that are fed one by one, as tokens or as numbers, in order; none of a prompt."""
        return self.rendering.inputs if isinstance(self.rendering, Tokens | Vector) else ()


@record
class Mechanism:
    """One equation. `declared` is False where the type was inferred."""

    name: str
    domain: Domain
    expression: Expression
    declared: bool = True
    span: Span = field(default=NOWHERE, compare=False)


@record
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


@record
class Network:
    """Weights: `torch("path")`. The path is as written, relative to the spec's folder.

    Of `transformers(...)` it is a folder in the Hugging Face format, or the id of a repository, at its `revision`.
    """

    name: str
    path: str
    loader: Loader = "torch"
    revision: str | None = None
    dtype: str | None = None
    device: str | None = None
    ungated: bool = False
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    path_span: Span = field(default=NOWHERE, compare=False)


@record
class FitSettings:
    """How learned maps are trained: gradient steps, items a step, learning rate, restarts.

    Training is checked on `select` twenty times; it stops early after `patience` checks without a better score.
    """

    steps: int = 2000
    batch: int = 512
    rate: float = 0.01
    seeds: int = 3
    patience: int = 10


@record
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

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that it places."""
        return tuple(placement.variable for placement in self.placements)


@record
class Holdout:
    """Whole values kept out of `fit` and `select`: inputs, and the held-out range (None: values are split by hash)."""

    inputs: tuple[str, ...]
    values: tuple[int, ...] | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Pairs:
    """A recipe for base and source inputs. `size` items over all splits; `split` shares of fit, select, test.

    Values of `cells` are drawn uniformly, and an input uniformly among those that have them; without any cell, inputs
    are drawn uniformly. None: cells are the value tuples of the aligned variables and the output.
    """

    name: str
    task: str
    size: int = 10_000
    split: tuple[float, float, float] = (0.6, 0.2, 0.2)
    holdouts: tuple[Holdout, ...] = ()
    where: tuple[Expression, ...] = ()
    cells: tuple[Expression, ...] | None = None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    size_span: Span = field(default=NOWHERE, compare=False)


@record
class ControlSettings:
    """`random`: networks drawn for the control; `share`: how much of a claim's rise above the no-op they may reach.

    `divergence`: the most that intervened activations may lie off the natural ones (None: it is reported only).
    """

    random: int = 5
    share: float = 0.5
    divergence: float | None = None


@record
class Settings:
    """`confidence` of the file (its claims share 1 - confidence) and the `seed` that everything derives from."""

    confidence: float = 0.95
    seed: int = 0
    controls: ControlSettings = field(default_factory=ControlSettings)


@record
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
    circuits: dict[str, Circuit] = field(default_factory=dict, hash=False)
    graphs: dict[str, Graph] = field(default_factory=dict, hash=False)
    tables: dict[str, Table | OpenTable] = field(default_factory=dict)
    budget: int | None = None
    """The most test items that an estimand may be decided on; None: its recipe's test share."""
    docs: tuple[Doc, ...] = ()
    """What the declarations say of themselves, in order."""
