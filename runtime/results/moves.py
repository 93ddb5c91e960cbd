"""By how much a number moved between two results."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # whole domains are compared without torch
    from ..scoring.item_scores import ItemScores

LoadScores = Callable[[str], "ItemScores | None"]
"""The scores under a key of one side's store; None where it has them no longer."""


@dataclass(frozen=True)
class Move:
    """By how much an estimand moved: after minus before, with its interval at `confidence`.

    `how`: `exact` for whole domains and `same` for the very same scores (no interval, `confidence` None); `paired` on
    the first `n` items that both sides measured; `not paired`, `why`, where the interval is the sum of both sides' own;
    `not comparable` where both sides were scored differently, and nothing is computed.
    """

    text: str
    before: float
    after: float
    how: Literal["exact", "same", "paired", "not paired", "not comparable"]
    why: str = ""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    n: int | None = None
