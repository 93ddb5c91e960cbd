"""Euclidean distances between activations."""

import torch
from torch import Tensor

from ..finite import require_finite


def distances(some: Tensor, others: Tensor) -> Tensor:
    """The distance of every vector to every other, shape [some, other], of vectors [some, dim] and [other, dim].

    In float64, on the processor: of many vectors the library takes distances from products, which in float32 leaves
    of vectors that lie close together and far from the origin nothing but rounding.

    Raises:
        EnvironmentProblem: a vector is not finite, and is nearest to none.
    """
    for each in (some, others):
        require_finite(each, "activations", "they are read")
    return torch.cdist(some.detach().cpu().double(), others.detach().cpu().double()).float()
