"""Sharing: on a whole domain, sources that no run can tell apart are run once and counted as often as they occur."""

import numpy as np
import numpy.typing as npt
import torch

from ...compiler.causal_model import Codes
from ...compiler.experiments import Encoding
from ...compiler.plan import EvaluateStep
from ...compiler.sampling.draw_items import Population, split_of
from ...compiler.sampling.enumerate_items import Shared, list_sources
from ...compiler.terms import Apart, Differ, Gain, ReadsRight, Score, measured_run, taken_values
from ..engines import Engine
from .encode import encode_inputs
from .origins import Origin


def share_sources(
    step: EvaluateStep, population: Population, engine: Engine, encoding: Encoding, origin: Origin | None = None
) -> tuple[Shared, ...] | None:
    """For each variable the sources that differ in what a score may depend on; None where sources hang on the base.

    These are: the variable's coordinates in the network (all that an interchange reads), its code and the output's in
    the causal model, and, for a learned map, whether the source belongs to `fit`. Exact: equal means equal, bit by bit.
    """
    recipe = population.recipe
    if not recipe.variables or step.grounding is None or isinstance(step.score, Gain | Differ | Apart):
        return None
    sources = list_sources(population)
    if sources is None:
        return None
    codes = recipe.model.run(sources, {})
    rows = torch.from_numpy(encode_inputs(sources, encoding))
    split = split_of(recipe, sources) if step.learned else np.zeros(len(sources), dtype=np.int64)
    shared = []
    for index, variable in enumerate(recipe.variables):
        with torch.no_grad():
            read = _read_from(step.score, index + 1)
            state = (engine.read(read, rows) if origin is None else origin.read(read, sources)).cpu().numpy()
        told = np.stack([_classes(state), codes[variable], codes[recipe.model.output], split], axis=1)
        shared.append(_representatives(sources, told))
    return tuple(shared)


def _read_from(score: Score, source: int) -> str:
    """The aligned variable that takes its value from a source; along an edge x -> y it is x."""
    assert not isinstance(score, ReadsRight), "a read-out takes nothing from a source"
    return next(target for target, value in taken_values(measured_run(score)) if value.run.input == source)


def _classes(state: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """The index of each row among the distinct ones; state [source, dim], classes [source]."""
    _, classes = np.unique(state, axis=0, return_inverse=True)
    return classes.ravel().astype(np.int64)


def _representatives(sources: Codes, told: npt.NDArray[np.int64]) -> Shared:
    _, first, counts = np.unique(told, axis=0, return_index=True, return_counts=True)
    return Shared(sources[first], counts.astype(np.int64))
