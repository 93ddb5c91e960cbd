"""What engines ask for when a network is to be run."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from ..networks.protocol import Network, SiteEdit
from .fed import Fed
from .feed import Where

Site = tuple[str, int | None]
"""Component and layer."""
EditsFrom = Callable[[int], Sequence[SiteEdit]]
"""The edits of a run that leaves out so many first positions: they are given the activations of the others."""
EditedRunner = Callable[[Tensor, EditsFrom], Tensor]
"""From the indices of some rows, shape [item], and edits to their logits, shape [item, answer, class]."""


class Runs(Protocol):
    """Runs of one network."""

    @property
    def name(self) -> str:
        """The engine's name, as a result records it."""

    @property
    def network(self) -> Network:
        """What is run."""

    @property
    def device(self) -> torch.device:
        """Where the network is."""

    def logits(self, fed: Fed) -> Tensor:
        """Logits of unedited runs, shape [item, answer, class]."""

    def site(self, fed: Fed, component: str, layer: int | None) -> Tensor:
        """A site's whole activation in unedited runs, shape [item, position, width]."""

    def read(self, fed: Fed, sites: Sequence[Site], where: Sequence[Where]) -> list[Tensor]:
        """The activations of several sites in unedited runs at some positions of each, shape [item, place, width]."""

    def edited_runner(
        self, fed: Fed, sites: Sequence[Site], earliest: int, classes: Tensor | None = None
    ) -> EditedRunner:
        """Runs of some inputs at a time with edits at these sites, which change no position before `earliest`.

        They give logits of some `classes` [class], or of all.
        """
