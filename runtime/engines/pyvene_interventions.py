"""pyvene's interventions with the weights of our maps, on the columns of a module that a site is."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ...compiler.groundings import Frame
from ..maps.feature_map import FeatureMap
from ..maps.subspace import SubspaceMap
from .pyvene_hosts import HookedSite


def build_intervention(pyvene: Any, site: HookedSite, frame: Frame, map: FeatureMap, block: int) -> nn.Module:
    """pyvene's own intervention where it has one for a block of the map, else one that calls the map."""
    columns = tuple(site.columns[dim] for dim in frame.dims)
    if is_vanilla(frame):
        vanilla: nn.Module = pyvene.VanillaIntervention(
            embed_dim=site.width, subspace_partition=column_ranges(columns), keep_last_dim=False
        )
        return vanilla
    if isinstance(map, SubspaceMap) and len(frame.positions) == 1:
        owner = frame.blocks[block]
        rotated: Any = pyvene.LowRankRotatedSpaceIntervention(
            embed_dim=len(frame.dims), low_rank_dimension=frame.size, subspace_partition=[[owner.start, owner.stop]]
        )
        rotated.rotate_layer = _Rotation(map)
        whole: nn.Module = rotated
        return _within_columns(whole, columns)
    return _by_map(pyvene.VanillaIntervention(embed_dim=site.width), columns, frame, map, block)


def build_given(
    pyvene: Any, site: HookedSite, frame: Frame, map: FeatureMap, block: int, change: Callable[[Tensor], Tensor]
) -> nn.Module:
    """An intervention that changes a block of our map, whatever the source: `change` is called when it takes place."""
    columns = tuple(site.columns[dim] for dim in frame.dims)
    return _by_map(pyvene.VanillaIntervention(embed_dim=site.width), columns, frame, map, block, change)


def partition_parts(site: HookedSite, frame: Frame) -> list[int]:
    """The parts of the partition that an intervention swaps: every range of given dims, else its one block."""
    columns = tuple(site.columns[dim] for dim in frame.dims)
    return list(range(len(column_ranges(columns)))) if is_vanilla(frame) else [0]


def is_vanilla(frame: Frame) -> bool:
    """Whether the site's dims themselves are exchanged, at one position."""
    return frame.given and len(frame.positions) == 1


def column_ranges(columns: tuple[int, ...]) -> list[list[int]]:
    """Columns as half-open ranges: pyvene reads a list of two integers as one."""
    breaks = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(columns)) if b != a + 1), len(columns)]
    return [[columns[start], columns[stop - 1] + 1] for start, stop in pairwise(breaks)]


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


def _within_columns(rotated: nn.Module, columns: tuple[int, ...]) -> nn.Module:
    """The same intervention on some columns; the others stay as they are."""
    whole, chosen = rotated.forward, list(columns)

    def forward(base: Tensor, source: Tensor, subspaces: Any = None, **options: Any) -> Tensor:
        changed = base.clone()
        swapped = whole(base[..., chosen].float(), source[..., chosen].float(), subspaces, **options)
        changed[..., chosen] = swapped.to(base.dtype)
        return changed

    rotated.forward = forward
    return rotated


def _by_map(
    intervention: nn.Module,
    columns: tuple[int, ...],
    frame: Frame,
    map: FeatureMap,
    block: int,
    change: Callable[[Tensor], Tensor] | None = None,
) -> nn.Module:
    """An intervention that swaps a block of our map at the frame's positions, or changes it."""
    chosen = list(columns)

    def forward(base: Tensor, source: Tensor, subspaces: Any = None, **options: Any) -> Tensor:
        vectors, sources = (
            (state if frame.shared else state.flatten(1)[:, None])
            for state in (base[..., chosen].float(), source[..., chosen].float())
        )
        features, error = map.featurise(vectors)
        wanted = map.featurise(sources)[0] if change is None else change(features)
        swapped = torch.lerp(features, wanted, map.share(block).expand_as(features))
        changed = base.clone()
        changed[..., chosen] = map.inverse(swapped, error).reshape(changed[..., chosen].shape).to(base.dtype)
        return changed

    intervention.forward = forward
    return intervention
