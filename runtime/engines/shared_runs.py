"""Shared runs: terms that are scored on the same items make each run once, whichever of them need it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from torch import Tensor

from ...compiler.groundings import Positions
from ...compiler.interpret_terms import Batch
from ...compiler.terms import OutputOf, Run, Value, ValueOf, parts_of
from ..maps.feature_map import FeatureMap
from .generate import Generated
from .protocol import Engine, Prepared

Key = tuple[Run, bytes, bytes]
"""A run, what is fed after the prompt, and which variables each item sets, where a run says so."""


class SharedRuns:
    """An engine that remembers the runs of one batch: their logits, and what further runs read in them.

    `read` says of each run that further runs take values from which frames these are of; `place` gives the frame of a
    variable. `reads` is at how many positions the answers are read, one after the other.
    """

    def __init__(
        self, engine: Engine, read: Mapping[Run, Sequence[int]], place: Callable[[str], int], reads: int
    ) -> None:
        self.engine, self.frames_read, self.place, self.reads = engine, read, place, reads
        self._logits: dict[tuple[Key, int], Tensor] = {}
        """Logits by their run, and at how many positions after the first they are read."""
        self._vectors: dict[Key, dict[int, Tensor]] = {}

    def forget(self) -> None:
        """Another batch begins."""
        self._logits.clear()
        self._vectors.clear()

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """See `Engine.logits`."""
        key = (_key(query.run, batch), self._further(batch))
        if key not in self._logits:
            if query.run in self.frames_read:
                self._read(query, batch)
            else:
                self._logits[key] = self.engine.logits(query, self._filled(query, batch))
        return self._logits[key]

    def _further(self, batch: Batch) -> int:
        return self.reads - 1 if batch.further is None else batch.further

    def _read(self, query: OutputOf, batch: Batch) -> None:
        """Make a run that others read, and keep all that they do."""
        frames = tuple(self.frames_read[query.run])
        logits, vectors = self.engine.answer_and_read(query, frames, self._filled(query, batch))
        key = _key(query.run, batch)
        self._logits[key, self._further(batch)] = logits
        self._vectors[key] = dict(zip(frames, vectors, strict=True))

    def _filled(self, query: OutputOf, batch: Batch) -> Batch:
        """The batch with what a run takes from other runs in which something is set."""
        drawn = dict(batch.drawn)
        for assignment in query.run.assignments:
            target = assignment.target
            for value in parts_of(assignment.value):
                if isinstance(target, str) and is_nested(value, target, query.run):
                    assert isinstance(value, ValueOf)
                    key = _key(value.run, batch)
                    if key not in self._vectors:
                        self._read(replace(query, run=value.run), batch)
                    vectors = self._vectors[key][self.place(target)]
                    features = self.engine.maps[self.place(target)].featurise(vectors)[0]
                    drawn[target, value] = features.float().cpu().numpy()
        return replace(batch, drawn=drawn)

    # --- as the engine does it ---------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """See `Engine.name`."""
        return self.engine.name

    @property
    def at_once(self) -> int:
        """See `Engine.at_once`."""
        return self.engine.at_once

    @property
    def maps(self) -> tuple[FeatureMap, ...]:
        """See `Engine.maps`."""
        return self.engine.maps

    def prepare(self, query: OutputOf, batch: Batch, classes: tuple[int, ...]) -> Prepared:
        """See `Engine.prepare`."""
        return self.engine.prepare(query, batch, classes)

    def generate(self, query: OutputOf, batch: Batch, limit: int, ends: tuple[int, ...]) -> Generated:
        """See `Engine.generate`."""
        return self.engine.generate(query, batch, limit, ends)

    def logits_after(self, query: OutputOf, batch: Batch, edit: Callable[[Tensor], Tensor]) -> Tensor:
        """See `Engine.logits_after`."""
        return self.engine.logits_after(query, batch, edit)

    def activation(self, frame: int, rows: Tensor, part: int = 0) -> Tensor:
        """See `Engine.activation`."""
        return self.engine.activation(frame, rows, part)

    def activation_at(self, positions: Positions, frame: int, rows: Tensor, part: int = 0) -> Tensor:
        """See `Engine.activation_at`."""
        return self.engine.activation_at(positions, frame, rows, part)

    def states(self, frame: int, rows: Tensor) -> Tensor:
        """See `Engine.states`."""
        return self.engine.states(frame, rows)

    def vectors(self, frame: int, source: Run, batch: Batch) -> Tensor:
        """See `Engine.vectors`."""
        return self.engine.vectors(frame, source, batch)

    def answer_and_read(self, query: OutputOf, frames: Sequence[int], batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """See `Engine.answer_and_read`."""
        return self.engine.answer_and_read(query, frames, batch)

    def intervened_at(self, positions: Positions, frame: int, run: Run, batch: Batch, part: int = 0) -> Tensor:
        """See `Engine.intervened_at`."""
        return self.engine.intervened_at(positions, frame, run, batch, part)

    def read(self, variable: str, rows: Tensor) -> Tensor:
        """See `Engine.read`."""
        return self.engine.read(variable, rows)

    def using(self, maps: tuple[FeatureMap, ...]) -> AbstractContextManager[None]:
        """See `Engine.using`."""
        return self.engine.using(maps)

    def read_in(self, variable: str, run: Run, batch: Batch) -> Tensor:
        """See `Engine.read_in`."""
        return self.engine.read_in(variable, run, batch)


def is_nested(value: Value, target: str, run: Run) -> bool:
    """Whether a value is the target's own in a run of the same network in which something is set."""
    if not isinstance(value, ValueOf) or value.variable != target:
        return False
    return value.run.world == run.world and bool(value.run.assignments)


def _key(run: Run, batch: Batch) -> Key:
    forced = b"" if batch.forced is None else batch.forced.tobytes()
    return run, forced, batch.members.tobytes() if _within(run) else b""


def _within(run: Run) -> bool:
    """Whether what is set, there or in a run that is read there, hangs on the item's set."""
    values = (part for assignment in run.assignments for part in parts_of(assignment.value))
    return run.within_set or any(isinstance(value, ValueOf) and _within(value.run) for value in values)
