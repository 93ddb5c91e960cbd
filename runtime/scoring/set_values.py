"""What a run sets handles to, where no engine reads it itself: means, draws, places of other handles and networks.

Values that are the same for every item are `fixed` in the batch, the others `drawn`, each as features of its target.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...compiler.causal_model import Codes
from ...compiler.interpret_terms import Batch
from ...compiler.keys import derived_seed
from ...compiler.plan import EvaluateStep
from ...compiler.terms import (
    CodeOf,
    Handle,
    MeanOver,
    NetworkWorld,
    Noise,
    RandomVector,
    Resampled,
    Run,
    ValueOf,
    own_name,
    parts_of,
)
from ..engines import Engine
from ..errors import EngineRefusal
from .natural import Natural

Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Elsewhere:
    """Another network: an engine on it, in which handles lie where they lie here, and the items' bases as its rows."""

    engine: Engine
    rows: Tensor


@dataclass(frozen=True)
class Setting:
    """What values are made of: an evaluation with its places, its engine, natural inputs, other networks by name.

    `first` is the index of the batch's first item in its stream, on which alone, with its key, its draws depend; of
    what is drawn once for all items `turns` tells which draw each has, shape [item].
    """

    step: EvaluateStep
    engine: Engine
    inputs: Natural | None
    first: int
    elsewhere: Callable[[NetworkWorld], Elsewhere]
    turns: Codes

    @property
    def natural(self) -> Natural:
        """The natural inputs of whatever sets anything."""
        assert self.inputs is not None, "planned: what sets anything has natural inputs"
        return self.inputs

    def fill(self, batch: Batch, runs: list[Run]) -> Batch:
        """The batch with every value of these runs, and of those that they read, that an engine does not read."""
        for run in runs:
            batch = self._fill(batch, run)
        return batch

    def _fill(self, batch: Batch, run: Run) -> Batch:
        fixed, drawn = dict(batch.fixed), dict(batch.drawn)
        for assignment in run.assignments:
            target = assignment.target
            if not isinstance(target, str):
                continue
            for value in parts_of(assignment.value):
                if isinstance(value, ValueOf) and isinstance(value.run.world, NetworkWorld) and value.run.assignments:
                    inner = self._fill(replace(batch, fixed=fixed, drawn=drawn), value.run)
                    fixed.update(inner.fixed)
                    drawn.update(inner.drawn)
                so_far = replace(batch, fixed=fixed, drawn=drawn)
                match value:
                    case CodeOf():
                        fixed[value] = self._mean(target, self._with_code(value)).numpy()
                    case MeanOver(handle=handle) if handle == target:
                        fixed[value] = self._mean(target, self.natural.rows).numpy()
                    case MeanOver(handle=handle):
                        moved = self._into(target, self._mean(handle, self.natural.rows)[None], handle)
                        drawn[target, value] = moved.expand(len(batch), -1, -1).numpy()
                    case Resampled(draw=draw):
                        drawn[target, value] = self._resampled(target, draw, len(batch)).numpy()
                    case Noise(sigma=sigma, draw=draw):
                        drawn[target, value] = float(sigma) * self._noise(target, draw, len(batch))
                    case RandomVector(draw=draw):
                        drawn[target, value] = self._directions(target, draw)[self.turns]
                    case ValueOf(variable=handle, run=other) if other.world != run.world:
                        drawn[target, value] = self._read_elsewhere(target, handle, other).numpy()
                    case ValueOf(variable=handle, run=other) if handle != target:
                        vectors = self.engine.vectors(self._place(handle)[0], other, so_far)
                        drawn[target, value] = self._into(target, self._features(handle, vectors), handle).numpy()
        return replace(batch, fixed=fixed, drawn=drawn)

    # --- natural inputs

    def _with_code(self, value: CodeOf) -> Tensor:
        """The natural inputs on which a variable has a value."""
        chosen = self.step.model.run(self.natural.codes, {})[own_name(value.variable)] == value.code
        if not chosen.any():
            name = own_name(value.variable)
            domain = self.step.model.domains[name]
            raise EngineRefusal(
                f"no input of `fit` gives `{name}` the value {domain.show(value.code + domain.low)} that it is set to",
                "a value stands for the mean of what `fit` inputs with it have there: give `fit` a larger share, hold "
                "out fewer values, or set the variable to another value",
            )
        return self.natural.rows[torch.from_numpy(chosen)]

    def _natural(self, handle: Handle, rows: Tensor) -> Tensor:
        return self._features(handle, self.engine.states(self._place(handle)[0], rows))

    def _mean(self, handle: Handle, rows: Tensor) -> Tensor:
        """The mean features of a handle's frame, shape [group, feature]."""
        return self._natural(handle, rows).mean(0)

    def _resampled(self, target: str, draw: int, items: int) -> Tensor:
        """Every unit's value on a natural input of its own, shape [item, group, feature]."""
        pool = self._natural(target, self.natural.rows)
        units = pool[0].numel()
        each = [self._generator("resample", target, draw, i).integers(0, len(pool), units) for i in range(items)]
        chosen = torch.from_numpy(np.stack(each))
        return pool.flatten(1).gather(0, chosen).reshape(items, *pool.shape[1:])

    def draw_codes(self, column: int, draw: int, items: int) -> Codes:
        """An input's codes on natural inputs, one for each item, shape [item]."""
        generators = (self._generator("resample", f"input {column}", draw, item) for item in range(items))
        chosen = [generator.integers(0, len(self.natural.codes)) for generator in generators]
        codes: Codes = self.natural.codes[chosen, column]
        return codes

    def _noise(self, target: str, draw: int, items: int) -> Features:
        shape = self._shape(target)
        each = [self._generator("noise", target, draw, item).standard_normal(shape) for item in range(items)]
        return np.stack(each).astype(np.float32)

    def _directions(self, target: str, draw: int) -> Features:
        """Directions in what a target owns of its frame at one position, of length 1, shape [draw, feature]."""
        index, _ = self._place(target)
        assert self.step.grounding is not None
        frame = self.step.grounding.frames[index]
        each = len(frame.positions) if frame.given and not frame.shared and not frame.further else 1
        owned = self._owned(target).chunk(each)[0].numpy()
        key = derived_seed(0, "vector", f"{self.step.items} {self.step.variables.index(target)} {draw}")
        generator = np.random.Generator(np.random.Philox(key=key))
        drawn = generator.standard_normal((max(1, len(self.step.draws)), len(owned))) * owned
        found: Features = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return found

    def _generator(self, role: str, target: str, draw: int, item: int) -> np.random.Generator:
        """Item i draws from its own generator, so that it never depends on how many items there are."""
        known = self.step.variables
        key = derived_seed(0, role, f"{self.step.items} {known.index(target) if target in known else target} {draw}")
        return np.random.Generator(np.random.Philox(key=key, counter=(self.first + item) << 64))

    # --- other handles

    def _read_elsewhere(self, target: str, handle: Handle, run: Run) -> Tensor:
        """The features of a handle in a run of another network, in the target's block."""
        assert isinstance(run.world, NetworkWorld)
        there = self.elsewhere(run.world)
        vectors = there.engine.states(self._place(handle)[0], there.rows)
        return self._into(target, self._features(handle, vectors), handle)

    def _features(self, handle: Handle, vectors: Tensor) -> Tensor:
        return self.engine.maps[self._place(handle)[0]].featurise(vectors)[0].cpu()

    def _into(self, target: str, features: Tensor, handle: Handle) -> Tensor:
        """Features of a handle's frame, [item, group, feature], as features of the target's, in its block."""
        if handle == target:
            return features
        own, other = self._owned(target), self._owned(handle)
        moved = torch.zeros(len(features), *self._shape(target))
        if features[..., other].shape[1:] != moved[..., own].shape[1:]:
            raise EngineRefusal(f"`{handle}` and `{target}` are not as wide as each other")
        moved[..., own] = features[..., other]
        return moved

    def _shape(self, handle: Handle) -> tuple[int, int]:
        """How many groups and features a handle's frame has."""
        index, _ = self._place(handle)
        assert self.step.grounding is not None
        frame = self.step.grounding.frames[index]
        features, _ = self.engine.maps[index].featurise(torch.zeros(1, frame.dim))
        return len(frame.positions) if frame.shared else 1, features.shape[-1]

    def _owned(self, handle: Handle) -> Tensor:
        """Which features of its frame belong to a handle, shape [feature]."""
        frame, block = self._place(handle)
        return self.engine.maps[frame].share(block).cpu() > 0

    def _place(self, handle: Handle) -> tuple[int, int]:
        variables, frames = self.step.variables, () if self.step.grounding is None else self.step.grounding.frames
        owner = variables.index(handle) if isinstance(handle, str) and handle in variables else -1
        for frame, place in enumerate(frames):
            for block, at in enumerate(place.blocks):
                if at.variable == owner:
                    return frame, block
        raise EngineRefusal("a value is taken of what is not placed")
