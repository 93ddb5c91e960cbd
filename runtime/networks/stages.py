"""What plain networks have in common: a chain of stages, after each of which engines may read and write."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Site(nn.Module):
    """A named place where an engine may read and write: hands on a copy, so that writing spoils nothing upstream."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clone()


class Config:
    """The configuration object that engines expect to find on a network; a plain network has nothing to say in it."""

    def to_dict(self) -> dict[str, object]:
        """An empty table."""
        return {}


class PlainNetwork(nn.Module, ABC):
    """A network whose activation, shape [item, position, width], passes through stages one after the other.

    `sites.i` holds stage i of `component`: 0 is what `start` makes of the tokens, i what `step` makes of stage i - 1.
    `logits` holds what `finish` makes of the last stage. Tokens are ids, shape [item, token]; a network without
    positions has one alone.
    """

    def __init__(self, component: str, stages: int) -> None:
        super().__init__()
        self.component = component
        self.sites = nn.ModuleList(Site() for _ in range(stages))
        self.logits = Site()
        self.config = Config()

    @abstractmethod
    def start(self, tokens: Tensor) -> Tensor:
        """Stage 0 of token ids."""

    @abstractmethod
    def step(self, stage: int, x: Tensor) -> Tensor:
        """A stage, 1 or later, of the one before it."""

    @abstractmethod
    def finish(self, x: Tensor) -> Tensor:
        """Logits, shape [item, position, class], of the last stage."""

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, shape [item, position, class], of token ids, shape [item, token]."""
        return self.resume(0, self.start(tokens))

    def resume(self, layer: int | None, x: Tensor) -> Tensor:
        """Logits of a run that goes on from what a site is given, as `state` returns it; layer None: the logits'."""
        if layer is not None:
            x = self.sites[layer](x)
            for stage in range(layer + 1, len(self.sites)):
                x = self.sites[stage](self.step(stage, x))
            x = self.finish(x)
        logits: Tensor = self.logits(x)
        return logits

    def state(self, tokens: Tensor, component: str, layer: int | None) -> Tensor:
        """The activation at a site in an unintervened run, shape [item, position, width].

        Runs no further than the site.
        """
        self.site_module(component, layer)
        x = self.start(tokens)
        for stage in range(1, len(self.sites) if layer is None else layer + 1):
            x = self.step(stage, x)
        return self.finish(x) if layer is None else x

    def site_module(self, component: str, layer: int | None) -> nn.Module:
        """The module whose output, shape [item, position, width], is the site.

        Raises:
            ValueError: the network has no such site.
        """
        if component == "logits" and layer is None:
            return self.logits
        if component == self.component and layer is not None and 0 <= layer < len(self.sites):
            return self.sites[layer]
        raise ValueError(f"the network has no site {component}[{layer}]")

    def site_path(self, component: str, layer: int | None) -> str:
        """The dotted path of a site's module, as pyvene writes it.

        Raises:
            ValueError: the network has no such site.
        """
        self.site_module(component, layer)
        return component if layer is None else f"sites[{layer}]"
