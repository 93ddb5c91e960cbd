"""Numbers of a network that are no numbers: a run stops where it meets them, before anything is decided on them."""

import torch
from torch import Tensor

from .errors import EnvironmentProblem


def require_finite(numbers: Tensor, what: str = "logits", where: str = "") -> None:
    """Nothing, where all of what a network gives is finite.

    Raises:
        EnvironmentProblem: something is not.
    """
    if not bool(torch.isfinite(numbers).all()):
        message = f"the network gives {what} that are not finite{where and f' where {where}'}"
        raise EnvironmentProblem("CS508", message, "check its weights, and whether its numbers fit its `dtype`")
