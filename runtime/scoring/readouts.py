"""Read-outs: the value of a variable that an activation holds, by the nearest class mean in the variable's block."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ReadOut:
    """The mean features of every value that occurred: `means` [value, feature], `codes` [value]."""

    means: Tensor
    codes: Tensor

    def read(self, features: Tensor) -> Tensor:
        """The code of the nearest mean (Euclidean; the first of equals), shape [item], of features [item, feature]."""
        return self.codes[torch.cdist(features, self.means).argmin(1)]


def fit_read_out(features: Tensor, codes: Tensor) -> ReadOut:
    """Class means of features [item, feature] by the variable's codes [item]."""
    values, index = torch.unique(codes, return_inverse=True)
    sums = torch.zeros(len(values), features.shape[1]).index_add_(0, index, features)
    return ReadOut(sums / index.bincount(minlength=len(values))[:, None], values)
