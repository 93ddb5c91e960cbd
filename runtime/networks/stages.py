"""What plain networks have in common: a chain of stages, after each of which engines may read and write."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ...compiler.budgets import ROWS_AT_ONCE
from .gather import gather
from .protocol import Edit, SiteEdit

if TYPE_CHECKING:
    from .prefix import Prefix


class Site(nn.Module):
    """A named place where an engine may read and write: by `edits`, made in turn, or by hooks.

    Hooks are given a copy, so that writing spoils nothing upstream.
    """

    def __init__(self) -> None:
        super().__init__()
        self.edits: list[Edit] = []

    def forward(self, x: Tensor) -> Tensor:
        for edit in self.edits:
            x = edit(x)
        return x.clone() if self._forward_hooks else x


class Config:
    """The configuration object that engines expect to find on a network; a plain network has nothing to say in it."""

    def to_dict(self) -> dict[str, object]:
        """An empty table."""
        return {}


class PlainNetwork(nn.Module, ABC):
    """A network whose activation, shape [item, position, width], passes through stages one after the other.

    `sites.i` holds stage i of `component`: 0 is what `start` makes of the tokens, i what `step` makes of stage i - 1.
    `logits` holds what `answer` makes of the last stage. Tokens are ids, shape [item, token]; a network without
    positions has one alone. It is a `Network`: a stage's state is what its site is given.
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
    def answer(self, x: Tensor) -> Tensor:
        """Logits, shape [item, position, class], of the last stage."""

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, shape [item, position, class], of token ids, shape [item, token]."""
        return self._finish(self.start(tokens), tokens, 0)

    @property
    def last_stage(self) -> int:
        """See `Network.last_stage`."""
        return len(self.sites) - 1

    @property
    def items_at_once(self) -> int:
        """See `Network.items_at_once`."""
        return ROWS_AT_ONCE

    def layer_of(self, component: str, layer: int | None) -> int:
        """See `Network.layer_of`."""
        self.site_module(component, layer)
        return self.last_stage if layer is None else layer

    def state_of(self, component: str, layer: int | None) -> int | None:
        """See `Network.state_of`: every site but the logits is a stage's."""
        self.site_module(component, layer)
        return layer

    @contextmanager
    def edited(self, edits: Sequence[SiteEdit]) -> Iterator[None]:
        """See `Network.edited`."""
        sites = [self.site_module(component, layer) for component, layer, _, _ in edits]
        for site, (_, _, _, edit) in zip(sites, edits, strict=True):
            site.edits.append(edit)
        try:
            yield
        finally:
            for site in reversed(sites):
                site.edits.pop()

    def advance(
        self,
        state: Tensor,
        tokens: Tensor,
        first: int,
        stop: int,
        prefix: "Prefix | None" = None,
        read: Tensor | None = None,
    ) -> Tensor:
        """See `Network.advance`."""
        for stage in range(first, stop):
            state = self.step(stage + 1, self.sites[stage](state))
        return state if read is None else take_reads(state, read)

    @property
    def has_prefixes(self) -> bool:
        """See `Network.has_prefixes`: these networks are so small that whole runs are as fast."""
        return False

    def prefix(self, tokens: Tensor, length: int, state: Tensor | None = None, first: int = 0) -> "Prefix":
        """See `Network.prefix`. Raises ValueError."""
        raise ValueError("a plain network has no prefixes")

    def go_on(self, tokens: Tensor, prefix: "Prefix | None") -> "tuple[Tensor, Prefix]":
        """See `Network.go_on`. Raises ValueError."""
        raise ValueError("a plain network has no prefixes")

    def finish(
        self,
        state: Tensor,
        tokens: Tensor,
        first: int,
        at: Tensor,
        prefix: "Prefix | None" = None,
        classes: Tensor | None = None,
    ) -> Tensor:
        """See `Network.finish`. At the logits edits are given those of every position."""
        logits = take_reads(self._finish(state, tokens, first), at)
        return logits if classes is None or len(classes) == logits.shape[2] else logits[..., classes]

    def _finish(self, state: Tensor, tokens: Tensor, first: int) -> Tensor:
        last = self.last_stage
        logits: Tensor = self.logits(self.answer(self.sites[last](self.advance(state, tokens, first, last))))
        return logits

    def site_module(self, component: str, layer: int | None) -> Site:
        """The module whose output, shape [item, position, width], is the site.

        Raises:
            ValueError: the network has no such site.
        """
        if component == "logits" and layer is None:
            return self.logits
        if component == self.component and layer is not None and 0 <= layer < len(self.sites):
            site: Site = self.sites[layer]  # type: ignore[assignment]
            return site
        raise ValueError(f"the network has no site {component}[{layer}]")

    def site_path(self, component: str, layer: int | None) -> str:
        """The dotted path of a site's module, as pyvene writes it.

        Raises:
            ValueError: the network has no such site.
        """
        self.site_module(component, layer)
        return component if layer is None else f"sites.{layer}"


def take_reads(logits: Tensor, at: Tensor) -> Tensor:
    """Logits [item, read, class] of [item, position, class] at each item's positions, shape [item, read]."""
    if logits.shape[1] == at.shape[1] == 1:
        return logits
    return gather(logits, at)
