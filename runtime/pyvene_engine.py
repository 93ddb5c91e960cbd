"""The reference engine: grounded terms compile to pyvene's `IntervenableConfig`.

Each of pyvene's silent faults that a term could meet is kept out by construction: locations are given for every
example (as arrays: turning nested lists into tensors would cost more than the network), every intervention's call is
counted, no two configurations share a link (a second one would see stale activations), and dims are given as ranges
(a list of two integers would be read as one).
"""

import contextlib
import importlib
import io
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ..compiler.experiments import Frame, Grounding
from ..compiler.interpret_terms import Batch
from ..compiler.terms import OutputOf, Run

from .errors import EngineRefusal
from .networks import Mlp

Frames = tuple[Tensor | None, ...]


def import_pyvene() -> Any:
    """pyvene, imported late (it is heavy) and silently (it prints on import)."""
    with contextlib.redirect_stdout(io.StringIO()):
        return importlib.import_module("pyvene")


class PyveneEngine:
    """Interchange interventions on a plain network through pyvene."""

    name = "pyvene"

    def __init__(self, network: Mlp, grounding: Grounding | None, variables: tuple[str, ...]) -> None:
        self.network, self.grounding, self.variables = network, grounding, variables
        self.pyvene = import_pyvene() if grounding is not None else None
        self.maps: list[nn.Module] = []
        if grounding is not None:
            self.maps = [self._intervention(frame) for frame in grounding.frames]
        self.calls = 0
        for intervention in self.maps:
            intervention.register_forward_hook(self._count)
        self._compiled: dict[tuple[str, ...], Any] = {}

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """See `Engine.logits`."""
        run = query.run
        if not run.assignments:
            plain: Tensor = self.network(torch.from_numpy(batch.inputs[:, run.input]))
            return plain
        groups = self._groups(run, batch)
        if len(groups) == 1:
            return self._intervened(run, groups[0][1], batch)
        order = torch.from_numpy(np.argsort(np.concatenate([rows for rows, _ in groups])))
        return torch.cat([self._intervened(run, targets, batch.take(rows)) for rows, targets in groups])[order]

    def _intervened(self, run: Run, targets: tuple[str, ...], batch: Batch) -> Tensor:
        """Logits of items on which all the targets are assigned at once."""
        tokens = torch.from_numpy(batch.inputs)
        if not targets:
            plain: Tensor = self.network(tokens[:, run.input])
            return plain
        model = self._model(targets)
        size = len(batch)
        here = [np.zeros((size, 1), dtype=np.int64)] * len(targets)
        self.calls = 0
        with parametrize.cached():
            _, logits = model(
                {"tokens": tokens[:, run.input]},
                [{"tokens": self._source(run, target, tokens, batch)} for target in targets],
                {"sources->base": (here, here)},
                subspaces=[np.tile(self._subspaces(target), (size, 1)) for target in targets],
            )
        if self.calls != len(targets):
            raise EngineRefusal(f"expected {len(targets)} interventions, {self.calls} took place")
        intervened: Tensor = logits
        return intervened

    def _groups(self, run: Run, batch: Batch) -> list[tuple[npt.NDArray[np.int64], tuple[str, ...]]]:
        """Rows of items with one set each, and the set's targets.

        Where all variables live at one site the items stay together: there, a variable outside the set may take the
        base's own value, which changes nothing. At different sites it would undo what an earlier patch does to it.
        """
        targets = tuple(assignment.target for assignment in run.assignments)
        assert self.grounding is not None
        if not run.within_set or len({frame.site for frame in self.grounding.frames}) == 1:
            return [(np.arange(len(batch)), targets)]
        columns = [batch.variables.index(target) for target in targets]
        sets, which = np.unique(batch.members[:, columns], axis=0, return_inverse=True)
        chosen = [tuple(t for t, member in zip(targets, row, strict=True) if member) for row in sets]
        return [(np.flatnonzero(which.ravel() == index), names) for index, names in enumerate(chosen)]

    def read(self, variable: str, tokens: Tensor) -> Tensor:
        """See `Engine.read`."""
        index, position = self._place(variable)
        assert self.grounding is not None
        frame = self.grounding.frames[index]
        state = self.network.state(tokens, frame.component, frame.layer)[:, 0, list(frame.dims)]
        weight = self.frames()[index]
        block = frame.blocks[position]
        return state if weight is None else state @ weight[:, block.start : block.stop]

    def trainable_frames(self, seed: int) -> Iterable[nn.Parameter]:
        """See `Engine.trainable_frames`. A frame is kept orthonormal by torch's orthogonal parametrisation."""
        parameters: list[nn.Parameter] = []
        assert self.grounding is not None
        with torch.random.fork_rng(devices=[]):  # the parametrisation draws the frame's complement
            torch.manual_seed(seed)
            for index, intervention in self._rotations():
                frame, layer = self.grounding.frames[index], intervention.rotate_layer
                if parametrize.is_parametrized(layer):
                    parametrize.remove_parametrizations(layer, "weight")
                layer.weight = nn.Parameter(torch.linalg.qr(torch.randn(len(frame.dims), frame.size)).Q)
                nn.utils.parametrizations.orthogonal(layer)
                parameters += list(layer.parameters())
        return parameters

    def frames(self) -> Frames:
        """See `Engine.frames`."""
        found: list[Tensor | None] = [None] * len(self.maps)
        for index, intervention in self._rotations():
            found[index] = intervention.rotate_layer.weight.detach().clone()
        return tuple(found)

    def set_frames(self, frames: Frames) -> None:
        """See `Engine.set_frames`."""
        for intervention, weight in zip(self.maps, frames, strict=True):
            if weight is None:
                continue
            layer: Any = intervention.rotate_layer
            if parametrize.is_parametrized(layer):
                parametrize.remove_parametrizations(layer, "weight")
            layer.weight = nn.Parameter(weight.clone(), requires_grad=False)

    def _source(self, run: Run, target: str, tokens: Tensor, batch: Batch) -> Tensor:
        """The tokens of one assignment's source; the base's own where the variable is not in the item's set."""
        value = next(assignment.value for assignment in run.assignments if assignment.target == target)
        if value.variable != target or value.run.assignments or value.run.world != run.world:
            raise EngineRefusal(f"`{target}` does not take its own value in an unintervened run of the same network")
        source = tokens[:, value.run.input]
        if not run.within_set:
            return source
        member = torch.from_numpy(batch.members[:, batch.variables.index(target)])
        return torch.where(member[:, None], source, tokens[:, run.input])

    def _model(self, targets: tuple[str, ...]) -> Any:
        """A fresh `IntervenableModel` for each set of targets."""
        if targets not in self._compiled:
            assert self.pyvene is not None
            representations = []
            for target in targets:
                index, _ = self._place(target)
                assert self.grounding is not None
                frame = self.grounding.frames[index]
                representations.append(
                    self.pyvene.RepresentationConfig(
                        component=f"{self.network.site_path(frame.component, frame.layer)}.output",
                        unit="pos",
                        max_number_of_units=1,
                        intervention=self.maps[index],
                    )
                )
            config = self.pyvene.IntervenableConfig(representations, mode="parallel")
            self._compiled[targets] = self.pyvene.IntervenableModel(config, self.network)
        return self._compiled[targets]

    def _place(self, target: str) -> tuple[int, int]:
        """A variable's frame and its block in it."""
        assert self.grounding is not None
        variable = self.variables.index(target)
        for index, frame in enumerate(self.grounding.frames):
            for position, block in enumerate(frame.blocks):
                if block.variable == variable:
                    return index, position
        raise EngineRefusal(f"`{target}` is not aligned")

    def _subspaces(self, target: str) -> list[int]:
        """The parts of the partition that a variable owns: its block, or every range of its dims."""
        index, position = self._place(target)
        assert self.grounding is not None
        frame = self.grounding.frames[index]
        return [position] if not frame.given else list(range(len(_ranges(frame.dims))))

    def _intervention(self, frame: Frame) -> nn.Module:
        pyvene = self.pyvene
        assert pyvene is not None
        if frame.given:
            vanilla: nn.Module = pyvene.VanillaIntervention(
                embed_dim=frame.width, subspace_partition=_ranges(frame.dims), keep_last_dim=False
            )
            return vanilla
        partition = [[block.start, block.stop] for block in frame.blocks]
        rotated: nn.Module = pyvene.LowRankRotatedSpaceIntervention(
            embed_dim=len(frame.dims), low_rank_dimension=frame.size, subspace_partition=partition
        )
        return rotated if len(frame.dims) == frame.width else _within_dims(rotated, frame.dims)

    def _rotations(self) -> list[tuple[int, Any]]:
        """The learned maps by the index of their frame."""
        frames = () if self.grounding is None else self.grounding.frames
        return [(index, self.maps[index]) for index, frame in enumerate(frames) if not frame.given]

    def _count(self, *_: object) -> None:
        self.calls += 1


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
