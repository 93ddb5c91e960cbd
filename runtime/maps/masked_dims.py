"""Identity with learned sizes: every dim is given to a block or to none, by a mask that training hardens."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from .feature_map import AnnealedMap, block_shares
from .own_dims import OwnDims

FIRST_TEMPERATURE, LAST_TEMPERATURE = 1.0, 0.05
SPREAD = 0.1
"""The scale of the drawn logits: restarts differ, and no dim is given away at the start."""


@final
class MaskedDims(OwnDims, AnnealedMap):
    """Features are the site's dims; a dim's shares are a softmax over (none, block 0, block 1, ..).

    Desiderata-based masking (Huang et al. 2024, arXiv 2402.17700, section on differential binary masking) for several
    variables at once. The temperature falls geometrically; afterwards a dim belongs to the likeliest alternative.
    """

    def __init__(self, dim: int, blocks: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(1 + blocks, dim))
        self.temperature: float | None = None

    def share(self, block: int) -> Tensor:
        """See `FeatureMap.share`."""
        if self.temperature is None:
            return block_shares(self._owner(), len(self.logits) - 1)[block]
        return torch.softmax(self.logits / self.temperature, 0)[1 + block]

    def draw(self, generator: torch.Generator) -> None:
        """See `FeatureMap.draw`."""
        with torch.no_grad():
            self.logits.copy_(SPREAD * torch.randn(self.logits.shape, generator=generator))
        self.logits.requires_grad_(True)
        self.soften(0)

    def soften(self, done: float) -> None:
        """See `AnnealedMap.soften`."""
        self.temperature = FIRST_TEMPERATURE * (LAST_TEMPERATURE / FIRST_TEMPERATURE) ** done

    def harden(self) -> None:
        """See `AnnealedMap.harden`."""
        self.temperature = None

    def size_parameters(self) -> list[nn.Parameter]:
        """See `AnnealedMap.size_parameters`."""
        return [self.logits]

    def taken(self) -> Tensor:
        """See `AnnealedMap.taken`."""
        return 1 - torch.softmax(self.logits / (self.temperature or LAST_TEMPERATURE), 0)[0].mean()

    def settle(self) -> None:
        """See `FeatureMap.settle`: any logits stand for a map."""

    def state(self) -> dict[str, Tensor]:
        """`owner`: the block that owns each dim (-1: none), shape [dim]."""
        return {"owner": self._owner()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """See `FeatureMap.restore`."""
        with torch.no_grad():
            alternatives = torch.arange(len(self.logits)) - 1
            self.logits.copy_((tensors["owner"] == alternatives[:, None]).float())
        self.logits.requires_grad_(False)
        self.harden()

    def _owner(self) -> Tensor:
        return self.logits.detach().argmax(0) - 1
