"""Evaluate: score a term item by item, on sampled items or on a whole domain.

The network's interpreter and the causal model's read the same items; a score is 1 where they agree on the output.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..compiler.experiments import Encoding
from ..compiler.interpret_terms import Batch, evaluate_in_model, members_of, model_batch
from ..compiler.pair_scores import pair_scores
from ..compiler.plan import EvaluateStep
from ..compiler.sampling.draw_items import Population, split_of
from ..compiler.sampling.enumerate_items import count_items, enumerate_items
from ..compiler.sampling.items import Items
from ..compiler.terms import OutputOf, Run
from .answers import compare, encode
from .engine import Engine
from .item_scores import ItemScores, Tally, join
from .progress import Progress
from .scores import Scores
from .share_sources import share_sources

MICRO_BATCH = 8192
WHOLE_BATCH = 65536


def run_evaluate(
    step: EvaluateStep, population: Population, items: Items, engine: Engine, encoding: Encoding, progress: Progress
) -> ItemScores:
    """Scores of sampled items on one network, in their order.

    Raises:
        EnvironmentProblem: an activation on the way to the answer is not finite.
    """
    parts = []
    progress.start(f"evaluate {step.text}", len(items))
    for batch in _batches(items):
        parts.append(_score(step, population, batch, engine, encoding))
        progress.advance(len(batch))
    progress.finish()
    return join(parts)


def run_whole_domain(
    step: EvaluateStep, population: Population, engine: Engine, encoding: Encoding, progress: Progress
) -> Scores:
    """Scores of every item of the whole domain, batch by batch, with sources that no run can tell apart shared.

    Raises:
        EnvironmentProblem: an activation on the way to the answer is not finite.
    """
    tally = Tally(population)
    learned = step.grounding is not None and step.grounding.learned
    shared = share_sources(step, population, engine, encoding)
    progress.start(f"evaluate {step.text}", count_items(population))
    for items in enumerate_items(population, WHOLE_BATCH, shared):
        scored = _score(step, population, items, engine, encoding)
        tally.add(scored, items.multiplicity, _unseen(population, items) if learned else None)
        progress.advance(len(items) if items.multiplicity is None else int(items.multiplicity.sum()))
    progress.finish()
    return tally.scores(None, learned, (), 0)


def share_right(step: EvaluateStep, population: Population, items: Items, engine: Engine, encoding: Encoding) -> float:
    """The share of items on which network and model agree among the declared answers."""
    right = 0
    with torch.no_grad():
        for chunk in _batches(items):
            model = model_batch(population, chunk)
            batch = Batch(encode(chunk, encoding), model.members, model.variables)
            labels = torch.from_numpy(evaluate_in_model(step.score.right, step.model, model))
            right += int(compare(engine.logits(step.score.left, batch), labels, encoding).among.sum())
    return right / len(items)


def _batches(items: Items) -> Iterator[Items]:
    for start in range(0, len(items), MICRO_BATCH):
        rows = slice(start, start + MICRO_BATCH)
        yield Items(items.inputs[rows], items.cell[rows])


@torch.no_grad()
def _score(step: EvaluateStep, population: Population, items: Items, engine: Engine, encoding: Encoding) -> ItemScores:
    model = model_batch(population, items)
    batch = Batch(encode(items, encoding), model.members, model.variables)
    labels = evaluate_in_model(step.score.right, step.model, model)
    found = compare(engine.logits(step.score.left, batch), torch.from_numpy(labels), encoding)
    output, world = step.score.right.variable, step.score.right.run.world
    base_labels = evaluate_in_model(OutputOf(output, Run(world, 0)), step.model, model)
    clean = engine.logits(OutputOf(output, Run(step.score.left.run.world, 0)), batch)
    no_op: Tensor | None = None
    full_swap: Tensor | None = None
    if model.variables:
        alone = pair_scores(step.model, model)
        no_op, full_swap = (torch.from_numpy(one).float() for one in (alone.no_op, alone.full_swap))
    return ItemScores(
        cell=torch.from_numpy(items.cell).int(),
        values=found.over_all.float(),
        values_among=found.among.float(),
        near=found.near,
        clipped=torch.zeros_like(found.near),
        base_right=compare(clean, torch.from_numpy(base_labels), encoding).over_all,
        no_op=no_op,
        full_swap=full_swap,
    )


def _unseen(population: Population, items: Items) -> npt.NDArray[np.bool_]:
    """The items none of whose inputs belongs to `fit`, shape [item]."""
    members = members_of(population, items)
    unseen: npt.NDArray[np.bool_] = split_of(population.recipe, items.bases) != 0
    for index in range(len(population.recipe.variables)):
        unseen &= (split_of(population.recipe, items.source(index)) != 0) | ~members[:, index]
    return unseen
