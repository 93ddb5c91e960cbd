"""Verdicts: what is said of a claim, with everything that it rests on. Plain data, printed and serialised elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import nan
from typing import Literal

from ..diagnosis.diagnosis import Diagnosis
from ..fitting.fit_reports import FoundSize, SearchRow, SeedReport
from ..graphs.measured_graph import MeasuredGraph

Outcome = Literal["holds", "refuted", "unsupported", "inconclusive"]
Grade = Literal["exhaustive", "statistical", "search", "exploratory"]
Expectation = Literal["met", "failed", "open"]
Method = Literal["exact", "Clopper-Pearson", "confidence sequence"]
Status = Literal["passes", "misses", "straddles"]


@dataclass(frozen=True)
class CellRow:
    """The sum of the n scores of one set and half. `set` is empty and `half` None for `accuracy`."""

    set: tuple[str, ...]
    half: str | None
    right: int | float
    n: int


@dataclass(frozen=True)
class QuantityKeys:
    """By what an estimand's measurement is found again, and told to be of the same items as another (sha256, hex).

    `scores`: its scores in the store. `items`: the population and its split, however many items were drawn. `network`:
    the weights that were measured. `task`: the names and domains of its inputs and output.
    """

    scores: str
    items: str
    network: str
    task: str


@dataclass(frozen=True)
class QuantityRow:
    """One estimand as measured on its own: `estimate` within `range`, with its interval at the claim's alpha.

    `right` is the sum of n items' scores, of at most `budget`; `binary` scores are 0 or 1, and `clipped` counts those
    that were cut to the range. `method` tells how the interval is made. `exact` is k/N as text for a whole domain.
    `network_accuracy` is on the items' bases (None: the task has no output), and so is `reads_right`: how often the
    variable that an effect is on is read right where nothing is set (None: it is on none). `no_op` and `full_swap` are
    what the pairs alone give. `near_ties` counts items whose two best logits are closer than 1e-4. `select` lists the
    scores on `select` of the networks that `random(N)` drew. `unseen` is the estimate on a whole domain without `fit`
    inputs, and its n. `map` is the content key of the fitted map in the store, or one of the circuits that were found.
    `remarks` say of the items what a reader must know: sets left out, halves that never occur, what was decided by
    sampling. `keys` None: of an older version. `seeds` are all attempts at its maps, `sizes` what a fit found where it
    was to find sizes, `search` every alternative of a searched region, for variables or for a circuit. `version` is
    that of the estimand's definition (None: of an older result).
    """

    text: str
    families: tuple[str, ...]
    learned: bool
    estimate: float
    low: float
    high: float
    right: int | float
    n: int
    budget: int
    method: Method
    exact: str | None
    range: tuple[float, float]
    binary: bool
    clipped: int
    among: bool
    full_vocabulary: float
    network_accuracy: float | None
    no_op: float | None
    full_swap: float | None
    near_ties: int
    cells: tuple[CellRow, ...]
    seeds: tuple[SeedReport, ...]
    select: tuple[float, ...]
    unseen: tuple[float, int] | None
    map: str | None
    remarks: tuple[str, ...] = ()
    keys: QuantityKeys | None = None
    sizes: tuple[FoundSize, ...] = ()
    search: tuple[SearchRow, ...] = ()
    reads_right: float | None = None
    version: int | None = None


@dataclass(frozen=True)
class PartRow:
    """One inequality: the left side's estimate and the interval that decides, against the bound.

    `status` tells whether the interval lies where the claim wants it, outside, or on both sides of the bound.
    `method` tells how the interval is made, after `n` items of at most `budget`. `exact` is the left side as a
    fraction, for a whole domain.
    """

    text: str
    relation: Literal[">=", "<=", "=="]
    estimate: float
    low: float
    high: float
    bound: float
    tolerance: float
    paired: bool
    method: Method
    n: int
    budget: int
    exact: str | None
    status: Status


@dataclass(frozen=True)
class ControlRow:
    """A control of an estimand: what it reached on its n items, and what `holds` needs of it.

    `method` tells how the interval is made. `needed` is empty and `met` None for what is only noted. One that did not
    run has no numbers, and `why` says why.
    """

    name: str
    quantity: str
    estimate: float | None
    low: float | None
    high: float | None
    method: Method | None
    n: int
    needed: str
    met: bool | None
    why: str = ""


@dataclass(frozen=True)
class CasesRow:
    """An `all` over an ordered type, from its last value backwards.

    `first` is the first value from which every later one passes (None: the last one does not), `stopped` the next
    before it, which does not pass (None: all pass). Values of `not_looked_at` lie before one that fails.
    """

    first: str | None
    stopped: str | None
    not_looked_at: tuple[str, ...]


def outcome_text(outcome: Outcome, reason: str | None) -> str:
    """`holds`, `inconclusive(budget)`."""
    return outcome if reason is None else f"{outcome}({reason})"


@dataclass(frozen=True)
class Verdict:
    """The outcome of one claim.

    `estimate` and `interval` are those of its first part (a claim that awaits scores may have no part yet); `alpha` is
    the error that the claim may make. `reason` is a reason code where the outcome is inconclusive. `expectation` tells
    whether the outcome is the one that the author expected. `parts` and `quantities` are those that were looked at,
    `cases` says which were not. `diagnosis` says of each estimand that is too low for the claim where it fails.
    """

    name: str
    claim: str
    doc: str
    outcome: Outcome
    reason: str | None
    grade: Grade
    expected: str
    expectation: Expectation
    alpha: float
    parts: tuple[PartRow, ...]
    quantities: tuple[QuantityRow, ...]
    controls: tuple[ControlRow, ...]
    notes: tuple[str, ...]
    diagnosis: tuple[Diagnosis, ...] = ()
    cases: tuple[CasesRow, ...] = ()

    @property
    def estimate(self) -> float:
        """The first part's left side, as measured; NaN where it awaits scores."""
        return self.parts[0].estimate if self.parts else nan

    @property
    def interval(self) -> tuple[float, float]:
        """The interval that decides the first part; NaN where it awaits scores."""
        return (self.parts[0].low, self.parts[0].high) if self.parts else (nan, nan)


