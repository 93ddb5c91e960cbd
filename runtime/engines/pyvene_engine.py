"""The reference engine: grounded terms compile to pyvene's `IntervenableConfig`.

Each of pyvene's silent faults that a term could meet is kept out by construction: locations are given for every
example (as arrays: turning nested lists into tensors would cost more than the network), every intervention's call is
counted, no two configurations share a link (a second one would see stale activations), and dims are given as ranges
(a list of two integers would be read as one).
"""

import contextlib
import importlib
import io
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from ...compiler.experiments import Encoding
from ...compiler.groundings import Frame, Grounding, Positions
from ...compiler.interpret_terms import Batch
from ...compiler.terms import OutputOf, Run, taken_values
from ..errors import EngineRefusal
from ..maps.feature_map import FeatureMap
from ..maps.subspace import SubspaceMap
from ..networks import PlainNetwork
from ..networks.protocol import read_site
from ..networks.stages import take_reads
from .feed import Feed, site_vectors, take_positions
from .protocol import Prepared


def import_pyvene() -> Any:
    """pyvene, imported late (it is heavy) and silently (it prints on import)."""
    with contextlib.redirect_stdout(io.StringIO()):
        return importlib.import_module("pyvene")


class PyveneEngine:
    """Interchange interventions on a plain network through pyvene.

    Given dims and subspaces at one position run as pyvene's own interventions, with the weights of our maps; any other
    map runs as an intervention that calls it.
    """

    name = "pyvene"

    def __init__(
        self,
        network: PlainNetwork,
        encoding: Encoding,
        grounding: Grounding | None,
        variables: tuple[str, ...],
        maps: tuple[FeatureMap, ...],
    ) -> None:
        self.network, self.feed, self.variables, self.maps = network, Feed(encoding), variables, maps
        self.grounding = Grounding(()) if grounding is None else grounding
        self.pyvene = import_pyvene() if grounding is not None else None
        self.calls = 0
        self._compiled: dict[tuple[str, ...], Any] = {}

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """See `Engine.logits`."""
        run = query.run
        if not run.assignments:
            return self._answers(self.network, torch.from_numpy(batch.inputs[:, run.input]))
        return self._by_groups(run, batch, lambda targets, items: self._intervened(run, targets, items))

    def prepare(self, query: OutputOf, batch: Batch) -> Prepared:
        """See `Engine.prepare`: nothing is."""
        return lambda rows: self.logits(query, batch.take(rows.numpy()))

    def _answers(self, network: PlainNetwork, rows: Tensor) -> Tensor:
        return take_reads(network(self.feed.tokens(rows)), self.feed.reads(rows))

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
            return self._answers(self.network, tokens[:, run.input])
        model = self._model(targets)
        size = len(batch)
        frames = [self.grounding.frames[self._place(target)[0]] for target in targets]
        sources = [self._source(run, target, tokens, batch) for target in targets]
        here = [self._locations(frame, tokens[:, run.input]) for frame in frames]
        there = [self._locations(frame, source) for frame, source in zip(frames, sources, strict=True)]
        _, logits = model(
            {"tokens": self.feed.tokens(tokens[:, run.input])},
            [{"tokens": self.feed.tokens(source)} for source in sources],
            {"sources->base": (there, here)},
            subspaces=[np.tile(_subspaces(frame), (size, 1)) for frame in frames],
        )
        if self.calls != len(targets):
            raise EngineRefusal(f"expected {len(targets)} interventions, {self.calls} took place")
        return take_reads(logits, self.feed.reads(tokens[:, run.input]))

    def _groups(self, run: Run, batch: Batch) -> list[tuple[npt.NDArray[np.int64], tuple[str, ...]]]:
        """Rows of items with one set each, and the set's targets.

        Where all variables live at one layer the items stay together: there, a variable outside the set may take the
        base's own value, which changes nothing. At different layers it would undo what an earlier patch does to it.
        """
        targets = tuple(target for target, _ in taken_values(run))
        if not run.within_set or len({(frame.component, frame.layer) for frame in self.grounding.frames}) == 1:
            return [(np.arange(len(batch)), targets)]
        columns = [batch.variables.index(target) for target in targets]
        sets, which = np.unique(batch.members[:, columns], axis=0, return_inverse=True)
        chosen = [tuple(t for t, member in zip(targets, row, strict=True) if member) for row in sets]
        return [(np.flatnonzero(which.ravel() == index), names) for index, names in enumerate(chosen)]

    def logits_after(self, query: OutputOf, batch: Batch, edit: Callable[[Tensor], Tensor]) -> Tensor:
        """See `Engine.logits_after`."""
        groups = self._groups(query.run, batch)
        if len(groups) > 1:
            raise EngineRefusal("what no variable owns is set where all variables live at one layer")
        ((_, targets),) = groups

        def edited(state: Tensor) -> Tensor | None:
            # The module also runs for the sources; in the base's run every intervention has been called by now.
            return edit(state) if self.calls == len(targets) else None

        with self._after_interventions(0, edited):
            return self._intervened(query.run, targets, batch)

    def activation(self, frame: int, tokens: Tensor) -> Tensor:
        """See `Engine.activation`."""
        place = self.grounding.frames[frame]
        return read_site(self.network, self.feed.tokens(tokens), place.component, place.layer, self.feed.reads(tokens))

    def at(self, positions: Positions, activation: Tensor, rows: Tensor) -> Tensor:
        """See `Engine.at`."""
        return take_positions(activation, self.feed.find(positions, rows))

    def states(self, frame: int, tokens: Tensor) -> Tensor:
        """See `Engine.states`."""
        place = self.grounding.frames[frame]
        return site_vectors(place, self.activation(frame, tokens), self.feed.where(place, tokens))

    def intervened_activation(self, frame: int, run: Run, batch: Batch) -> Tensor:
        """See `Engine.intervened_activation`."""

        def read(targets: tuple[str, ...], items: Batch) -> Tensor:
            found: list[Tensor] = []
            with self._after_interventions(frame, lambda state: found.append(state.clone())):
                self._intervened(run, targets, items)
            return found[-1]  # the base runs after the sources

        return self._by_groups(run, batch, read)

    @contextlib.contextmanager
    def _after_interventions(self, frame: int, hook: Callable[[Tensor], Tensor | None]) -> Iterator[None]:
        """Call a hook on the activation of a frame's layer in every run, after what pyvene does to it there.

        pyvene first removes every hook that a network has, and then adds its own, which are called before those that
        are added later. So this one is added whenever the layer is reached, by a hook on all modules.
        """
        place, handles = self.grounding.frames[frame], list[RemovableHandle]()
        site = self.network.site_module(place.component, place.layer)

        def add(module: nn.Module, _: object) -> None:
            if module is site:
                while handles:
                    handles.pop().remove()
                handles.append(module.register_forward_hook(lambda _, __, output: hook(output)))

        adding = register_module_forward_pre_hook(add)
        try:
            yield
        finally:
            for handle in (adding, *handles):
                handle.remove()

    def read(self, variable: str, tokens: Tensor) -> Tensor:
        """See `Engine.read`."""
        frame, block = self._place(variable)
        features, _ = self.maps[frame].featurise(self.states(frame, tokens))
        return features[..., self.maps[frame].share(block) > 0].flatten(1)

    def _source(self, run: Run, target: str, tokens: Tensor, batch: Batch) -> Tensor:
        """The tokens of one assignment's source; the base's own where the variable is not in the item's set."""
        value = next(value for taken, value in taken_values(run) if taken == target)
        if value.variable != target or value.run.assignments or value.run.world != run.world:
            raise EngineRefusal(f"`{target}` does not take its own value in an unintervened run of the same network")
        source = tokens[:, value.run.input]
        if not run.within_set:
            return source
        member = torch.from_numpy(batch.members[:, batch.variables.index(target)])
        return torch.where(member[:, None], source, tokens[:, run.input])

    def _locations(self, frame: Frame, rows: Tensor) -> npt.NDArray[np.int64]:
        """A frame's positions in each row, shape [item, position]."""
        where = self.feed.where(frame, rows)
        return np.tile(np.array(where), (len(rows), 1)) if isinstance(where, tuple) else where.numpy()

    def _model(self, targets: tuple[str, ...]) -> Any:
        """A fresh `IntervenableModel` for each set of targets."""
        if targets not in self._compiled:
            assert self.pyvene is not None
            representations = []
            for target in targets:
                index, block = self._place(target)
                frame = self.grounding.frames[index]
                intervention = self._intervention(frame, self.maps[index], block)
                intervention.register_forward_hook(self._count)
                representations.append(
                    self.pyvene.RepresentationConfig(
                        component=f"{self.network.site_path(frame.component, frame.layer)}.output",
                        unit="pos",
                        max_number_of_units=len(frame.positions),
                        intervention=intervention,
                    )
                )
            config = self.pyvene.IntervenableConfig(representations, mode="parallel")
            self._compiled[targets] = self.pyvene.IntervenableModel(config, self.network)
        return self._compiled[targets]

    def _place(self, target: str) -> tuple[int, int]:
        """A variable's frame and its block in it."""
        variable = self.variables.index(target)
        for index, frame in enumerate(self.grounding.frames):
            for position, block in enumerate(frame.blocks):
                if block.variable == variable:
                    return index, position
        raise EngineRefusal(f"`{target}` is not aligned")

    def _intervention(self, frame: Frame, map: FeatureMap, block: int) -> nn.Module:
        """pyvene's own intervention where it has one for the map, else one that calls the map."""
        pyvene = self.pyvene
        assert pyvene is not None
        if _is_vanilla(frame):
            vanilla: nn.Module = pyvene.VanillaIntervention(
                embed_dim=frame.width, subspace_partition=_ranges(frame.dims), keep_last_dim=False
            )
            return vanilla
        if isinstance(map, SubspaceMap) and len(frame.positions) == 1:
            owner = frame.blocks[block]
            rotated: Any = pyvene.LowRankRotatedSpaceIntervention(
                embed_dim=len(frame.dims),
                low_rank_dimension=frame.size,
                subspace_partition=[[owner.start, owner.stop]],
            )
            rotated.rotate_layer = _Rotation(map)
            whole: nn.Module = rotated
            return whole if len(frame.dims) == frame.width else _within_dims(whole, frame.dims)
        return _by_map(pyvene.VanillaIntervention(embed_dim=frame.width), frame, map, block)

    def _count(self, *_: object) -> None:
        self.calls += 1


