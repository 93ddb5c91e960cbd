"""Overlaps that only a fit shows: things that an effect sets, holds, passes through or reads lie in the same units."""

from collections.abc import Iterator

import torch

from ...compiler.groundings import Frame
from ...compiler.plan import EvaluateStep
from ...compiler.terms import Apart, Differ, Gain, Run, ValueOf
from ..maps import FeatureMap


def find_overlap(step: EvaluateStep, maps: tuple[FeatureMap, ...]) -> tuple[str, str] | None:
    """Two things that a run of an effect sets in the same units, through its maps in place; None where there are none.

    Such a run is no run: one of the two would not have its value. Nor is an effect on what is set one, so that what is
    read counts, too. Blocks of one frame are disjoint.
    """
    if not isinstance(step.score, Gain | Differ | Apart) or step.grounding is None:
        return None
    places = {step.variables[variable]: place for variable, place in step.grounding.places.items()}
    for run in _runs(step.score.left.run):
        handles = [assignment.target for assignment in run.assignments]
        if isinstance(step.score.left, ValueOf):
            handles.append(step.score.left.variable)
        named = [handle for handle in handles if isinstance(handle, str) and handle in places]
        seen: dict[tuple[str, int | None], list[str]] = {}
        for later in named:
            vectors = {part.vector for part in step.grounding.frames[places[later][0]].parts}
            near = {earlier for vector in vectors for earlier in seen.get(vector, ())}
            for earlier in sorted(near, key=named.index):
                if _together(step, earlier, later) and _share(step, places[earlier], places[later], maps):
                    return earlier, later
            for vector in vectors:
                seen.setdefault(vector, []).append(later)
    return None


def _runs(run: Run) -> Iterator[Run]:
    """A run and those that its values are read in, each once."""
    waiting, seen = [run], {run}
    for one in waiting:
        yield one
        for assignment in one.assignments:
            if isinstance(assignment.value, ValueOf) and assignment.value.run not in seen:
                seen.add(assignment.value.run)
                waiting.append(assignment.value.run)


def _together(step: EvaluateStep, one: str, other: str) -> bool:
    """Whether some item sets both: of random circuits an item has one draw."""
    indices = step.variables.index(one), step.variables.index(other)
    drawn = [{draw for draw, own in enumerate(step.draws) if index in own} for index in indices]
    return not all(drawn) or bool(drawn[0] & drawn[1])


def _share(step: EvaluateStep, one: tuple[int, int], other: tuple[int, int], maps: tuple[FeatureMap, ...]) -> bool:
    """Whether two blocks, told by their frames and their indices there, move a unit together."""
    (first, a), (second, b) = one, other
    assert step.grounding is not None
    place, elsewhere = step.grounding.frames[first], step.grounding.frames[second]
    if first == second or not place.meets(elsewhere):
        return False
    touched, others = _dims(place, maps[first], a), _dims(elsewhere, maps[second], b)
    return any(
        part.meets(other) and dims & further
        for part, dims in zip(place.parts, touched, strict=True)
        for other, further in zip(elsewhere.parts, others, strict=True)
    )


def _dims(frame: Frame, feature_map: FeatureMap, block: int) -> list[set[int]]:
    """The dims of each part that a block's features move; all that the map sees where it is not linear.

    So of an autoencoder, whose features are too many to be moved one by one, and move all dims as a rule.
    """
    if frame.family.name in ("revnet", "sae"):
        return [set(part.dims) for part in frame.parts]
    features, error = feature_map.featurise(torch.zeros(1, frame.dim))
    rebuilt = feature_map.inverse(features, error)
    moved = [
        (feature_map.inverse(features + torch.eye(features.shape[-1])[feature], error) != rebuilt)[0]
        for feature in torch.nonzero(feature_map.share(block) > 0).flatten().tolist()
    ]
    touched = torch.stack(moved).any(0)
    sizes = [len(touched)] if frame.shared else [part.units for part in frame.parts]
    found, start = [], 0
    for part, size in zip(frame.parts, sizes, strict=True):
        each = touched[start : start + size].reshape(-1, len(part.dims)).any(0).tolist()
        found.append({dim for dim, moves in zip(part.dims, each, strict=True) if moves})
        start += size
    return found
