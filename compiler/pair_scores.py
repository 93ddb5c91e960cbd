"""What the pairs alone give, whatever the network: scores computed from the causal model's labels.

`no-op` changes nothing and answers as on the base; `full swap` answers as on a source. A claim's bound must be read
beside them.
"""

import numpy as np
import numpy.typing as npt

from ..lang.record import record
from .causal_model import CausalModel
from .interpret_terms import Batch, evaluate_in_model
from .terms import ModelWorld, interchange, plain

Score = npt.NDArray[np.float64]


@record
class PairScores:
    """Item by item, each of shape [item] and in [0, 1]; `full_swap` is the mean over the sources of the item's set."""

    no_op: Score
    full_swap: Score


def pair_scores(model: CausalModel, batch: Batch) -> PairScores:
    """Scores of doing nothing and of answering as on a source, for items with at least one variable in each set."""
    world = ModelWorld(model.name)
    labels = evaluate_in_model(interchange(world, batch.variables, model.output), model, batch)
    base = evaluate_in_model(plain(world, model.output), model, batch)
    swapped = np.zeros(len(batch))
    for index in range(len(batch.variables)):
        source = evaluate_in_model(plain(world, model.output, index + 1), model, batch)
        swapped += (source == labels) & batch.members[:, index]
    return PairScores((base == labels).astype(np.float64), swapped / batch.members.sum(axis=1))
