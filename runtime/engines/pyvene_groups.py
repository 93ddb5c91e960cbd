"""The items of a run -> groups, one call of pyvene each: all items of a group have the same targets assigned."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ...compiler.groundings import Frame
from ...compiler.interpret_terms import Batch
from ...compiler.terms import Run, Value, ValueOf
from ..maps.feature_map import FeatureMap
from .changes import assigned


def group_items(
    run: Run, batch: Batch, frames: Sequence[Frame], maps: Sequence[FeatureMap], frame_of: Mapping[str, int]
) -> list[tuple[npt.NDArray[np.int64], tuple[str, ...]]]:
    """Rows of items with one set each, and the set's targets; `frame_of` tells each target's frame.

    Where all variables live at one layer and take their own values on other inputs the items stay together: there,
    a variable outside the set may take the base's own value, which changes nothing. At different layers it would
    undo what an earlier patch does to it, and so it would where shares are soft and blocks overlap, as they do
    while sizes are learned.
    """
    values = dict(assigned(run))
    targets = tuple(values)
    one_layer = len({(frame.component, frame.layer) for frame in frames}) == 1
    swapped = all(swapped_input(run, target, value) is not None for target, value in values.items())
    owners = [frames[index] for index in dict.fromkeys(frame_of[target] for target in targets)]
    if not run.within_set or (one_layer and swapped and not _shares_are_soft(frames, maps) and not _units_meet(owners)):
        return [(np.arange(len(batch)), targets)]
    columns = [batch.variables.index(target) for target in targets]
    sets, which = np.unique(batch.members[:, columns], axis=0, return_inverse=True)
    chosen = [tuple(t for t, member in zip(targets, row, strict=True) if member) for row in sets]
    return [(np.flatnonzero(which.ravel() == index), names) for index, names in enumerate(chosen)]


def swapped_input(run: Run, target: str, value: Value) -> int | None:
    """The input on which a variable takes its own value in an unintervened run of the same network.

    That is what pyvene does itself; None where it is another value.
    """
    if not isinstance(value, ValueOf) or value.variable != target or value.run.world != run.world:
        return None
    return None if value.run.assignments else value.run.input


def _shares_are_soft(frames: Sequence[Frame], maps: Sequence[FeatureMap]) -> bool:
    """Whether some dim of a map is given to several blocks, each with a part of it."""
    shares = (map.share(block) for frame, map in zip(frames, maps, strict=True) for block in range(len(frame.blocks)))
    return any(bool(((share > 0) & (share < 1)).any()) for share in shares)


def _units_meet(frames: Iterable[Frame]) -> bool:
    """Whether units, dims at positions, belong to several frames, as those of random circuits may."""
    units = [(dim, position) for frame in frames for dim in frame.dims for position in set(frame.positions)]
    return len(units) > len(set(units))
