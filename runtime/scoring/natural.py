"""The natural activations of a network on inputs of `fit`: read-outs are fitted on them, distances taken to them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...compiler.causal_model import CausalModel
from ...compiler.experiments import Encoding
from ...compiler.sampling.items import Items
from ...compiler.terms import own_name
from ..engines import Engine
from .distances import distances
from .encode import encode_inputs
from .readouts import ReadOut, fit_read_out

FLOOR = 1e-3
"""The least natural distance, in units of the mean distance between two natural activations: where natural activations
recur exactly, an intervened one that recurs too is natural."""


@dataclass(frozen=True)
class Natural:
    """Inputs without repetition, as rows [input, column] and as the model's codes [input, column]."""

    rows: Tensor
    codes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]

    def read_out(self, engine: Engine, model: CausalModel, variable: str) -> ReadOut:
        """The read-out of a variable in its block."""
        values = torch.from_numpy(model.run(self.codes, {})[own_name(variable)])
        return fit_read_out(engine.read(variable, self.rows), values)

    def spread(self, states: Tensor) -> float:
        """The mean distance of a natural activation to the nearest other; states [input, dim]."""
        each = distances(states, states)
        apart = float(each.sum()) / max(1, len(states) * (len(states) - 1))
        nearest = each.fill_diagonal_(float("inf")).min(1).values
        return max(float(nearest.mean()), FLOOR * apart)


def open_natural(items: Items, encoding: Encoding) -> Natural:
    """The bases of items, each once."""
    _, first = np.unique(items.bases, axis=0, return_index=True)
    kept = np.sort(first)
    rows = torch.from_numpy(encode_inputs(items.bases[kept], encoding))
    return Natural(rows, items.bases[kept])
