"""The fast way to run: what no edit changes is taken from captures, and only what follows it is computed."""

import torch
from torch import Tensor

from ..networks.protocol import Network
from .captures import Captures
from .runs import EditsFrom


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

    def edited_logits(self, tokens: Tensor, reads: Tensor, edits: EditsFrom, earliest: int) -> Tensor:
        """See `Runs.edited_logits`: of the positions before `earliest` only keys and values are needed."""
        first = min(self.network.layer_of(component, layer) for component, layer, _, _ in edits(0))
        state = self.captures.state(tokens, first)
        prefix = self.captures.prefix(tokens, first, earliest) if earliest else None
        if prefix is None:
            with self.network.edited(edits(0)):
                return self.network.finish(state, tokens, first, reads)
        with self.network.edited(edits(earliest)):
            return self.network.finish(state[:, earliest:], tokens, first, reads, prefix)
