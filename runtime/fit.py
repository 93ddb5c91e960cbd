"""Fit: train the maps of an alignment (DAS) on `fit`, once for each seed, and choose a seed on `select`.

Distributed alignment search (Geiger et al. 2023, arXiv 2303.02536): gradient descent on an orthonormal frame so that
the intervened network gives the label that the causal model gives under the same interchange.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..compiler.experiments import Encoding
from ..compiler.interpret_terms import Batch
from ..compiler.keys import derived_seed
from ..compiler.plan import FitStep
from .answers import answer_loss, compare
from .engine import Engine
from .errors import EnvironmentProblem
from .progress import Progress
from .pyvene_engine import Frames

MICRO_BATCH = 8192


@dataclass(frozen=True)
class Labelled:
    """Items as a network reads them, with the causal model's counterfactual output (codes, shape [item])."""

    batch: Batch
    labels: Tensor


@dataclass(frozen=True)
class SeedReport:
    """One restart: its accuracy on `select`, the loss at its end, and whether it was chosen."""

    seed: int
    select: float
    loss: float
    chosen: bool = False


@dataclass(frozen=True)
class Fitted:
    """The chosen maps and a report of every restart."""

    frames: Frames
    seeds: tuple[SeedReport, ...]

    @property
    def select(self) -> float:
        """The chosen restart's accuracy on `select`."""
        return max(report.select for report in self.seeds)


def run_fit(
    step: FitStep, engine: Engine, fit: Labelled, select: Labelled, encoding: Encoding, progress: Progress
) -> Fitted:
    """Train `step.settings.seeds` restarts and keep the one that is best on `select` (the first of equals).

    The loss is the cross-entropy to the counterfactual label over the declared answers; Adam with a rate that falls
    linearly to zero; items of `fit` in a fresh order each epoch.

    Raises:
        EnvironmentProblem: the loss is not finite.
    """
    settings = step.settings
    reports: list[SeedReport] = []
    best: Frames = ()
    label = f"fit {', '.join(step.variables)} at {', '.join(f.site for f in step.grounding.frames)}"
    progress.start(label, settings.steps * settings.seeds)
    for seed in range(settings.seeds):
        loss = _train(step, engine, fit, encoding, derived_seed(step.seed, "restart", str(seed)), progress)
        score = agreement(engine, step, select, encoding)
        if not reports or score > max(report.select for report in reports):
            best = engine.frames()
        reports.append(SeedReport(seed, score, loss))
    progress.finish()
    top = max(range(len(reports)), key=lambda index: reports[index].select)
    chosen = tuple(SeedReport(r.seed, r.select, r.loss, index == top) for index, r in enumerate(reports))
    return Fitted(tuple(None if frame is None else orthonormal(frame) for frame in best), chosen)


def orthonormal(frame: Tensor) -> Tensor:
    """The nearest frame with orthonormal columns (polar factor), computed in float64; shape [site dim, frame dim]."""
    u, _, v = torch.linalg.svd(frame.double(), full_matrices=False)
    nearest: Tensor = (u @ v).float()
    return nearest


def agreement(engine: Engine, step: FitStep, labelled: Labelled, encoding: Encoding) -> float:
    """The share of items on which the network's best declared answer is the model's counterfactual output."""
    right = 0
    with torch.no_grad():
        for start in range(0, len(labelled.batch), MICRO_BATCH):
            rows = slice(start, start + MICRO_BATCH)
            logits = engine.logits(step.score.left, labelled.batch.take(rows))
            right += int(compare(logits, labelled.labels[rows], encoding).among.sum())
    return right / len(labelled.batch)


def _train(step: FitStep, engine: Engine, fit: Labelled, encoding: Encoding, seed: int, progress: Progress) -> float:
    settings = step.settings
    parameters = list(engine.trainable_frames(seed))
    optimizer = torch.optim.Adam(parameters, lr=settings.rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=settings.steps)
    generator = torch.Generator().manual_seed(derived_seed(seed, "order", ""))
    order = torch.empty(0, dtype=torch.int64)
    last = float("nan")
    for _ in range(settings.steps):
        while len(order) < settings.batch:
            order = torch.cat([order, torch.randperm(len(fit.batch), generator=generator)])
        rows, order = order[: settings.batch], order[settings.batch :]
        logits = engine.logits(step.score.left, fit.batch.take(rows.numpy()))
        loss = answer_loss(logits, fit.labels[rows], encoding)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        last = float(loss.detach())
        if last != last:
            raise EnvironmentProblem("CS508", "the fit's loss is not finite", "lower the rate of `fit`")
        progress.advance()
    return last
