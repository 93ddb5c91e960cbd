"""What engines ask of a network: a chain of stages that can be entered and left anywhere, and edits at its sites."""

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from torch import Tensor

if TYPE_CHECKING:
    from .prefix import Prefix

Edit = Callable[[Tensor], Tensor]
"""What takes the place of a site's activation, shape [item, position, width]; the same tensor to read it only."""
SiteEdit = tuple[str, int | None, str | None, Edit]
"""Component, layer, dotted path (of `module` sites only), and what is done there."""


class Network(Protocol):
    """A frozen network. Tokens are ids, shape [item, token]; -1 on the right of a row stands for no token.

    Its activation goes through stages 0 .. `last_stage`; a state is the activation [item, position, width] that a
    stage begins with. Of a transformer stage i is layer i, and the last one what follows the layers.
    """

    @property
    def last_stage(self) -> int:
        """The stage that gives the logits."""

    @property
    def items_at_once(self) -> int:
        """How many inputs it is given at once, so that what a run holds stays some hundred megabytes."""

    def layer_of(self, component: str, layer: int | None) -> int:
        """The stage before which a run with an edit at this site is as it would be without."""

    def state_of(self, component: str, layer: int | None) -> int | None:
        """The stage whose state the site is; None where it lies within a stage."""

    def edited(self, edits: Sequence[SiteEdit]) -> AbstractContextManager[None]:
        """Within it, whatever runs makes these edits."""

    def start(self, tokens: Tensor) -> Tensor:
        """The state of stage 0."""

    def advance(
        self,
        state: Tensor,
        tokens: Tensor,
        first: int,
        stop: int,
        prefix: "Prefix | None" = None,
        read: Tensor | None = None,
    ) -> Tensor:
        """The state of stage `stop`, from that of stage `first`. The edits at stages from `first` on are made.

        With a prefix, `state` and the result hold the positions from its length on; `tokens` are always whole. With
        positions of the whole run to `read`, [item, read], the result is [item, read, width].
        """

    def finish(
        self,
        state: Tensor,
        tokens: Tensor,
        first: int,
        at: Tensor,
        prefix: "Prefix | None" = None,
        classes: Tensor | None = None,
    ) -> Tensor:
        """Logits, shape [item, read, class], at positions `at` [item, read], from the state of stage `first`.

        With a prefix, `state` holds the positions from its length on; `tokens` and `at` are the whole run's. Logits are
        those of some `classes` [class], or of all.
        """

    @property
    def has_prefixes(self) -> bool:
        """Whether no position reads a later one, so that a run can go on from the keys and values of the first ones."""

    def prefix(self, tokens: Tensor, length: int, state: Tensor | None = None, first: int = 0) -> "Prefix":
        """Keys and values of the positions below `length` in unedited runs, of the stages from `first` on.

        The runs go on from the `state` of that stage [item, position, width], or (None) from the tokens.
        """

    def go_on(self, tokens: Tensor, prefix: "Prefix | None") -> "tuple[Tensor, Prefix]":
        """Logits of the last position, shape [item, class], and keys and values of all positions.

        The runs begin after a prefix, or (None) with the first token; tokens are the whole runs' and have no padding.
        """


def read_site(network: Network, tokens: Tensor, component: str, layer: int | None, at: Tensor) -> Tensor:
    """A site's activation in unedited runs of tokens, shape [item, position, width]; runs no further than the site.

    `at` are the positions at which logits are read, shape [item, read].
    """
    stage = network.state_of(component, layer)
    if stage is not None:
        return network.advance(network.start(tokens), tokens, 0, stage)
    return read_within(network, network.start(tokens), tokens, 0, (component, layer), at)


def read_sites(network: Network, tokens: Tensor, sites: Sequence[tuple[str, int | None]], at: Tensor) -> list[Tensor]:
    """The activations of several sites in the same unedited runs of tokens; as `read_site`."""
    if len(sites) == 1:
        return [read_site(network, tokens, *sites[0], at)]
    found: dict[int, Tensor] = {}

    def keep(index: int, activation: Tensor) -> Tensor:
        found[index] = activation
        return activation

    state, stage = network.start(tokens), max(network.layer_of(*site) for site in sites)
    with network.edited([(*site, None, functools.partial(keep, index)) for index, site in enumerate(sites)]):
        if stage >= network.last_stage:
            network.finish(state, tokens, 0, at)
        else:
            network.advance(state, tokens, 0, stage + 1)
    return [found[index] for index in range(len(sites))]


def read_within(
    network: Network, state: Tensor, tokens: Tensor, first: int, site: tuple[str, int | None], at: Tensor
) -> Tensor:
    """The activation of a site within a stage, from the state of stage `first`, which is no later."""
    found: list[Tensor] = []

    def keep(activation: Tensor) -> Tensor:
        found.append(activation)
        return activation

    component, layer = site
    with network.edited([(component, layer, None, keep)]):
        stage = network.layer_of(component, layer)
        if stage >= network.last_stage:
            network.finish(state, tokens, first, at)
        else:
            network.advance(state, tokens, first, stage + 1)
    return found[0]
