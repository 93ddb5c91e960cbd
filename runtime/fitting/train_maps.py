"""Training: maps by gradient descent from random starts, side by side, checked on `select` as they go."""

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ...compiler.budgets import SOFTENED, check_steps
from ...compiler.keys import derived_seed
from ...compiler.plan import FitSettings
from ..errors import EnvironmentProblem
from ..maps import AnnealedMap, FeatureMap, inner_map, side_by_side
from ..progress import Progress
from .adam import BETAS, Adam
from .fit_reports import TracePoint
from .objective import Objective

SIZE_PENALTY = 1.0
"""What it costs, beside the loss, that blocks take all features; the weight of arXiv 2305.08809."""

SIZE_BETAS = (0.9, 0.9)
"""Adam's averages for sizes: with the usual long memory, the gradients of the start would drown the penalty's."""


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


class _Joined:
    """The maps of several restarts side by side, or those of the only one: all of the engine, and what is trained."""

    def __init__(self, going: Sequence[Training], indices: Sequence[int], alone: bool) -> None:
        first = going[0].maps
        self.maps = first
        if not alone:
            beside = {index: side_by_side([one.maps[index] for one in going]) for index in indices}
            self.maps = tuple(beside.get(index, feature_map) for index, feature_map in enumerate(first))
        self.trained = tuple(inner_map(self.maps[index]) for index in indices)
        self.annealed = [feature_map for feature_map in self.trained if isinstance(feature_map, AnnealedMap)]
        self.parameters = [p for m in self.trained for p in m.parameters() if p.requires_grad]


def train_maps(
    together: Objective,
    indices: Sequence[int],
    settings: FitSettings,
    restarts: Sequence[Restart],
    progress: Progress,
) -> list[Training]:
    """Train maps of engines from random starts, each to its best on `select`.

    Adam, its rate falling linearly to zero; items of `fit` in a fresh order each epoch. The score on `select` is
    checked twenty times over the budget, but not while learned sizes are still annealed; of equals the last is the
    best. A restart stops after `patience` checks without a better score, or after two checks in a row that score 1.
    Several restarts take their steps as one batch, on the objective `together`, and none knows of the others.

    Raises:
        EnvironmentProblem: a loss is not finite.
    """
    with _without_subnormals():
        return _train(together, indices, settings, restarts, progress)


@contextmanager
def _without_subnormals() -> Iterator[None]:
    """Within it numbers below 1e-38 are 0: those that a network is sure of have such gradients, and cost most of all.

    Nothing is lost, since Adam adds 1e-8 to what it divides by.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _train(
    together: Objective, indices: Sequence[int], settings: FitSettings, restarts: Sequence[Restart], progress: Progress
) -> list[Training]:
    alone = len(restarts) == 1
    trainings = [_start(restart, indices, settings.batch, alone) for restart in restarts]
    going, joined = trainings, _Joined(trainings, indices, alone)
    optimizer = _optimizer(joined)
    checks = set(check_steps(settings.steps, bool(joined.annealed)))
    for taken in range(1, settings.steps + 1):
        for feature_map in joined.annealed:
            feature_map.soften(min(1.0, taken / (SOFTENED * settings.steps)))
        rows = torch.stack([next(one.batches) for one in going])
        with together.engine.using(joined.maps):
            losses = together.descend(rows, joined.parameters)
        for one, loss in zip(going, losses, strict=True):
            one.losses.append(_finite(loss))
        for feature_map in joined.annealed:
            (SIZE_PENALTY * feature_map.taken()).backward()  # type: ignore[no-untyped-call]
        optimizer.step(settings.rate * (1 - (taken - 1) / settings.steps))
        for trained in joined.trained:
            trained.settle()
        progress.advance(len(going))
        if taken not in checks:
            continue
        for feature_map in joined.annealed:
            feature_map.harden()
        left = []
        for row, one in enumerate(going):
            select = one.score()
            one.check(taken, select)
            if not one.ends(select, settings.patience):
                left.append(row)
        progress.advance((len(going) - len(left)) * (settings.steps - taken))
        if not left:
            break
        if len(left) < len(going):
            going = [going[row] for row in left]
            joined = _Joined(going, indices, alone)
            optimizer.keep(joined.parameters, left)
    return trainings


def _start(restart: Restart, indices: Sequence[int], batch: int, alone: bool) -> Training:
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


def _optimizer(joined: _Joined) -> Adam:
    sizes = [p for feature_map in joined.annealed for p in feature_map.size_parameters()]
    others = [p for p in joined.parameters if not any(p is size for size in sizes)]
    return Adam([(others, BETAS), (sizes, SIZE_BETAS)])


def _finite(loss: float) -> float:
    if not math.isfinite(loss):
        raise EnvironmentProblem("CS508", "the fit's loss is not finite", "lower the rate of `fit`")
    return loss


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
