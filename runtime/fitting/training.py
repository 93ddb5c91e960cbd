"""Trainings under way: from where they start, what is trained in which order, and how they went so far."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ...compiler.keys import derived_seed
from ..maps import FeatureMap, inner_map
from .fit_reports import TracePoint
from .objective import Objective


@dataclass(frozen=True)
class Restart:
    """From where a training starts, and what it is for: the items of its `objective`.

    They are those from the item `first` on of the objective whose batches hold all restarts that train together.
    """

    objective: Objective
    seed: int
    first: int = 0


@dataclass
class Training:
    """A restart under way: all maps of its engine, and how those that are `trained` went so far.

    `states` are theirs at the best check, whose score is `select`.
    """

    restart: Restart
    maps: tuple[FeatureMap, ...]
    trained: tuple[FeatureMap, ...]
    batches: Iterator[Tensor]
    states: tuple[dict[str, Tensor], ...] = ()
    select: float = -1.0
    trace: list[TracePoint] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    """Of the steps since the last check."""
    stale: int = 0
    perfect: int = 0

    def keep(self) -> None:
        """The maps as they are now are the best so far."""
        self.states = tuple(feature_map.state() for feature_map in self.trained)

    def score(self) -> float:
        """The agreement on `select` of the maps as they are now."""
        objective = self.restart.objective
        with objective.engine.using(self.maps):
            return objective.agreement(objective.on_select)

    def check(self, taken: int, select: float) -> None:
        """Write a check down."""
        self.trace.append(TracePoint(taken, sum(self.losses) / len(self.losses), select))
        self.losses = []

    def ends(self, select: float, patience: int) -> bool:
        """Whether a score ends it; the maps are kept where none were better."""
        self.stale = 0 if select > self.select else self.stale + 1
        self.perfect = self.perfect + 1 if select == 1 else 0
        if select >= self.select:
            self.select = select
            self.keep()
        return self.stale >= patience or self.perfect == 2


def start(restart: Restart, indices: Sequence[int], batch: int, alone: bool) -> Training:
    """A restart at its random maps: the engine's own where it is the only one, else copies of them."""
    objective, seed = restart.objective, restart.seed
    maps = objective.engine.maps
    if not alone:
        maps = tuple(copy.deepcopy(m) if index in indices else m for index, m in enumerate(maps))
    trained, generator = tuple(inner_map(maps[index]) for index in indices), torch.Generator().manual_seed(seed)
    for feature_map in trained:
        feature_map.draw(generator)
    batches = _batches(len(objective.fit), batch, derived_seed(seed, "order", ""), restart.first)
    training = Training(restart, maps, trained, batches)
    training.keep()
    return training


def _batches(items: int, size: int, seed: int, first: int) -> Iterator[Tensor]:
    """Batches of so many items from `first` on, shape [size], without end.

    Every item comes once an epoch, in an order of the epoch's own.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.empty(0, dtype=torch.int64)
    while True:
        while len(order) < size:
            order = torch.cat([order, first + torch.randperm(items, generator=generator)])
        yield order[:size]
        order = order[size:]
