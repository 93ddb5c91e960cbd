"""Near ties: answers whose logits are so close that rounding can turn them round."""

import torch
from torch import Tensor

NEAR_TIE = 1e-4
"""Logits, and what is read of them, are near a tie where they are closer than this."""


def is_near_tie(logits: Tensor) -> Tensor:
    """Whether the two best of logits [item, class] are near a tie, shape [item]; one class alone never is."""
    if logits.shape[1] < 2:
        return torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
    top = logits.topk(2, dim=1).values
    return top[:, 0] - top[:, 1] < NEAR_TIE
