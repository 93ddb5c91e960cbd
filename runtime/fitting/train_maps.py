"""Training: maps by gradient descent, from one random start, checked on `select` as it goes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ...compiler.budgets import CHECKS
from ...compiler.keys import derived_seed
from ...compiler.plan import FitStep
from ..errors import EnvironmentProblem
from ..maps import AnnealedMap, FeatureMap
from ..progress import Progress
from .adam import BETAS, Adam
from .fit_reports import TracePoint
from .objective import Objective

ANNEALING = 0.75
"""The part of the budget after which learned sizes no longer soften."""
SIZE_PENALTY = 1.0
"""What it costs, beside the loss, that blocks take all features; the weight of arXiv 2305.08809."""

SIZE_BETAS = (0.9, 0.9)
"""Adam's averages for sizes: with the usual long memory, the gradients of the start would drown the penalty's."""


@dataclass(frozen=True)
class Training:
    """One restart: the best checked states of the maps, and every check."""

    states: tuple[dict[str, Tensor], ...]
    select: float
    trace: tuple[TracePoint, ...]


def train_maps(
    objective: Objective, maps: tuple[FeatureMap, ...], step: FitStep, seed: int, progress: Progress
) -> Training:
    """Train maps together from a random start and return the state that was best on `select`, the last of equals.

    Adam, its rate falling linearly to zero; items of `fit` in a fresh order each epoch. The score on `select` is
    checked twenty times over the budget. Training stops after `patience` checks without a better score, or after two
    checks in a row that score 1. While learned sizes are still annealed no check counts.

    Raises:
        EnvironmentProblem: the loss is not finite.
    """
    settings, generator = step.settings, torch.Generator().manual_seed(seed)
    for feature_map in maps:
        feature_map.draw(generator)
    annealed = [feature_map for feature_map in maps if isinstance(feature_map, AnnealedMap)]
    parameters = [parameter for m in maps for parameter in m.parameters() if parameter.requires_grad]
    optimizer = _optimizer(maps, annealed)
    batches = _batches(len(objective.fit), settings.batch, derived_seed(seed, "order", ""))
    checks = {max(1, round(settings.steps * (check + 1) / CHECKS)) for check in range(CHECKS)}
    trace: list[TracePoint] = []
    best, states, stale, perfect, losses = -1.0, _states(maps), 0, 0, list[float]()
    for taken in range(1, settings.steps + 1):
        done = min(1.0, taken / (ANNEALING * settings.steps))
        for feature_map in annealed:
            feature_map.soften(done)
        losses.append(_finite(objective.descend(next(batches), parameters)))
        for feature_map in annealed:
            (SIZE_PENALTY * feature_map.taken()).backward()  # type: ignore[no-untyped-call]
        optimizer.step(settings.rate * (1 - (taken - 1) / settings.steps))
        for feature_map in maps:
            feature_map.settle()
        progress.advance()
        if taken not in checks:
            continue
        for feature_map in annealed:
            feature_map.harden()
        select = objective.score(objective.on_select).agreement
        trace.append(TracePoint(taken, sum(losses) / len(losses), select))
        losses = []
        if annealed and done < 1:
            continue
        stale = 0 if select > best else stale + 1
        perfect = perfect + 1 if select == 1 else 0
        if select >= best:
            best, states = select, _states(maps)
        if stale >= settings.patience or perfect == 2:
            progress.advance(settings.steps - taken)
            break
    return Training(states, best, tuple(trace))


def _optimizer(maps: tuple[FeatureMap, ...], annealed: list[AnnealedMap]) -> Adam:
    sizes = [p for feature_map in annealed for p in feature_map.size_parameters()]
    others = [p for m in maps for p in m.parameters() if p.requires_grad and not any(p is size for size in sizes)]
    return Adam([(others, BETAS), (sizes, SIZE_BETAS)])


def _finite(loss: float) -> float:
    if not math.isfinite(loss):
        raise EnvironmentProblem("CS508", "the fit's loss is not finite", "lower the rate of `fit`")
    return loss


def _states(maps: tuple[FeatureMap, ...]) -> tuple[dict[str, Tensor], ...]:
    return tuple(feature_map.state() for feature_map in maps)


def _batches(items: int, size: int, seed: int) -> Iterator[Tensor]:
    """Batches of items, shape [size], without end; every item once an epoch, in an order of the epoch's own."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.empty(0, dtype=torch.int64)
    while True:
        while len(order) < size:
            order = torch.cat([order, torch.randperm(items, generator=generator)])
        yield order[:size]
        order = order[size:]
