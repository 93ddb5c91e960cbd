"""Read-outs: the value of a variable that an activation holds, by the nearest class mean in the variable's block."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .distances import distances

NEAR_TIE = 1e-4


@dataclass(frozen=True)
class ReadOut:
    """The mean features of every value that occurred: `means` [value, feature] in float64, `codes` [value]."""

    means: Tensor
    codes: Tensor

    def read(self, features: Tensor) -> Tensor:
        """The code of the nearest mean (Euclidean; the first of equals), shape [item], of features [item, feature]."""
        return self.codes[distances(features, self.means).argmin(1)]

    def near(self, features: Tensor) -> Tensor:
        """Whether the two nearest means are about as far: closer than 1e-4 of what lies between the two; [item]."""
        if len(self.means) < 2:
            return torch.zeros(len(features), dtype=torch.bool)
        best = distances(features, self.means).topk(2, dim=1, largest=False)
        between = (self.means[best.indices[:, 0]] - self.means[best.indices[:, 1]]).norm(dim=1)
        near: Tensor = best.values[:, 1] - best.values[:, 0] <= NEAR_TIE * between
        return near


def fit_read_out(features: Tensor, codes: Tensor) -> ReadOut:
    """Class means of features [item, feature] by the variable's codes [item]."""
    features = features.cpu().double()
    values, index = torch.unique(codes, return_inverse=True)
    sums = features.new_zeros(len(values), features.shape[1]).index_add_(0, index, features)
    return ReadOut(sums / index.bincount(minlength=len(values))[:, None], values)
