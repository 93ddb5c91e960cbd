"""The rest of an alignment: every unit at its sites' layer that none of its variables owns."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...compiler.groundings import Frame
from ..engines import Engine
from ..engines.feed import Where


@dataclass(frozen=True)
class Rest:
    """What no variable owns in the flattened activation [position * width] of a layer.

    `items` are those whose positions are these. `free` are the dims that no variable's site holds, each a unit; of the
    dims that sites hold, `held`, the units are an orthonormal `basis` [held, unit] of what their maps leave.
    """

    items: Tensor
    free: Tensor
    held: Tensor
    basis: Tensor

    @property
    def units(self) -> int:
        """How many numbers of an input it is."""
        return len(self.free) + self.basis.shape[1]

    def shuffle(self, flat: Tensor, pool: Tensor, chosen: Tensor) -> Tensor:
        """An activation [item, position * width] whose units each take their value from an activation of the pool.

        `pool` is [natural, position * width]; `chosen` [item, unit] are indices into it.
        """
        changed = flat.clone()
        changed[:, self.free] = pool[:, self.free].gather(0, chosen[:, : len(self.free)])
        if self.basis.shape[1]:
            here = flat[:, self.held]
            basis = self.basis.to(flat)
            taken = (pool[:, self.held] @ basis).gather(0, chosen[:, len(self.free) : self.units])
            changed[:, self.held] = here + (taken - here @ basis) @ basis.T
        return changed


def shuffle_rests(rests: Sequence[Rest], state: Tensor, pool: Tensor, chosen: Tensor) -> Tensor:
    """An activation [item, position, width], each item's own rest shuffled; `pool` is [natural, position, width].

    What maps leave of a site is computed in the type of the maps, or in a wider one that the network has.
    """
    wide = torch.promote_types(state.dtype, torch.float32)
    flat, natural = state.flatten(1).to(wide, copy=True), pool.flatten(1).to(wide)
    for rest in rests:
        flat[rest.items] = rest.shuffle(flat[rest.items], natural, chosen[rest.items])
    return flat.reshape(state.shape).to(state.dtype)


def find_rests(
    engine: Engine, frames: tuple[Frame, ...], where: Sequence[tuple[Where, ...]], items: int, positions: int
) -> tuple[Rest, ...]:
    """The rest of an engine's frames, which lie at one layer and whose maps are linear, for each of their positions.

    A feature owns the direction in which it moves the rebuilt vector. `where` are the positions of each frame's parts
    in so many items, of all the layer's `positions`.
    """
    directions = [_directions(engine, index, frame) for index, frame in enumerate(frames)]
    lists = [at for parts in where for at in parts]
    every = [torch.tensor([at]).expand(items, -1) if isinstance(at, tuple) else at.cpu() for at in lists]
    kinds, kind_of = torch.unique(torch.cat(every, 1), dim=0, return_inverse=True)
    found = []
    for number, kind in enumerate(kinds):
        remaining = iter(torch.split(kind, [at.shape[1] for at in every]))
        columns, held = list[Tensor](), torch.zeros(positions * frames[0].width, dtype=torch.bool)
        for frame, moved in zip(frames, directions, strict=True):
            units = [_units(part.dims, next(remaining), part.width) for part in frame.parts]
            groups = list(units[0]) if frame.shared else [torch.cat([each.flatten() for each in units])]
            for group in groups:
                held[group] = True
                for direction in moved:
                    columns.append(torch.zeros(len(held)).index_put((group,), direction))
        owned = torch.stack(columns, 1)[held] if columns else torch.zeros(int(held.sum()), 0)
        rest = (torch.nonzero(kind_of == number).flatten(), torch.nonzero(~held).flatten())
        found.append(Rest(*rest, torch.nonzero(held).flatten(), _complement(owned)))
    return tuple(found)


def _complement(directions: Tensor) -> Tensor:
    """An orthonormal basis [dim, unit] of what directions [dim, direction] leave; whole dims where they own some."""
    if bool(((directions != 0).sum(0) == 1).all()):
        return torch.eye(len(directions))[:, (directions != 0).sum(1) == 0]
    complete: Tensor = torch.linalg.svd(directions.double(), full_matrices=True).U
    return complete[:, int(torch.linalg.matrix_rank(directions.double())) :].float()


def _units(dims: tuple[int, ...], at: Tensor, width: int) -> Tensor:
    """The units of a part at its positions in a flattened activation, shape [position, dim]."""
    return at[:, None] * width + torch.tensor(dims)


def _directions(engine: Engine, index: int, frame: Frame) -> list[Tensor]:
    """The directions of a frame's owned features in the vector that its map sees."""
    feature_map = engine.maps[index]
    features, error = feature_map.featurise(torch.zeros(1, frame.dim))
    owned = torch.stack([feature_map.share(block) for block in range(len(frame.blocks))]).sum(0) > 0
    found = []
    for feature in torch.nonzero(owned).flatten().tolist():
        moved = features.clone()
        moved[0, feature] += 1
        found.append((feature_map.inverse(moved, error) - feature_map.inverse(features, error))[0])
    return found
