"""What trainings of a fit have come to, kept in the store until the fit is: interrupted, it goes on there."""

import time
from collections.abc import Callable, Sequence

from ...compiler.groundings import Grounding
from ...compiler.keys import content_key
from ...compiler.plan import FitSettings
from ..results.store import Store
from .training_state import TrainingState, read_state, write_state

KEPT_EVERY = 10.0
"""Seconds between two writes, at least: no more of a fit's time is lost, and a short fit writes nothing."""


class KeptTrainings:
    """Those of some fits that are found together."""

    def __init__(self, store: Store, fits: Sequence[str]) -> None:
        self.store, self.fits = store, tuple(fits)
        self._since = time.monotonic()
        self._opened: list[str] = []
        self._waiting: dict[str, TrainingState] = {}

    def open(self, grounding: Grounding, settings: FitSettings, seeds: Sequence[int]) -> "KeptTraining":
        """The training of the maps of a grounding, of these restarts side by side."""
        key = content_key("training", 1, fits=self.fits, grounding=grounding, settings=settings, seeds=tuple(seeds))
        self._opened.append(key)
        return KeptTraining(self, key)

    def keep(self, key: str, state: Callable[[], TrainingState], ended: bool) -> None:
        """Write a state down if it is time for that, with those of trainings that have ended since the last time."""
        due = time.monotonic() - self._since >= KEPT_EVERY
        if due or ended:
            self._waiting[key] = state()
        if due:
            for each, waiting in self._waiting.items():
                self.store.save(each, *write_state(waiting))
            self._waiting, self._since = {}, time.monotonic()

    def forget(self) -> None:
        """The fits are found: nothing of the trainings is needed any more."""
        for key in self._opened:
            self.store.remove(key)


class KeptTraining:
    """One training, or some that take their steps as one batch."""

    def __init__(self, kept: KeptTrainings, key: str) -> None:
        self.kept, self.key = kept, key

    def load(self) -> TrainingState | None:
        """Where an interrupted run left it."""
        stored = self.kept.store.load(self.key)
        return None if stored is None else read_state(*stored)

    def keep(self, state: Callable[[], TrainingState], ended: bool = False) -> None:
        """See `KeptTrainings.keep`."""
        self.kept.keep(self.key, state, ended)
