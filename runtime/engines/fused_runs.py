"""The fast way to run: what no edit changes is taken from captures, and only what follows it is computed."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..networks.protocol import Network
from .captures import Captures
from .runs import EditedRunner, EditsFrom, Site


class FusedRuns:
    """Runs that start at the first edited stage, from captured states of unedited runs: the engine `fused`."""

    name = "fused"

    def __init__(self, network: Network, device: torch.device, captures: Captures) -> None:
        self.network, self.device, self.captures = network, device, captures

    def logits(self, tokens: Tensor, reads: Tensor) -> Tensor:
        """See `Runs.logits`: the last state is captured, the logits are not, since they may be many."""
        last = self.network.last_stage
        return self.network.finish(self.captures.state(tokens, last), tokens, last, reads)

    def site(self, tokens: Tensor, component: str, layer: int | None, reads: Tensor) -> Tensor:
        """See `Runs.site`."""
        return self.captures.site(tokens, component, layer, reads)

    def sites(self, tokens: Tensor, sites: Sequence[Site], reads: Tensor) -> list[Tensor]:
        """See `Runs.sites`: earlier ones first, since later states go on from them."""
        order = sorted(range(len(sites)), key=lambda index: self.network.layer_of(*sites[index]))
        found = {index: self.site(tokens, *sites[index], reads) for index in order}
        return [found[index] for index in range(len(sites))]

    def edited_runner(
        self, tokens: Tensor, reads: Tensor, sites: Sequence[Site], earliest: int, classes: Tensor | None = None
    ) -> EditedRunner:
        """See `Runs.edited_runner`: inputs are looked up once, and run from the first stage that an edit changes.

        Of the positions before `earliest` only keys and values are needed, where the network has them apart; an answer
        that is read before it is no part of what follows, so that the run starts there.
        """
        earliest = min(earliest, int(reads.min()))
        first = min(self.network.layer_of(component, layer) for component, layer in sites)
        state = self.captures.state_reader(tokens, first)
        prefix = self.captures.prefix_reader(tokens, first, earliest)

        def run(items: Tensor, edits: EditsFrom) -> Tensor:
            if prefix is None:
                with self.network.edited(edits(0)):
                    return self.network.finish(state(items), tokens[items], first, reads[items], None, classes)
            with self.network.edited(edits(earliest)):
                later = state(items)[:, earliest:]
                return self.network.finish(later, tokens[items], first, reads[items], prefix(items), classes)

        return run
