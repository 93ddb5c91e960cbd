"""Diagnoses: what is said of a claim that does not hold, beyond its numbers. Plain data in the user's own words."""

from dataclasses import dataclass

Input = dict[str, str]
"""An input: each variable's value as the user writes it."""


@dataclass(frozen=True)
class Change:
    """What an interchange does to one variable of the causal model: its value on the base, and the one it is given."""

    variable: str
    base: str
    source: str


@dataclass(frozen=True)
class Counterexample:
    """An item on which network and model disagree.

    `number` is unique in its result, from 1. `sources` has the source of every variable of `set`, the variables that
    are interchanged; `changes` say what that does to them in the model. `model_before` and `network_before` are the
    outputs on the base, `model_after` and `network_after` those under the interchange. A network's answer that is no
    declared one reads `class 7`, one without a single best class `tie`; several answers are a tuple, `(1, class 7)`.
    """

    number: int
    base: Input
    sources: dict[str, Input]
    set: tuple[str, ...]
    half: str
    changes: tuple[Change, ...]
    model_before: str
    model_after: str
    network_before: str
    network_after: str


@dataclass(frozen=True)
class Region:
    """A part of the items, by conditions that all hold (`where`), on how many of its `n` items network and model agree.

    `estimate` in [0, 1] with a Clopper-Pearson interval at confidence .95, on items that the region was not found on.
    """

    where: tuple[str, ...]
    right: int
    n: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Regions:
    """Where in the space of inputs network and model agree, and where they do not.

    `held_out_accuracy` is how often the regions foretell agreement on items that they were not found on, `majority` how
    often its more frequent value does. `regions` are in order of their estimates and cover all items; none where they
    foretell hardly better than the majority.
    """

    held_out_accuracy: float
    majority: float
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Furthest:
    """Where a search got furthest on `select`: which attempt, its agreement there, its loss at the end.

    `site` is the best of the sites that were searched, where there were several; `attempts` is how many there were.
    """

    attempt: str
    attempts: int
    select: float
    loss: float
    site: str | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What is said of one interchange estimand that is too low for its claim.

    Of `looked_at` items, `disagreements` are such that network and model disagree on them; `sampled` tells that these
    are some of a whole domain. `among` as in `QuantityRow`.
    """

    quantity: str
    among: bool
    looked_at: int
    disagreements: int
    sampled: bool
    counterexamples: tuple[Counterexample, ...]
    regions: Regions | None
    furthest: Furthest | None
