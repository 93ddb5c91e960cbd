"""The plain engine: terms run through forward hooks on the network's sites, and nothing else.

A source run is read where the term says, its features take the base's place in the variable's block, and the vector is
rebuilt with the base's error. An item whose set lacks a variable keeps its own features there, whatever the map.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..compiler import terms
from ..compiler.groundings import Frame, Grounding
from ..compiler.interpret_terms import Batch
from ..compiler.terms import Handle, OutputOf, Run, ValueOf
from .errors import EngineRefusal

if TYPE_CHECKING:
    from .maps.feature_map import FeatureMap
    from .networks import PlainNetwork

Edit = Callable[[Tensor], Tensor]
"""What becomes of a site's activation, shape [item, position, width]."""
Value = Callable[[Tensor], Tensor]
"""What becomes of a frame's features, shape [item, group, feature]."""


class HooksEngine:
    """Interventions on a plain network, or a compiled transformer, through forward hooks."""

    name = "hooks"

    def __init__(
        self,
        network: "PlainNetwork",
        grounding: Grounding | None,
        variables: tuple[str, ...],
        maps: "tuple[FeatureMap, ...]",
    ) -> None:
        self.network, self.variables, self.maps = network, variables, maps
        self.frames = () if grounding is None else grounding.frames

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """See `Engine.logits`."""
        tokens = torch.from_numpy(batch.inputs[:, query.run.input])
        if not query.run.assignments:
            return run_distinct(self.network, tokens)
        first = self._first_edited(query.run)
        before = run_distinct(self._reader(first), tokens)
        with self._edited(query.run, batch):
            return self.network.resume(first.layer, before)

    def logits_after(self, query: OutputOf, batch: Batch, edit: Edit) -> Tensor:
        """See `Engine.logits_after`."""
        place = self.frames[0]
        with self._edited(query.run, batch):
            handle = self.network.site_module(place.component, place.layer).register_forward_hook(
                lambda _, __, output: edit(output)
            )
            try:
                logits: Tensor = self.network(torch.from_numpy(batch.inputs[:, query.run.input]))
            finally:
                handle.remove()
        return logits

    def activation(self, frame: int, tokens: Tensor) -> Tensor:
        """See `Engine.activation`."""
        place = self.frames[frame]
        return self.network.state(tokens, place.component, place.layer)

    def states(self, frame: int, tokens: Tensor) -> Tensor:
        """See `Engine.states`."""
        place = self.frames[frame]
        return site_vectors(place, run_distinct(self._reader(place), tokens))

    def intervened_activation(self, frame: int, run: Run, batch: Batch) -> Tensor:
        """See `Engine.intervened_activation`."""
        place, found = self.frames[frame], list[Tensor]()
        with self._edited(run, batch):
            site = self.network.site_module(place.component, place.layer)
            handle = site.register_forward_hook(lambda _, __, output: found.append(output))
            try:
                self.network(torch.from_numpy(batch.inputs[:, run.input]))
            finally:
                handle.remove()
        return found[0]

    def read(self, variable: str, tokens: Tensor) -> Tensor:
        """See `Engine.read`."""
        frame, block = self._place(variable)
        features, _ = self.maps[frame].featurise(self.states(frame, tokens))
        return features[..., self.maps[frame].share(block) > 0].flatten(1)

    @contextmanager
    def _edited(self, run: Run, batch: Batch) -> Iterator[None]:
        """Hooks that make a run's assignments, frame by frame."""
        edits = self._edits(run, batch)
        handles = []
        for frame, edit in edits.items():
            place = self.frames[frame]
            module = self.network.site_module(place.component, place.layer)
            handles.append(module.register_forward_hook(lambda _, __, output, edit=edit: edit(output)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _edits(self, run: Run, batch: Batch) -> dict[int, Edit]:
        """What each frame that holds a target does to its site's activation."""
        wanted: dict[int, list[tuple[int, Value, Tensor | None]]] = {}
        for assignment in run.assignments:
            target, value = assignment.target, assignment.value
            if not isinstance(target, str) or assignment.readers is not None:
                raise EngineRefusal("only variables of an alignment are set, and for all their readers")
            frame, block = self._place(target)
            member = None
            if run.within_set:
                member = torch.from_numpy(batch.members[:, batch.variables.index(target)])
            wanted.setdefault(frame, []).append((block, self._value(frame, target, value, run, batch), member))
        return {frame: self._edit(frame, blocks) for frame, blocks in wanted.items()}

    def _edit(self, frame: int, blocks: list[tuple[int, Value, Tensor | None]]) -> Edit:
        place, map = self.frames[frame], self.maps[frame]

        def edit(state: Tensor) -> Tensor:
            vectors = site_vectors(place, state)
            features, error = map.featurise(vectors)
            changed = features
            for block, value, member in blocks:
                weight = map.share(block)
                if member is not None:
                    weight = weight * member[:, None, None]
                changed = torch.lerp(
                    changed, value(features), weight.expand_as(changed)
                )  # exact where a share is 0 or 1
            rebuilt = map.inverse(changed, error)
            if all(member is not None for _, _, member in blocks):  # what no item's set holds stays bit by bit
                touched = torch.stack([member for _, _, member in blocks if member is not None]).any(0)
                rebuilt = torch.where(touched[:, None, None], rebuilt, vectors)
            return with_vectors(place, state, rebuilt)

        return edit

    def _value(self, frame: int, target: str, value: terms.Value, run: Run, batch: Batch) -> Value:
        """A frame's features under a value, from those that it has in this very run just before."""
        match value:
            case terms.ValueOf(variable=variable, run=inner) if variable == target and inner.world == run.world:
                source = self._features(frame, value, batch)
                return lambda _: source
            case terms.Number(value=number):
                return lambda features: torch.full_like(features, float(number))
            case terms.Here(handle=handle) if handle == target:
                return lambda features: features
            case terms.MeanOver() | terms.CodeOf() if value in batch.fixed:
                fixed = torch.from_numpy(batch.fixed[value])
                return fixed.expand_as
            case terms.Plus(left=left, factor=factor, right=right):
                added = self._value(frame, target, right, run, batch)
                if left is None:
                    return lambda features: float(factor) * added(features)
                first = self._value(frame, target, left, run, batch)
                return lambda features: first(features) + float(factor) * added(features)
        raise EngineRefusal(f"`{target}` does not take its own value in a run of the same network, a mean or a number")

    def _features(self, frame: int, value: ValueOf, batch: Batch) -> Tensor:
        """The features of a whole frame in the run that a value is read in, shape [item, group, feature]."""
        if value.run.assignments:
            vectors = site_vectors(self.frames[frame], self.intervened_activation(frame, value.run, batch))
        else:
            vectors = self.states(frame, torch.from_numpy(batch.inputs[:, value.run.input]))
        return self.maps[frame].featurise(vectors)[0]

    def _first_edited(self, run: Run) -> Frame:
        """The frame at which a run first differs from an unintervened one: what comes before is the same."""
        edited = [self.frames[self._place(assignment.target)[0]] for assignment in run.assignments]
        return min(edited, key=lambda frame: (frame.layer is None, frame.layer or 0))

    def _reader(self, frame: Frame) -> Callable[[Tensor], Tensor]:
        """From tokens to the activation of a frame's layer in unintervened runs."""
        return functools.partial(self.network.state, component=frame.component, layer=frame.layer)

    def _place(self, variable: Handle) -> tuple[int, int]:
        """The frame and the block of a variable."""
        index = -1 if not isinstance(variable, str) else self.variables.index(variable)
        for frame, place in enumerate(self.frames):
            for block, owner in enumerate(place.blocks):
                if owner.variable == index:
                    return frame, block
        raise EngineRefusal(f"`{variable}` is not aligned")


def run_distinct(run: Callable[[Tensor], Tensor], tokens: Tensor) -> Tensor:
    """What `run` makes of each row of tokens [item, token], shape [item, ...]: equal rows are run once.

    A whole domain pairs few inputs many times. Rows that are too long to be numbered are run one by one.
    """
    base, length = int(tokens.max()) + 1, tokens.shape[1]
    if base**length >= 2**63:
        return run(tokens)
    codes = tokens.numpy() @ base ** np.arange(length)
    _, first, rows = np.unique(codes, return_index=True, return_inverse=True)
    if 2 * len(first) > len(codes):
        return run(tokens)
    return run(tokens[first])[rows]


def site_vectors(frame: Frame, state: Tensor) -> Tensor:
    """What a frame's map sees of a site's activation [item, position, width]: [item, group, dim]."""
    chosen = state[:, list(frame.positions)][..., list(frame.dims)]
    return chosen if frame.shared else chosen.flatten(1)[:, None]


def with_vectors(frame: Frame, state: Tensor, vectors: Tensor) -> Tensor:
    """The activation [item, position, width] with these vectors [item, group, dim] where the map sees them."""
    rows, columns = torch.tensor(frame.positions)[:, None], torch.tensor(frame.dims)[None]
    changed = state.clone()
    changed[:, rows, columns] = vectors.reshape(len(state), len(frame.positions), len(frame.dims))
    return changed
