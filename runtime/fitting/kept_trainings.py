"""What the trainings of a fit have come to, kept in the store until the fit is: if it is interrupted, it goes on there.

Trainings are told apart by their order, which is the same in every run of a fit.
"""

import time
from collections.abc import Callable, Sequence

from ...compiler.keys import content_key
from ..results.store import Store
from .training_state import TrainingState, read_state, write_state

KEPT_EVERY = 10.0
"""Seconds between two writes, at least: no more of a fit's time is lost, and a short fit writes nothing."""


class KeptTrainings:
    """Those of some fits that are found together."""

    def __init__(self, store: Store, fits: Sequence[str]) -> None:
        self.store, self.fits = store, tuple(fits)
        self._count, self._since = 0, time.monotonic()
        self._waiting: dict[str, TrainingState] = {}

    def open(self) -> "KeptTraining":
        """The next training."""
        self._count += 1
        return KeptTraining(self, self._key(self._count - 1))

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
        for number in range(self._count):
            self.store.remove(self._key(number))

    def _key(self, number: int) -> str:
        return content_key("training", 1, fits=self.fits, number=number)


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