@dataclass(frozen=True)
class DocRow:
    """The doc string of a declaration; `kind` is the word that opens it."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class Docs:
    """What a spec says of itself, and what its declarations say."""

    spec: str
    declarations: tuple[DocRow, ...] = ()


@dataclass(frozen=True)
class Environment:
    """What the numbers depend on besides the spec; `fitted_by` is the engine that fitted maps (None: the same)."""

    cspec: str
    python: str
    torch: str
    engine: str
    engine_version: str
    threads: int
    fitted_by: str | None = None


@dataclass(frozen=True)
class Result(Mapping[str, Verdict]):
    """The verdicts of a spec by claim name, in the file's order.

    `lock` is the hash of the lock that fits the spec (None: its criterion was not locked), `criterion` says in words
    whether it was locked, and before what. `doc` is the spec's doc string, `docs` are those of its declarations.
    `graphs` are measured beside the claims, and decide nothing.
    """

    spec: str
    doc: str
    plan: str
    seed: int
    confidence: float
    verdicts: tuple[Verdict, ...]
    environment: Environment
    complete: bool = True
    lock: str | None = None
    criterion: str = "not locked"
    docs: tuple[DocRow, ...] = ()
    graphs: tuple[MeasuredGraph, ...] = ()

    def __getitem__(self, name: str) -> Verdict:
        for verdict in self.verdicts:
            if verdict.name == name:
                return verdict
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (verdict.name for verdict in self.verdicts)

    def __len__(self) -> int:
        return len(self.verdicts)

    @property
    def exit_code(self) -> int:
        """0 all met, 1 any failed, 3 any open, or a graph that could not be measured."""
        found = {verdict.expectation for verdict in self.verdicts}
        left = "open" in found or any(graph.awaits for graph in self.graphs)
        return 1 if "failed" in found else 3 if left else 0
