"""The reference engine: grounded terms compile to pyvene's `IntervenableConfig`.

Each of pyvene's silent faults that a term could meet is kept out by construction: locations are given for every
example (as arrays: turning nested lists into tensors would cost more than the network), every intervention's call is
counted, no two configurations share a link (a second one would see stale activations), and dims are given as ranges
(a list of two integers would be read as one).
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...compiler.experiments import Encoding
from ...compiler.groundings import Frame, Grounding, Positions
from ...compiler.interpret_terms import Batch
from ...compiler.row_layout import Position
from ...compiler.terms import OutputOf, Run, Value
from ..errors import EngineRefusal
from ..maps.feature_map import FeatureMap
from ..networks.protocol import Network, read_site
from ..networks.stages import take_reads
from .changes import Change, assigned, change_to
from .feed import Feed, block_features, site_vectors, take_positions
from .generate import Generated
from .import_pyvene import import_pyvene
from .protocol import Prepared
from .pyvene_groups import group_items, swapped_input
from .pyvene_hooks import after_interventions
from .pyvene_hosts import HookedSite, host_of
from .pyvene_interventions import build_given, build_intervention, partition_parts


class PyveneEngine:
    """Interchange interventions through pyvene.

    Given dims and subspaces at one position run as pyvene's own interventions, with the weights of our maps; any other
    map runs as an intervention that calls it.
    """

    name = "pyvene"

    def __init__(
        self,
        network: Network,
        encoding: Encoding,
        grounding: Grounding | None,
        variables: tuple[str, ...],
        maps: tuple[FeatureMap, ...],
        at_once: int,
    ) -> None:
        self._at_once = at_once
        self.network, self.feed, self.variables, self.maps = network, Feed(encoding), variables, maps
        self.host = host_of(network)
        self.grounding = Grounding(()) if grounding is None else grounding
        for frame in self.grounding.frames:
            if any(isinstance(p, Position) and p.part == "all" and p.index is None for p in frame.positions):
                raise EngineRefusal(f"pyvene sets as many tokens in every prompt, and at `{frame.site}` prompts differ")
            if frame.further:
                raise EngineRefusal(f"pyvene sets one site with each map, and `{frame.site}` are several")
            if frame.autoencoder is not None and len(frame.blocks) > 1:
                # it makes one patch after the other, and the second would read what the first one rebuilt
                raise EngineRefusal("pyvene exchanges features of an autoencoder for one variable only")
        self.pyvene = import_pyvene() if grounding is not None else None
        self.calls = 0
        self._compiled: dict[tuple[tuple[str, bool], ...], Any] = {}
        self._changes: dict[str, Change] = {}

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """See `Engine.logits`."""
        run = query.run
        batch = self.feed.force(batch, run.input)
        if not run.assignments:
            return self._plain(torch.from_numpy(batch.inputs[:, run.input]), batch.further)
        return self._by_groups(run, batch, lambda targets, items: self._intervened(run, targets, items))

    @contextlib.contextmanager
    def using(self, maps: tuple[FeatureMap, ...]) -> Iterator[None]:
        """See `Engine.using`: interventions are compiled for their maps."""
        before = self.maps, self._compiled
        self.maps, self._compiled = maps, self._compiled if maps is self.maps else {}
        try:
            yield
        finally:
            self.maps, self._compiled = before

    @property
    def at_once(self) -> int:
        """See `Engine.at_once`."""
        return self._at_once

    def prepare(self, query: OutputOf, batch: Batch, classes: tuple[int, ...]) -> Prepared:
        """See `Engine.prepare`: nothing is."""
        return lambda rows: self.logits(query, batch.take(rows.numpy()))[..., list(classes)]

    def _plain(self, rows: Tensor, further: int | None) -> Tensor:
        """Logits of unedited runs, at the answers."""
        output = self.host.root(**self.host.inputs(self.feed.tokens(rows)))
        return take_reads(self.host.logits(output), self.feed.reads(rows, further))

    def _by_groups(self, run: Run, batch: Batch, read: Callable[[tuple[str, ...], Batch], Tensor]) -> Tensor:
        """What is read of each group's items, in the order of the batch."""
        groups = self._groups(run, batch)
        if len(groups) == 1:
            return read(groups[0][1], batch)
        order = torch.from_numpy(np.argsort(np.concatenate([rows for rows, _ in groups])))
        return torch.cat([read(targets, batch.take(rows)) for rows, targets in groups])[order]

    def _intervened(self, run: Run, targets: tuple[str, ...], batch: Batch) -> Tensor:
        """Logits of items on which all the targets are assigned at once."""
        tokens = torch.from_numpy(batch.inputs)
        self.calls = 0
        if not targets:
            return self._plain(tokens[:, run.input], batch.further)
        values = dict(assigned(run))
        inputs = {target: swapped_input(run, target, values[target]) for target in targets}
        size = len(batch)
        frames = [self.grounding.frames[self._place(target)[0]] for target in targets]
        sources = [self._source(run, inputs[target], target, tokens, batch) for target in targets]
        changed = (target for target in targets if inputs[target] is None)
        changes = {target: self._change(run, target, values[target], batch) for target in changed}
        self.calls, self._changes = 0, changes
        model = self._model(tuple((target, target not in changes) for target in targets))
        for frame in frames:
            self.feed.where_set(frame, tokens[:, run.input])
        here = [self._locations(frame, tokens[:, run.input]) for frame in frames]
        there = [self._locations(frame, source) for frame, source in zip(frames, sources, strict=True)]
        _, output = model(
            self.host.inputs(self.feed.tokens(tokens[:, run.input])),
            [self.host.inputs(self.feed.tokens(source)) for source in sources],
            {"sources->base": (there, here)},
            subspaces=[np.tile(partition_parts(self._site(frame), frame), (size, 1)) for frame in frames],
        )
        if self.calls != len(targets):
            raise EngineRefusal(f"expected {len(targets)} interventions, {self.calls} took place")
        return take_reads(self.host.logits(output), self.feed.reads(tokens[:, run.input], batch.further))

    def _groups(self, run: Run, batch: Batch) -> list[tuple[npt.NDArray[np.int64], tuple[str, ...]]]:
        frame_of = {target: self._place(target)[0] for target, _ in assigned(run)}
        return group_items(run, batch, self.grounding.frames, self.maps, frame_of)

    def generate(self, query: OutputOf, batch: Batch, limit: int, ends: tuple[int, ...]) -> Generated:
        """See `Engine.generate`."""
        raise EngineRefusal("an answer that is generated token by token is no interchange of pyvene's: use `hooks`")

    def logits_after(self, query: OutputOf, batch: Batch, edit: Callable[[Tensor], Tensor]) -> Tensor:
        """See `Engine.logits_after`."""
        groups = self._groups(query.run, batch)
        if len(groups) > 1:
            raise EngineRefusal("what no variable owns is set where all variables live at one layer")
        ((_, targets),) = groups

        def edited(state: Tensor) -> Tensor | None:
            # The module also runs for the sources; in the base's run every intervention has been called by now.
            return edit(state) if self.calls == len(targets) else None

        with after_interventions(self.host, self._site(self.grounding.frames[0]), edited):
            return self._intervened(query.run, targets, batch)

    def activation(self, frame: int, tokens: Tensor, part: int = 0) -> Tensor:
        """See `Engine.activation`."""
        place = self.grounding.frames[frame].parts[part]
        return read_site(self.network, self.feed.tokens(tokens), *place.activation, self.feed.reads(tokens))

    def activation_at(self, positions: Positions, frame: int, rows: Tensor, part: int = 0) -> Tensor:
        """See `Engine.activation_at`."""
        return take_positions(self.activation(frame, rows, part), self.feed.find(positions, rows))

    def states(self, frame: int, tokens: Tensor) -> Tensor:
        """See `Engine.states`."""
        place = self.grounding.frames[frame]
        return site_vectors(place, [self.activation(frame, tokens)], self.feed.where(place, tokens))

    def vectors(self, frame: int, source: Run, batch: Batch) -> Tensor:
        """See `Engine.vectors`."""
        rows = torch.from_numpy(batch.inputs[:, source.input])
        if not source.assignments:
            return self.states(frame, rows)
        place = self.grounding.frames[frame]
        return site_vectors(place, [self._intervened_activation(frame, source, batch)], self.feed.where(place, rows))

    def answer_and_read(self, query: OutputOf, frames: Sequence[int], batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """See `Engine.answer_and_read`: nothing is read in a run in which something is set."""
        return self.logits(query, batch), [self.vectors(frame, query.run, batch) for frame in frames]

    def intervened_at(self, positions: Positions, frame: int, run: Run, batch: Batch, part: int = 0) -> Tensor:
        """See `Engine.intervened_at`."""
        rows = torch.from_numpy(batch.inputs[:, run.input])
        return take_positions(self._intervened_activation(frame, run, batch), self.feed.find(positions, rows))

    def _intervened_activation(self, frame: int, run: Run, batch: Batch) -> Tensor:
        """The whole activation of a frame's layer in a run with its assignments made: [item, position, width]."""
        site = self._site(self.grounding.frames[frame])

        def read(targets: tuple[str, ...], items: Batch) -> Tensor:
            found: list[Tensor] = []
            with after_interventions(self.host, site, lambda state: found.append(state.clone())):
                self._intervened(run, targets, items)
            return found[-1]  # the base runs after the sources

        return self._by_groups(run, batch, read)

    def read(self, variable: str, tokens: Tensor) -> Tensor:
        """See `Engine.read`."""
        frame, block = self._place(variable)
        return block_features(self.maps[frame], block, self.states(frame, tokens))

    def read_in(self, variable: str, run: Run, batch: Batch) -> Tensor:
        """See `Engine.read_in`."""
        frame, block = self._place(variable)
        return block_features(self.maps[frame], block, self.vectors(frame, run, batch))

    def _change(self, run: Run, target: str, value: Value, batch: Batch) -> Change:
        """What becomes of a variable's frame under any other value. Runs that it is read in are made now."""
        frame, _ = self._place(target)
        fixed = {each: torch.from_numpy(mean) for each, mean in batch.fixed.items()}
        drawn = {each: torch.from_numpy(own) for each, own in batch.drawn.items()}

        def vectors(source: Run) -> Tensor:
            return self.vectors(frame, source, batch)

        return change_to(target, value, run, self.maps[frame], fixed, drawn, vectors)

    def _source(self, run: Run, source_input: int | None, target: str, tokens: Tensor, batch: Batch) -> Tensor:
        """The tokens of one assignment's source; the base's own where it has none, or is not in the item's set."""
        if source_input is None:
            return tokens[:, run.input]
        source = tokens[:, source_input]
        if not run.within_set:
            return source
        member = torch.from_numpy(batch.members[:, batch.variables.index(target)])
        return torch.where(member[:, None], source, tokens[:, run.input])

    def _locations(self, frame: Frame, rows: Tensor) -> npt.NDArray[np.int64]:
        """A frame's positions in each row, shape [item, position]."""
        (where,) = self.feed.where(frame, rows)
        return np.tile(np.array(where), (len(rows), 1)) if isinstance(where, tuple) else where.numpy()

    def _model(self, targets: tuple[tuple[str, bool], ...]) -> Any:
        """A fresh `IntervenableModel` for each set of targets, and which of them swap."""
        if targets not in self._compiled:
            assert self.pyvene is not None
            representations = []
            for target, swaps in targets:
                index, block = self._place(target)
                frame, map = self.grounding.frames[index], self.maps[index]
                site = self._site(frame)
                if swaps:
                    intervention = build_intervention(self.pyvene, site, frame, map, block)
                else:
                    change = partial(self._changed, target)
                    intervention = build_given(self.pyvene, site, frame, map, block, change)
                intervention.register_forward_hook(self._count)
                representations.append(
                    self.pyvene.RepresentationConfig(
                        component=site.component,
                        unit="pos",
                        max_number_of_units=len(frame.positions),
                        intervention=intervention,
                    )
                )
            config = self.pyvene.IntervenableConfig(representations, mode="parallel")
            self._compiled[targets] = self.pyvene.IntervenableModel(config, self.host.root)
        return self._compiled[targets]

    def _changed(self, target: str, features: Tensor) -> Tensor:
        """What becomes of a variable's features in the run that is being made."""
        return self._changes[target](features)

    def _place(self, target: str) -> tuple[int, int]:
        """A variable's frame and its block in it."""
        variable = self.variables.index(target)
        for index, frame in enumerate(self.grounding.frames):
            for position, block in enumerate(frame.blocks):
                if block.variable == variable:
                    return index, position
        raise EngineRefusal(f"`{target}` is not aligned")

    def _site(self, frame: Frame) -> HookedSite:
        return self.host.hooked(frame.component, frame.layer, frame.width or max(frame.dims) + 1)

    def _count(self, *_: object) -> None:
        self.calls += 1
