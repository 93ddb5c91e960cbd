"""Scores of effects on an aligned variable: what its block is read as, with and without what an effect sets."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...compiler.interpret_terms import Batch
from ...compiler.plan import EvaluateStep
from ...compiler.sampling.items import Items
from ...compiler.terms import Gain, Run, ValueOf, own_name
from ..engines import Engine
from ..finite import require_finite
from .natural import Natural


@dataclass(frozen=True)
class VariableScores:
    """Scores, items whose reads are near a tie, and whether the unedited base is read right; each of shape [item]."""

    values: Tensor
    near: Tensor
    read_right: Tensor
    range: tuple[float, float]
    binary: bool


def score_variable(
    step: EvaluateStep,
    variable: ValueOf,
    runs: tuple[Run, Run],
    batch: Batch,
    items: Items,
    engine: Engine,
    natural: Natural,
) -> VariableScores:
    """How far a variable's value after is above the one before, or (`change`) whether the two differ.

    A value is the one whose mean features, on natural inputs, are nearest. The second of the two `runs` is the
    base's as it is.

    Raises:
        EnvironmentProblem: an activation is not finite.
    """
    name = variable.variable
    assert isinstance(name, str)
    read_out = natural.read_out(engine, step.model, name)
    features = [engine.read_in(name, run, batch) for run in runs]
    for each in features:
        require_finite(each, "activations", f"`{name}` is read")
    after, before = (read_out.read(each) for each in features)
    near = read_out.near(features[0]) | read_out.near(features[1])
    right = before == torch.from_numpy(step.model.run(items.bases, {})[own_name(name)])
    if isinstance(step.score, Gain):
        reach = float(step.model.domains[own_name(name)].size - 1)
        return VariableScores((after - before).float(), near, right, (-reach, reach), False)
    return VariableScores((after != before).float(), near, right, (0.0, 1.0), True)