class _Rotation(nn.Module):
    """A map's frame in the place of the layer that pyvene's intervention would train."""

    def __init__(self, map: SubspaceMap) -> None:
        super().__init__()
        self.map = map

    @property
    def weight(self) -> Tensor:
        return self.map.frame.weight

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight


def _is_vanilla(frame: Frame) -> bool:
    return frame.given and len(frame.positions) == 1


def _subspaces(frame: Frame) -> list[int]:
    """The parts of the partition that an intervention swaps: every range of given dims, else its one block."""
    return list(range(len(_ranges(frame.dims)))) if _is_vanilla(frame) else [0]


def _ranges(dims: tuple[int, ...]) -> list[list[int]]:
    """Dims as half-open ranges: pyvene reads a list of two integers as one."""
    breaks = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(dims)) if b != a + 1), len(dims)]
    return [[dims[start], dims[stop - 1] + 1] for start, stop in pairwise(breaks)]


def _within_dims(rotated: nn.Module, dims: tuple[int, ...]) -> nn.Module:
    """The same intervention on some dims of its site; the others stay as they are."""
    whole = rotated.forward

    def forward(base: Tensor, source: Tensor, subspaces: Any = None, **options: Any) -> Tensor:
        columns = list(dims)
        changed = base.clone()
        changed[..., columns] = whole(base[..., columns], source[..., columns], subspaces, **options)
        return changed

    rotated.forward = forward
    return rotated


def _by_map(intervention: nn.Module, frame: Frame, map: FeatureMap, block: int) -> nn.Module:
    """An intervention that swaps a block of our map at the frame's positions."""

    def forward(base: Tensor, source: Tensor, subspaces: Any = None, **options: Any) -> Tensor:
        columns = list(frame.dims)
        vectors, sources = (
            state[..., columns] if frame.shared else state[..., columns].flatten(1)[:, None] for state in (base, source)
        )
        features, error = map.featurise(vectors)
        swapped = torch.lerp(features, map.featurise(sources)[0], map.share(block).expand_as(features))
        changed = base.clone()
        changed[..., columns] = map.inverse(swapped, error).reshape(changed[..., columns].shape)
        return changed

    intervention.forward = forward
    return intervention
