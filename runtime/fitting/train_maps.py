"""Training: maps by gradient descent from random starts, side by side, checked on `select` as they go."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch

from ...compiler.budgets import SOFTENED, check_steps
from ...compiler.plan import FitSettings
from ..errors import EnvironmentProblem
from ..maps import AnnealedMap, inner_map, side_by_side
from ..progress import Progress
from .adam import BETAS, Adam
from .kept_trainings import KeptTraining
from .objective import Objective
from .training import Restart, Training, start
from .training_state import read_trainings, resume_trainings

SIZE_PENALTY = 1.0
"""What it costs, beside the loss, that blocks take all features; the weight of arXiv 2305.08809."""

SIZE_BETAS = (0.9, 0.9)
"""Adam's averages for sizes: with the usual long memory, the gradients of the start would drown the penalty's."""


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
    looks: int,
    restarts: Sequence[Restart],
    progress: Progress,
    kept: KeptTraining,
) -> list[Training]:
    """Train maps of engines from random starts, each to its best on `select`.

    Adam, its rate falling linearly to zero; items of `fit` in a fresh order each epoch. The score on `select` is
    checked `looks` times over the budget, but not while learned sizes are still annealed; of equals the last is the
    best. A restart stops after `patience` checks without a better score, or after two checks in a row that score 1.
    Several restarts take their steps as one batch, on the objective `together`, and none knows of the others. What was
    `kept` of them is not done again: they end as if nothing had interrupted them.

    Raises:
        EnvironmentProblem: a loss is not finite.
    """
    with _without_subnormals():
        return _train(together, indices, settings, looks, restarts, progress, kept)


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
    together: Objective,
    indices: Sequence[int],
    settings: FitSettings,
    looks: int,
    restarts: Sequence[Restart],
    progress: Progress,
    kept: KeptTraining,
) -> list[Training]:
    alone, before = len(restarts) == 1, kept.load()
    trainings = [start(restart, indices, settings.batch, alone) for restart in restarts]
    going, done = (trainings, 0) if before is None else (resume_trainings(before, trainings), before.taken)
    progress.advance(len(going) * done + (len(trainings) - len(going)) * settings.steps)
    if not going:
        return trainings
    joined = _Joined(going, indices, alone)
    optimizer = _optimizer(joined)
    if before is not None:
        optimizer.resume(done, before.averages)
    checks = set(check_steps(settings.steps, looks, bool(joined.annealed)))
    for taken in range(done + 1, settings.steps + 1):
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
            kept.keep(partial(read_trainings, taken, trainings, going, optimizer))
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
        kept.keep(partial(read_trainings, taken, trainings, going, optimizer))
    kept.keep(partial(read_trainings, settings.steps, trainings, (), optimizer), ended=True)
    return trainings


def _optimizer(joined: _Joined) -> Adam:
    sizes = [p for feature_map in joined.annealed for p in feature_map.size_parameters()]
    others = [p for p in joined.parameters if not any(p is size for size in sizes)]
    return Adam([(others, BETAS), (sizes, SIZE_BETAS)])


def _finite(loss: float) -> float:
    if not math.isfinite(loss):
        raise EnvironmentProblem("CS508", "the fit's loss is not finite", "lower the rate of `fit`")
    return loss
