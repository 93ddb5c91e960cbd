"""Evaluate: score a term item by item, on sampled items or on a whole domain.

The network's interpreter and the causal model's read the same items; a score is 1 where they agree on the output.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..compiler.experiments import Encoding
from ..compiler.interpret_terms import Batch, evaluate_in_model, model_batch
from ..compiler.pair_scores import pair_scores
from ..compiler.plan import EvaluateStep
from ..compiler.sampling.draw_items import Population, split_of
from ..compiler.sampling.enumerate_items import count_items, enumerate_items
from ..compiler.sampling.items import Items
from ..compiler.terms import OutputOf, Run
from .answers import compare, encode
from .engine import Engine
from .progress import Progress
from .scores import CellCount, Scores
from .share_sources import share_sources

MICRO_BATCH = 8192
WHOLE_BATCH = 65536


@dataclass
class _Tally:
    """Counts by cell, and scores by item where they are kept."""

    n: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    among: npt.NDArray[np.int64]
    near: npt.NDArray[np.int64]
    unseen: npt.NDArray[np.int64]
    no_op: npt.NDArray[np.float64]
    full_swap: npt.NDArray[np.float64]
    base_right: int = 0
    agree: list[Tensor] = field(default_factory=list)
    agree_among: list[Tensor] = field(default_factory=list)


def _empty_tally(cells: int) -> _Tally:
    n, right, among, near = (np.zeros(cells, dtype=np.int64) for _ in range(4))
    return _Tally(n, right, among, near, np.zeros((cells, 2), dtype=np.int64), np.zeros(cells), np.zeros(cells))


def run_evaluate(
    step: EvaluateStep,
    population: Population,
    items: Items | None,
    engine: Engine,
    encoding: Encoding,
    progress: Progress,
) -> Scores:
    """Scores of one network. `items` None: the whole domain, chunk by chunk.

    Raises:
        EnvironmentProblem: an activation on the way to the answer is not finite.
    """
    cells = len(population.cells)
    tally = _empty_tally(cells)
    total = len(items) if items is not None else count_items(population)
    progress.start(f"evaluate {step.text}", total)
    with torch.no_grad():
        for chunk in _chunks(population, items) if items is not None else _whole(step, population, engine, encoding):
            _score(step, population, chunk, engine, encoding, tally, keep=items is not None)
            progress.advance(len(chunk) if chunk.multiplicity is None else int(chunk.multiplicity.sum()))
    progress.finish()
    return _scores(step, population, tally, whole=items is None)


def share_right(step: EvaluateStep, population: Population, items: Items, engine: Engine, encoding: Encoding) -> float:
    """The share of items on which network and model agree among the declared answers."""
    right = 0
    with torch.no_grad():
        for chunk in _chunks(population, items):
            model = model_batch(population, chunk)
            batch = Batch(encode(chunk, encoding), model.members, model.variables)
            labels = torch.from_numpy(evaluate_in_model(step.score.right, step.model, model))
            right += int(compare(engine.logits(step.score.left, batch), labels, encoding).among.sum())
    return right / len(items)


def _chunks(population: Population, items: Items) -> Iterator[Items]:
    for start in range(0, len(items), MICRO_BATCH):
        rows = slice(start, start + MICRO_BATCH)
        yield Items(items.inputs[rows], items.cell[rows])


def _whole(step: EvaluateStep, population: Population, engine: Engine, encoding: Encoding) -> Iterator[Items]:
    """The whole domain, with sources that no run can tell apart shared."""
    yield from enumerate_items(population, WHOLE_BATCH, share_sources(step, population, engine, encoding))


def _count(items: Items, where: npt.NDArray[np.bool_], cells: int) -> npt.NDArray[np.int64]:
    """How many items of each cell, each as often as it stands for; exact below 2^53."""
    weights = None if items.multiplicity is None else items.multiplicity[where].astype(np.float64)
    return np.bincount(items.cell[where], weights=weights, minlength=cells).astype(np.int64)


def _score(
    step: EvaluateStep,
    population: Population,
    items: Items,
    engine: Engine,
    encoding: Encoding,
    tally: _Tally,
    keep: bool,
) -> None:
    model = model_batch(population, items)
    batch = Batch(encode(items, encoding), model.members, model.variables)
    labels = evaluate_in_model(step.score.right, step.model, model)
    found = compare(engine.logits(step.score.left, batch), torch.from_numpy(labels), encoding)
    agree, among = found.over_all, found.among
    cells = len(tally.n)
    for counts, scores in ((tally.right, agree), (tally.among, among), (tally.near, found.near)):
        counts += _count(items, scores.numpy(), cells)
    tally.n += _count(items, np.ones(len(items), dtype=bool), cells)
    output, world = step.score.right.variable, step.score.right.run.world
    base_labels = evaluate_in_model(OutputOf(output, Run(world, 0)), step.model, model)
    clean = engine.logits(OutputOf(output, Run(step.score.left.run.world, 0)), batch)
    right = compare(clean, torch.from_numpy(base_labels), encoding).over_all
    tally.base_right += int(_count(items, right.numpy(), cells).sum())
    if model.variables:
        alone = pair_scores(step.model, model)
        stands_for = 1 if items.multiplicity is None else items.multiplicity
        tally.no_op += np.bincount(items.cell, weights=stands_for * alone.no_op, minlength=cells)
        tally.full_swap += np.bincount(items.cell, weights=stands_for * alone.full_swap, minlength=cells)
    if not keep and step.grounding is not None and step.grounding.learned:
        _score_unseen(population, items, model, agree.numpy(), tally)
    if keep:
        tally.agree.append(agree)
        tally.agree_among.append(among)


def _score_unseen(
    population: Population, items: Items, model: Batch, agree: npt.NDArray[np.bool_], tally: _Tally
) -> None:
    """Count the items none of whose inputs belongs to `fit`."""
    unseen = split_of(population.recipe, items.bases) != 0
    for index in range(len(model.variables)):
        unseen &= (split_of(population.recipe, items.source(index)) != 0) | ~model.members[:, index]
    cells = len(tally.n)
    tally.unseen[:, 0] += _count(items, unseen & agree, cells)
    tally.unseen[:, 1] += _count(items, unseen, cells)


def _scores(step: EvaluateStep, population: Population, tally: _Tally, whole: bool) -> Scores:
    recipe = population.recipe
    cells = tuple(
        CellCount(
            set=tuple(recipe.variables[v] for v in recipe.sets[cell.set_index]),
            half=cell.half,
            weight=cell.weight,
            n=int(tally.n[i]),
            right=int(tally.right[i]),
            among=int(tally.among[i]),
            near=int(tally.near[i]),
        )
        for i, cell in enumerate(population.cells)
    )
    learned = step.grounding is not None and step.grounding.learned
    # sampled items carry their weights already: cells were drawn by them
    weights = np.array([float(cell.weight) for cell in cells]) if whole else tally.n / tally.n.sum()
    shares = weights / np.maximum(tally.n, 1)
    return Scores(
        cells=cells,
        agree=None if whole else torch.cat(tally.agree),
        agree_among=None if whole else torch.cat(tally.agree_among),
        base_right=tally.base_right,
        no_op=float(tally.no_op @ shares) if recipe.variables else None,
        full_swap=float(tally.full_swap @ shares) if recipe.variables else None,
        unseen=tuple((int(right), int(of)) for right, of in tally.unseen) if whole and learned else None,
        select=(),
        chosen=0,
    )
