"""Runs by a schedule: what it says is kept is kept, what it leaves out is left out, and every other run is whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler.schedule import Schedule
from ..networks.protocol import Network
from ..networks.stages import take_reads
from .captures import Captures
from .fed import Fed
from .feed import Where, take_positions
from .narrow_captures import Bases
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

    def logits(self, fed: Fed) -> Tensor:
        """See `Runs.logits`: of captures the last state, since logits may be many."""
        tokens, last = fed.tokens, self.network.last_stage
        if not self.schedule.suffixes:
            return self._finish(self.network.start(tokens), tokens, 0, fed.reads)
        if not self.schedule.narrow:
            return self._finish(self.captures.state(tokens, last, self.schedule), tokens, last, fed.reads)
        state = self.captures.narrow.answers(fed)
        count = state.shape[1]
        return self._finish(
            state, tokens[:, :count], last, torch.arange(count, device=self.device).expand(len(state), -1)
        )

    def site(self, fed: Fed, component: str, layer: int | None) -> Tensor:
        """See `Runs.site`."""
        if self.schedule.captured:
            return self.captures.site(fed.tokens, component, layer, fed.reads, self.schedule)
        return read_whole(self.network, fed.tokens, component, layer, fed.reads, self.schedule.exits)

    def read(self, fed: Fed, sites: Sequence[Site], where: Sequence[Where]) -> list[Tensor]:
        """See `Runs.read`: of captures earlier sites first, since later states go on from them; else in one run."""
        if self.schedule.narrow and not any(component == "logits" for component, _ in sites):
            return self.captures.narrow.read(fed, sites, where, self.schedule)
        if self.schedule.captured:
            order = sorted(range(len(sites)), key=lambda index: self.network.layer_of(*sites[index]))
            each = {index: self.site(fed, *sites[index]) for index in order}
            found = [each[index] for index in range(len(sites))]
        else:
            found = read_several(self.network, fed.tokens, sites, fed.reads, self.schedule.exits)
        return [take_positions(activation, at) for activation, at in zip(found, where, strict=True)]

    def edited_runner(
        self, fed: Fed, sites: Sequence[Site], earliest: int, classes: Tensor | None = None
    ) -> EditedRunner:
        """See `Runs.edited_runner`: inputs are looked up once.

        An answer that is read before the first edited position is no part of what follows, so that a run with a prefix
        starts there.
        """
        network, schedule, tokens, reads = self.network, self.schedule, fed.tokens, fed.reads
        first = min(network.layer_of(component, layer) for component, layer in sites) if schedule.suffixes else 0
        bases = self._bases(fed, first, min(earliest, int(reads.min())) if schedule.prefixes else 0)
        if bases.prefix is None and bases.begins:
            tokens, reads = tokens[:, bases.begins :], reads - bases.begins
        everywhere = reads[:1] if bool((reads == reads[:1]).all()) else None

        def run(items: Tensor, edits: EditsFrom) -> Tensor:
            some = tokens.index_select(0, items)
            at = reads.index_select(0, items) if everywhere is None else everywhere.expand(len(items), -1)
            if bases.prefix is not None:
                state = network.start(some)[:, bases.begins :] if bases.state is None else bases.state(items)
                with network.edited(edits(bases.begins)):
                    return self._finish(state, some, first, at, bases.prefix(items), classes)
            with network.edited(edits(bases.begins)):
                state = network.start(some) if bases.state is None else bases.state(items)
                return self._finish(state, some, first, at, None, classes)

        return run

    def _bases(self, fed: Fed, first: int, begins: int) -> Bases:
        """What edited runs from the stage `first` on begin with, as the schedule has it."""
        captures, schedule = self.captures, self.schedule
        if schedule.narrow:
            return captures.narrow.bases(fed, first, begins, schedule)
        state = captures.state_reader(fed.tokens, first, schedule) if schedule.suffixes else None
        prefix = captures.prefix_reader(fed.tokens, first, begins, schedule) if schedule.prefixes else None
        begins = begins if prefix is not None else 0
        return Bases(begins, None if state is None else lambda items: state(items, begins), prefix)

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
