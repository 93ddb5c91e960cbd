"""The step that gives a claim's verdict, with the quantities, controls and parts that it rests on."""

from dataclasses import field
from typing import Literal

from ...lang.claims import Case, Outcome
from ...lang.later import LATER
from ...lang.record import record
from ..experiments import Part


@record
class PlannedControl:
    """A control by the key of its evaluation (None where it cannot be run, and `why`) and its number of items.

    `count` is None for a whole domain. A `note` decides nothing. `apart` is the key of its evaluation where its model
    contradicts the claim's; `beside` and `asked` as in `Control`.
    """

    name: str
    evaluate: str | None
    why: str
    count: int | None
    note: bool = False
    apart: str | None = field(default=None, metadata=LATER)
    beside: str = field(default="", metadata=LATER)
    asked: bool = field(default=False, metadata=LATER)

    @property
    def evaluations(self) -> tuple[str, ...]:
        """The keys of all that it may run."""
        return tuple(key for key in (self.evaluate, self.apart) if key is not None)


@record
class MeasuredQuantity:
    """A quantity of a claim, by the key of its evaluation.

    `budget` is the most test items that may be looked at; None for a whole domain.
    """

    text: str = field(compare=False)
    evaluate: str
    budget: int | None
    learned: bool
    gated: bool
    families: tuple[str, ...]
    positive_control: PlannedControl | None
    vetoes: tuple[PlannedControl, ...] = ()
    maps: str | None = None
    """The fit of its maps: quantities of one fit are replaced together by their controls."""
    chance: float | None = 0.0
    """What guessing among the declared answers reaches; None where doing nothing is perfect (`isolate`), or where no
    answer is right or wrong (`cae`, `divergence`)."""
    signed: bool = field(default=False, metadata=LATER)
    """An effect through a learned map that may be of either sign: doing nothing gives 0."""
    ungated: bool = field(default=False, compare=False)
    """Its author frees the network from having to solve the task."""


@record
class ClaimText:
    """A claim as its author wrote it, and the outcome that the author expects."""

    name: str
    text: str
    doc: str
    exhaustively: bool
    expect: Outcome
    expect_reason: str | None
    cases: tuple[Case | None, ...] = ()
    """Which value of an `all(...)` each part is for; None where it stands in none."""


@record
class DecideStep:
    """A claim: its quantities, its normalised parts, and the error that it may make.

    `share` is how much of the claim's rise above the no-op untrained networks may reach, `divergence_limit` the most
    that intervened activations may lie off the natural ones (None: no limit).
    """

    key: str
    claim: ClaimText = field(compare=False)
    quantities: tuple[MeasuredQuantity, ...]
    parts: tuple[Part, ...]
    alpha: float
    share: float
    divergence_limit: float | None
    look: str
    """The look's own key: evaluations and bounds, without the error budget and the numbers of items."""
    chunks: tuple[str, ...]
    """The test chunks that are looked at: items and network together."""
    kind: Literal["Decide"] = "Decide"
    stated: int | None = None
    """How many parts the claim has where these are not all of them."""

    @property
    def refuting(self) -> float:
        """The error at which one part may refute the claim."""
        return self.alpha / (self.stated or len(self.parts))
