"""Reports of fits: how every attempt at the maps went, what a search tried, and the sizes that were found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TracePoint:
    """One check of a training: gradient steps so far, the mean loss since the last check, the score on `select`."""

    step: int
    loss: float
    select: float


@dataclass(frozen=True)
class SeedReport:
    """One attempt at the maps: a restart of a training, a search for dims, or a closed form.

    `select` is its agreement on `select`, of the state that it kept; `loss` the mean loss at its end; `steps` the
    gradient steps, of at most `budget`, or the choices of dims that it tried (`budget` 0); `what` names it:
    `restart 2`, `greedy`.
    """

    seed: int
    select: float
    loss: float
    chosen: bool = False
    what: str = ""
    steps: int = 0
    trace: tuple[TracePoint, ...] = ()
    budget: int = 0


@dataclass(frozen=True)
class SearchRow:
    """One alternative of a search: its variables, its place, the best score on `select` and the steps that it had.

    `select` is None where it was not admitted. Scores are the best of many on the same items, and not corrected.
    """

    variables: tuple[str, ...]
    place: str
    select: float | None
    steps: int
    chosen: bool


@dataclass(frozen=True)
class FoundSize:
    """How many features a fit gave to a variable whose size it was to find."""

    variable: str
    size: int
