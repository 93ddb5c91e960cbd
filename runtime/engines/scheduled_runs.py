"""Runs by a schedule: what it says is kept is kept, what it leaves out is left out, and every other run is whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler.schedule import Schedule
from ..networks.protocol import Network
from ..networks.stages import take_reads
from .captures import Captures
from .runs import EditedRunner, EditsFrom, Site
from .whole_runs import read_several, read_whole

if TYPE_CHECKING:
    from ..networks.prefix import Prefix


class ScheduledRuns:
    """Runs of one network as a step's schedule has them: `Runs`, for the engines `fused` and `hooks`."""

    def __init__(
        self, name: str, network: Network, device: torch.device, captures: Captures, schedule: Schedule
    ) -> None:
        self.name, self.network, self.device = name, network, device
        self.captures, self.schedule = captures, schedule

    def logits(self, tokens: Tensor, reads: Tensor) -> Tensor:
        """See `Runs.logits`: of captures the last state, since logits may be many."""
        if not self.schedule.suffixes:
            return self._finish(self.network.start(tokens), tokens, 0, reads)
        last = self.network.last_stage
        return self._finish(self.captures.state(tokens, last, self.schedule), tokens, last, reads)

    def site(self, tokens: Tensor, component: str, layer: int | None, reads: Tensor) -> Tensor:
        """See `Runs.site`."""
        if self.schedule.captured:
            return self.captures.site(tokens, component, layer, reads, self.schedule)
        return read_whole(self.network, tokens, component, layer, reads, self.schedule.exits)

    def sites(self, tokens: Tensor, sites: Sequence[Site], reads: Tensor) -> list[Tensor]:
        """See `Runs.sites`: of captures earlier ones first, since later states go on from them; else in one run."""
        if not self.schedule.captured:
            return read_several(self.network, tokens, sites, reads, self.schedule.exits)
        order = sorted(range(len(sites)), key=lambda index: self.network.layer_of(*sites[index]))
        found = {index: self.site(tokens, *sites[index], reads) for index in order}
        return [found[index] for index in range(len(sites))]

    def edited_runner(
        self, tokens: Tensor, reads: Tensor, sites: Sequence[Site], earliest: int, classes: Tensor | None = None
    ) -> EditedRunner:
        """See `Runs.edited_runner`: inputs are looked up once.

        An answer that is read before the first edited position is no part of what follows, so that a run with a prefix
        starts there.
        """
        network, schedule = self.network, self.schedule
        first = min(network.layer_of(component, layer) for component, layer in sites) if schedule.suffixes else 0
        captured = self.captures.state_reader(tokens, first, schedule) if schedule.suffixes else None
        begins = min(earliest, int(reads.min())) if schedule.prefixes else 0
        prefix = self.captures.prefix_reader(tokens, first, begins, schedule) if schedule.prefixes else None
        everywhere = reads[:1] if bool((reads == reads[:1]).all()) else None

        def run(items: Tensor, edits: EditsFrom) -> Tensor:
            some = tokens.index_select(0, items)
            at = reads.index_select(0, items) if everywhere is None else everywhere.expand(len(items), -1)
            if prefix is not None:
                state = network.start(some)[:, begins:] if captured is None else captured(items, begins)
                with network.edited(edits(begins)):
                    return self._finish(state, some, first, at, prefix(items), classes)
            with network.edited(edits(0)):
                state = network.start(some) if captured is None else captured(items, 0)
                return self._finish(state, some, first, at, None, classes)

        return run

    def _finish(
        self,
        state: Tensor,
        tokens: Tensor,
        first: int,
        reads: Tensor,
        prefix: "Prefix | None" = None,
        classes: Tensor | None = None,
    ) -> Tensor:
        """Logits at `reads`, of some classes or of all, as `Network.finish`; what else is computed is thrown away."""
        match self.schedule.logits:
            case "declared":
                return self.network.finish(state, tokens, first, reads, prefix, classes)
            case "where read":
                logits = self.network.finish(state, tokens, first, reads, prefix)
            case "everywhere":
                begins = 0 if prefix is None else prefix.length
                every = torch.arange(state.shape[1], device=self.device) + begins
                logits = self.network.finish(state, tokens, first, every.expand(len(state), -1), prefix)
                logits = take_reads(logits, reads - begins)
        return logits if classes is None else logits[..., classes]
