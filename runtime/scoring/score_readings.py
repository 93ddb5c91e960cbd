"""Scores of what is read of a network through an alignment: `probe`, `cae` and `divergence`, item by item."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...compiler.experiments import Encoding
from ...compiler.interpret_terms import Batch, evaluate_in_model, model_batch
from ...compiler.keys import derived_seed
from ...compiler.plan import EvaluateStep
from ...compiler.sampling.draw_items import Population
from ...compiler.sampling.items import Items
from ...compiler.terms import Distance, OutputOf, ReadsRight, Run, Score, WrongReads, measured_run
from ..engines import Engine
from ..engines.feed import Feed
from .answers import compare
from .distances import distances
from .encode import encode
from .natural import Natural
from .origins import Origin, filled
from .rest import find_rests, shuffle_rests

READ_RANGE = (0.0, 10.0)
"""The range of `divergence`: up to ten times as far off as natural activations are from each other."""


@dataclass(frozen=True)
class Reading:
    """Scores of items, float32 of shape [item] each.

    `among` compares the output among the declared answers where `values` compares it as the task says. `near` marks
    items that rest on an output whose two best logits are a near tie; None where no output is compared.
    """

    values: Tensor
    among: Tensor
    near: Tensor | None = None


def score_reading(
    step: EvaluateStep,
    population: Population,
    items: Items,
    engine: Engine,
    encoding: Encoding,
    natural: Natural,
    first: int,
    origin: Origin | None = None,
) -> Reading:
    """The scores of items; `first` is the index of the first one in its stream."""
    model = model_batch(population, items)
    batch = Batch(encode(items, encoding), model.members, model.variables)
    match step.score:
        case ReadsRight():
            right = _reads_right(step, step.score, items, engine, batch, natural)
            return Reading(right, right)
        case WrongReads():
            return _wrong_reads(step, step.score, model, engine, encoding, batch, natural, first)
        case Distance():
            far = _distance(step.score, step, engine, filled(origin, batch, step.score.run, items), natural)
            return Reading(far, far)
        case _:
            raise ValueError("a score of agreement is no reading")


def _reads_right(
    step: EvaluateStep, score: ReadsRight, items: Items, engine: Engine, batch: Batch, natural: Natural
) -> Tensor:
    """1 where the variable's read-out on the base is its value in the model."""
    variable = score.variable
    read = natural.read_out(engine, step.model, variable).read(
        engine.read(variable, torch.from_numpy(batch.inputs[:, 0]))
    )
    return (read == torch.from_numpy(step.model.run(items.bases, {})[variable])).float()


def _wrong_reads(
    step: EvaluateStep,
    score: WrongReads,
    model: Batch,
    engine: Engine,
    encoding: Encoding,
    batch: Batch,
    natural: Natural,
    first: int,
) -> Reading:
    """The share of wrong reads among the output and the variables that are not set (arXiv 2607.00267).

    The set is drawn uniformly from the non-empty ones of the variables and the rest: the item's own set S, with the
    rest or without, or else the rest alone.
    """
    assert step.grounding is not None
    frames = step.grounding.frames
    base = torch.from_numpy(batch.inputs[:, 0])
    pool = engine.activation(0, natural.rows)
    feed = Feed(encoding)
    feed.check_lengths(base, natural.rows)
    where = [feed.where_set(frame, base) for frame in frames]
    rests = find_rests(engine, frames, where, len(batch), pool.shape[1])
    sets = 2 ** len(batch.variables) - 1
    uniform, chosen = _draws(step.items, first, len(batch), len(pool), max(rest.units for rest in rests))
    alone = uniform < 1 / (2 * sets + 1)
    shuffled = alone | (uniform >= (sets + 1) / (2 * sets + 1))
    members = batch.members & ~alone.numpy()[:, None]
    labels = torch.from_numpy(evaluate_in_model(score.right, step.model, Batch(model.inputs, members, model.variables)))

    def shuffle(state: Tensor) -> Tensor:
        there = shuffled.to(state.device)[:, None, None]
        return torch.where(there, shuffle_rests(rests, state, pool, chosen.to(state.device)), state)

    query = Batch(batch.inputs, members, batch.variables)
    logits = engine.logits_after(score.left, query, shuffle)
    agreement = compare(logits, labels, encoding)
    wrong, reads = torch.zeros(len(batch)), torch.ones(len(batch))
    values = step.model.run(model.inputs[:, 0], {})
    for index, variable in enumerate(batch.variables):
        unset = torch.from_numpy(~members[:, index])
        read = natural.read_out(engine, step.model, variable).read(engine.read(variable, base))
        wrong += (unset & (read != torch.from_numpy(values[variable]))).float()
        reads += unset.float()
    over_all, among = ((wrong + (~right).float()) / reads for right in (agreement.over_all, agreement.among))
    return Reading(over_all, among, agreement.near)


def _distance(score: Distance, step: EvaluateStep, engine: Engine, batch: Batch, natural: Natural) -> Tensor:
    """How far an intervened layer lies from the nearest natural one, the farthest of all layers (arXiv 2511.04638).

    A layer is its whole activation at the positions of its frames. In units of the mean distance of a natural one to
    the nearest other: 1 is as natural as natural ones.
    """
    assert step.grounding is not None
    farthest, frames = torch.zeros(len(batch)), step.grounding.frames
    parts = [(index, number, part) for index, frame in enumerate(frames) for number, part in enumerate(frame.parts)]
    for layer in dict.fromkeys(part.activation for _, _, part in parts):
        there = [(index, number, part) for index, number, part in parts if part.activation == layer]
        positions = tuple(dict.fromkeys(position for _, _, part in there for position in part.positions))
        frame, number, _ = there[0]
        states = engine.activation_at(positions, frame, natural.rows, number).flatten(1)
        patched = engine.intervened_at(positions, frame, score.run, batch, number).flatten(1)
        nearest = distances(patched, states).min(1).values
        spread = natural.spread(states)
        ratio = nearest / spread if spread > 0 else (nearest > 0).float() * 2 * READ_RANGE[1]
        farthest = torch.maximum(farthest, ratio)
    return farthest


def base_run(score: Score, output: str) -> OutputOf:
    """The output of the unintervened base in the network."""
    return OutputOf(output, Run(measured_run(score).world, 0))


def _draws(key: str, first: int, items: int, pool: int, units: int) -> tuple[Tensor, Tensor]:
    """For each item a uniform number and, for each unit, the index of a natural activation.

    Item i draws from its own generator, so that it never depends on how many items there are.
    """
    uniform, chosen = np.empty(items), np.empty((items, units), dtype=np.int64)
    for item in range(items):
        generator = np.random.Generator(
            np.random.Philox(key=derived_seed(0, "rest", key), counter=(first + item) << 64)
        )
        uniform[item] = generator.random()
        chosen[item] = generator.integers(0, pool, units)
    return torch.from_numpy(uniform), torch.from_numpy(chosen)
