"""Evaluate: score a term item by item, on sampled items or on a whole domain.

The network's interpreter and the causal model's read the same items; a score is 1 where they agree on the output.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...compiler.experiments import Encoding
from ...compiler.interpret_terms import Batch, evaluate_in_model, members_of, model_batch
from ...compiler.pair_scores import pair_scores
from ...compiler.plan import EvaluateStep
from ...compiler.sampling.draw_items import Population, split_of
from ...compiler.sampling.enumerate_items import Shared, count_items, enumerate_items
from ...compiler.sampling.items import Items
from ...compiler.terms import Agree, Amount, Apart, Differ, Distance, Gain, ReadsRight
from ..engines import Engine
from ..engines.shared_runs import SharedRuns
from ..progress import Progress
from .answers import compare
from .encode import encode
from .item_scores import DrawnTally, ItemScores, join
from .measuring import Measuring
from .origins import filled
from .score_effects import score_effect
from .score_readings import READ_RANGE, base_run, score_reading
from .scores import Scores
from .share_sources import share_sources


def run_evaluate(measuring: Measuring, items: Items, progress: Progress, first: int = 0) -> ItemScores:
    """Scores of sampled items on one network, in their order; `first` is the index of the first in its stream.

    Raises:
        EnvironmentProblem: an activation on the way to the answer is not finite.
    """
    return _evaluate({"": measuring}, lambda: None, items, f"evaluate {measuring.step.text}", progress, first)[""]


def evaluate_together(
    several: Mapping[str, Measuring], runs: SharedRuns, items: Items, name: str, progress: Progress, first: int = 0
) -> dict[str, ItemScores]:
    """`run_evaluate` of several evaluations that share their runs, by their keys."""
    return _evaluate(several, runs.forget, items, f"measure {name}", progress, first)


def _evaluate(
    several: Mapping[str, Measuring],
    begin: Callable[[], None],
    items: Items,
    text: str,
    progress: Progress,
    first: int,
) -> dict[str, ItemScores]:
    parts: dict[str, list[ItemScores]] = {key: [] for key in several}
    done, size = 0, min(measuring.engine.at_once for measuring in several.values())
    progress.start(text, len(items))
    for batch in _batches(items, size):
        begin()
        for key, measuring in several.items():
            parts[key].append(_score(measuring, batch, first + done))
        done += len(batch)
        progress.advance(len(batch))
    progress.finish()
    return {key: join(found) for key, found in parts.items()}


def run_whole_domain(measuring: Measuring, progress: Progress) -> Scores:
    """Scores of every item of the whole domain, batch by batch, with sources that no run can tell apart shared.

    Raises:
        EnvironmentProblem: an activation on the way to the answer is not finite.
    """
    step, population, engine = measuring.step, measuring.population, measuring.engine
    shared = share_sources(step, population, engine, measuring.encoding, measuring.origin)
    return _whole_domain({"": measuring}, lambda: None, shared, f"evaluate {step.text}", progress)[""]


def whole_domain_together(
    several: Mapping[str, Measuring], runs: SharedRuns, name: str, progress: Progress
) -> dict[str, Scores]:
    """`run_whole_domain` of several evaluations that share their runs, by their keys."""
    return _whole_domain(several, runs.forget, None, f"measure {name}", progress)


def _whole_domain(
    several: Mapping[str, Measuring],
    begin: Callable[[], None],
    shared: tuple[Shared, ...] | None,
    text: str,
    progress: Progress,
) -> dict[str, Scores]:
    first, *_ = several.values()
    population = first.population
    tallies = {key: DrawnTally(population, len(measuring.step.draws)) for key, measuring in several.items()}
    any_learned = any(measuring.step.learned for measuring in several.values())
    progress.start(text, count_items(population))
    for items in enumerate_items(population, first.engine.at_once, shared):
        begin()
        unseen = _unseen(population, items) if any_learned else None
        for key, measuring in several.items():
            own = unseen if measuring.step.learned else None
            for draw in range(max(1, len(measuring.step.draws))):  # a whole domain has each random circuit
                tallies[key].add(_score(replace(measuring, draw=draw), items), items.multiplicity, own, draw)
        progress.advance(len(items) if items.multiplicity is None else int(items.multiplicity.sum()))
    progress.finish()
    return {key: tallies[key].scores(measuring.step.learned) for key, measuring in several.items()}


def mean_score(measuring: Measuring, items: Items, among: bool = True) -> float:
    """The mean score of items, `among` the declared answers or over all, to choose a network or a circuit by."""
    found = join([_score(measuring, batch) for batch in _batches(items, measuring.engine.at_once)])
    return float((found.values_among if among else found.values).double().mean())


def _batches(items: Items, size: int) -> Iterator[Items]:
    for start in range(0, len(items), size):
        rows = slice(start, start + size)
        yield Items(items.inputs[rows], items.cell[rows])


@torch.no_grad()
def _score(measuring: Measuring, items: Items, first: int = 0) -> ItemScores:
    """The scores of items; `first` is the index of the first one in its stream."""
    step, population, natural = measuring.step, measuring.population, measuring.natural
    engine, encoding, origin = measuring.engine, measuring.encoding, measuring.origin
    model = model_batch(population, items)
    batch = Batch(encode(items, encoding), model.members, model.variables)
    score = step.score
    cell, none = torch.from_numpy(items.cell).int(), torch.zeros(len(items), dtype=torch.bool)
    if isinstance(score, Gain | Differ | Apart | Amount):
        found = score_effect(
            step, items, engine, encoding, natural, measuring.judging, first, measuring.others, measuring.draw
        )
        base_right = _bases_right(step, items, engine, encoding, batch) if encoding.has_output else None
        return ItemScores(
            cell=cell,
            values=found.values,
            values_among=found.among,
            near=found.near,
            clipped=none if found.clipped is None else found.clipped,
            base_right=base_right,
            no_op=None,
            full_swap=None,
            range=found.range,
            binary=found.binary,
            read_right=found.read_right,
        )
    if not isinstance(score, Agree):
        assert natural is not None
        read = score_reading(step, population, items, engine, encoding, natural, first, origin)
        low, high = READ_RANGE if isinstance(score, Distance) else (0.0, 1.0)
        return ItemScores(
            cell=cell,
            values=read.values.clamp(low, high),
            values_among=read.among.clamp(low, high),
            near=none if read.near is None else read.near,
            clipped=(read.values < low) | (read.values > high),
            base_right=_bases_right(step, items, engine, encoding, batch),
            no_op=None,
            full_swap=None,
            range=(low, high),
            binary=isinstance(score, ReadsRight),
        )
    labels = evaluate_in_model(score.right, step.model, model)
    reads = filled(origin, batch, score.left.run, items)
    said = engine.logits(score.left, replace(reads, forced=encoding.force(labels)))
    agreement = compare(said, torch.from_numpy(labels), encoding)
    no_op: Tensor | None = None
    full_swap: Tensor | None = None
    if model.variables:
        alone = pair_scores(step.model, model)
        no_op, full_swap = (torch.from_numpy(one).float() for one in (alone.no_op, alone.full_swap))
    return ItemScores(
        cell=cell,
        values=agreement.over_all.float(),
        values_among=agreement.among.float(),
        near=agreement.near,
        clipped=none,
        base_right=_bases_right(step, items, engine, encoding, batch),
        no_op=no_op,
        full_swap=full_swap,
    )


def _bases_right(step: EvaluateStep, items: Items, engine: Engine, encoding: Encoding, batch: Batch) -> Tensor:
    """Whether each base is answered right. Asked last: an engine that keeps states goes on from the edited stage."""
    labels = step.model.output_of(items.bases)
    query = base_run(step.score, step.model.output)
    said = engine.logits(query, replace(batch, forced=encoding.force(labels)))
    return compare(said, torch.from_numpy(labels), encoding).over_all


def _unseen(population: Population, items: Items) -> npt.NDArray[np.bool_]:
    """The items none of whose inputs belongs to `fit`, shape [item]."""
    members = members_of(population, items)
    unseen: npt.NDArray[np.bool_] = split_of(population.recipe, items.bases) != 0
    for index in range(len(population.recipe.variables)):
        unseen &= (split_of(population.recipe, items.source(index)) != 0) | ~members[:, index]
    return unseen
