"""The rest of an alignment: every unit at its sites' layer that none of its variables owns."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..compiler.groundings import Frame
from .engines import Engine


@dataclass(frozen=True)
class Rest:
    """A basis of what no variable owns in the flattened activation of a layer: `basis` [position * width, unit].

    Where the variables own whole dims the units are the other dims; else an orthonormal basis of the complement.
    """

    basis: Tensor

    def shuffle(self, state: Tensor, pool: Tensor, chosen: Tensor) -> Tensor:
        """An activation whose units each take their value from an activation of the pool.

        `state` [item, position, width], `pool` [natural, position, width], `chosen` [item, unit] indices into the pool.
        """
        flat, units = state.flatten(1), pool.flatten(1) @ self.basis
        taken = units.gather(0, chosen)
        return (flat + (taken - flat @ self.basis) @ self.basis.T).reshape(state.shape)


def find_rest(engine: Engine, frames: tuple[Frame, ...], positions: int) -> Rest:
    """The rest of an engine's frames, which lie at one layer and whose maps are linear.

    A feature owns the direction in which it moves the rebuilt vector.
    """
    width = frames[0].width
    owned = [column for index, frame in enumerate(frames) for column in _columns(engine, index, frame, positions)]
    directions = torch.stack(owned, 1)
    if bool(((directions != 0).sum(0) == 1).all()):
        free = (directions != 0).sum(1) == 0
        return Rest(torch.eye(positions * width)[:, free])
    complete = torch.linalg.svd(directions.double(), full_matrices=True).U
    return Rest(complete[:, torch.linalg.matrix_rank(directions.double()) :].float())


def _columns(engine: Engine, index: int, frame: Frame, positions: int) -> list[Tensor]:
    """The directions of a frame's owned features in the flattened activation, each of shape [position * width]."""
    feature_map = engine.maps[index]
    features, error = feature_map.featurise(torch.zeros(1, frame.dim))
    owned = torch.stack([feature_map.share(block) for block in range(len(frame.blocks))]).sum(0) > 0
    columns = []
    for feature in torch.nonzero(owned).flatten().tolist():
        moved = features.clone()
        moved[0, feature] += 1
        direction = (feature_map.inverse(moved, error) - feature_map.inverse(features, error))[0]
        fixed = tuple(p for p in frame.positions if isinstance(p, int))
        for group in [(p,) for p in fixed] if frame.shared else [None]:
            column, start = torch.zeros(positions, frame.width), 0
            for part in frame.parts:
                assert all(isinstance(p, int) for p in part.positions), "checked: prompts have no rest"
                rows = torch.tensor(group or part.positions)[:, None]
                stop = start + len(rows) * len(part.dims)
                column[rows, torch.tensor(part.dims)] = direction[start:stop].reshape(len(rows), len(part.dims))
                start = stop
            columns.append(column.flatten())
    return columns
