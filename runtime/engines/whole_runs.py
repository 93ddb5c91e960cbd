"""Unedited runs that keep nothing: on to the logits, or no further than they are read."""

import functools
from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from ..networks.protocol import Network, SiteEdit, read_site, read_sites, read_within


def read_whole(
    network: Network, tokens: Tensor, component: str, layer: int | None, reads: Tensor, exits: bool
) -> Tensor:
    """A site's activation in unedited runs, shape [item, position, width]; runs end there if `exits`.

    Else they go on to the logits of all positions, which nobody reads.
    """
    if exits:
        return read_site(network, tokens, component, layer, reads)
    stage = network.state_of(component, layer)
    first = network.layer_of(component, layer) if stage is None else stage
    state = run_to(network, network.start(tokens), tokens, 0, first, False)
    return state if stage is not None else read_within(network, state, tokens, first, (component, layer), reads)


def read_several(
    network: Network, tokens: Tensor, sites: Sequence[tuple[str, int | None]], reads: Tensor, exits: bool
) -> list[Tensor]:
    """The activations of several sites in the same unedited runs; as `read_whole`."""
    if len(sites) == 1:
        return [read_whole(network, tokens, *sites[0], reads, exits)]
    if exits:
        return read_sites(network, tokens, sites, reads)
    found: dict[int, Tensor] = {}

    def keep(index: int, activation: Tensor) -> Tensor:
        found[index] = activation
        return activation

    state, stage = network.start(tokens), max(network.layer_of(*site) for site in sites)
    stop = stage + 1 if stage < network.last_stage else stage
    with network.edited([(*site, None, functools.partial(keep, index)) for index, site in enumerate(sites)]):
        if stop > stage:
            state = network.advance(state, tokens, 0, stop)
        else:
            run_to(network, state, tokens, 0, 0, False)
    if stop > stage:
        run_to(network, state, tokens, stop, stop, False)
    return [found[index] for index in range(len(sites))]


def answer_whole(network: Network, tokens: Tensor, reads: Tensor, edits: Sequence[SiteEdit]) -> Tensor:
    """Logits at `reads`, shape [item, answer, class], of runs from the tokens on, with edits made on the way."""
    with network.edited(edits) if edits else nullcontext():
        return network.finish(network.start(tokens), tokens, 0, reads)


def run_to(network: Network, state: Tensor, tokens: Tensor, first: int, stage: int, exits: bool) -> Tensor:
    """The state of `stage`, from that of `first`; the runs end there if `exits`, else with the logits."""
    found = network.advance(state, tokens, first, stage)
    if not exits:
        every = torch.arange(found.shape[1], device=found.device).expand(len(found), -1)
        network.finish(found, tokens, stage, every)
    return found
