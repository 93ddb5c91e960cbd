"""The fast way to run: what no edit changes is taken from captures, and only what follows it is computed."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..networks.protocol import Network, SiteEdit
from .captures import Captures
from .runs import EditedRunner, Site


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

    def edited_logits(self, tokens: Tensor, reads: Tensor, edits: Sequence[SiteEdit], earliest: int) -> Tensor:
        """See `Runs.edited_logits`."""
        first = min(self.network.layer_of(component, layer) for component, layer, _, _ in edits)
        state = self.captures.state(tokens, first)
        with self.network.edited(edits):
            return self.network.finish(state, tokens, first, reads)

    def edited_runner(self, tokens: Tensor, reads: Tensor, sites: Sequence[Site], earliest: int) -> EditedRunner:
        """See `Runs.edited_runner`: the inputs are looked up once."""
        first = min(self.network.layer_of(component, layer) for component, layer in sites)
        state = self.captures.state_reader(tokens, first)

        def run(rows: Tensor, edits: Sequence[SiteEdit]) -> Tensor:
            with self.network.edited(edits):
                return self.network.finish(state(rows), tokens[rows], first, reads[rows])

        return run
