"""The step that finds maps."""

from dataclasses import field
from typing import Literal

from ...lang.program import FitSettings
from ...lang.record import record
from ..budgets import count_looks
from ..causal_model import CausalModel
from ..groundings import Grounding, Search
from ..schedule import NAIVE, Schedule
from ..terms import Agree
from .inputs import NetworkSource


@record
class FitStep:
    """Find the maps of a grounding on `fit`, once for each seed, and choose on `select`.

    With an open `search` the grounding is chosen, too, and `grounding` is its first alternative. `outer` is the fit of
    the alignment inside of whose variables some sites lie. `order` has for each line of the search its alternatives in
    the order in which they are tried (none: as written); it decides nothing.
    """

    key: str
    network: NetworkSource
    grounding: Grounding
    search: Search
    outer: str | None
    score: Agree
    model: CausalModel = field(compare=False)
    fit: str
    select: str
    settings: FitSettings
    select_count: int
    """Of how many items `select` is, which is part of its key."""
    seed: int
    variables: tuple[str, ...] = field(compare=False)
    schedule: Schedule = field(default=NAIVE, compare=False)
    order: tuple[tuple[int, ...], ...] = field(default=(), compare=False)
    kind: Literal["Fit"] = "Fit"

    @property
    def looks(self) -> int:
        """How often each training of its settings looks at `select`."""
        return count_looks(self.settings.steps, self.settings.batch, self.select_count)
