"""What becomes of a frame's features where something of it is set: a term's value as a function of those it has."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...compiler import terms
from ...compiler.terms import Run
from ..errors import EngineRefusal

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap

Change = Callable[[Tensor], Tensor]
"""What becomes of a frame's features, shape [item, group, feature], from those that they are in this very run."""


def change_to(
    target: str,
    value: terms.Value,
    run: Run,
    map: "FeatureMap",
    fixed: Mapping[terms.Value, Tensor],
    drawn: Mapping[tuple[str, terms.Value], Tensor],
    vectors: Callable[[Run], Tensor],
) -> Change:
    """The features of `target`'s frame under a value that `run` gives it.

    `fixed` are values that are the same for every item, `drawn` each item's own, by target; `vectors` are what the
    frame's map sees in another run, shape [item, group, dim].

    Raises:
        EngineRefusal: the value is none of these.
    """
    match value:
        case terms.RandomVector(like=like):
            vector = change_to(target, like, run, map, fixed, drawn, vectors)
            direction = drawn[target, value]
            return lambda features: _turned(vector(features).expand_as(features), direction)
        case _ if (target, value) in drawn:
            own = drawn[target, value]
            return lambda _: own
        case terms.ValueOf(variable=variable, run=inner) if variable == target and inner.world == run.world:
            source = map.featurise(vectors(inner))[0]
            return lambda _: source
        case terms.Number(value=number):
            return lambda features: torch.full_like(features, float(number))
        case terms.Here(handle=handle) if handle == target:
            return lambda features: features
        case terms.MeanOver() | terms.CodeOf() if value in fixed:
            return fixed[value].expand_as
        case terms.Plus(left=left, factor=factor, right=right):
            added = change_to(target, right, run, map, fixed, drawn, vectors)
            if left is None:
                return lambda features: float(factor) * added(features)
            first = change_to(target, left, run, map, fixed, drawn, vectors)
            return lambda features: first(features) + float(factor) * added(features)
    raise EngineRefusal(f"`{target}` does not take its own value in a run of the same network, a mean or a number")


def _turned(vector: Tensor, direction: Tensor) -> Tensor:
    """Vectors [item, group, feature] turned into a direction [item, feature of a position], each position's by itself.

    Where a direction is 0 the features belong to something else, and count for nothing.
    """
    each = vector.reshape(*vector.shape[:2], -1, direction.shape[1])
    to = direction[:, None, None]
    lengths = torch.linalg.vector_norm(each * (to != 0), dim=-1, keepdim=True)
    turned: Tensor = lengths * to
    return turned.reshape(vector.shape)


def assigned(run: Run) -> Iterator[tuple[str, terms.Value]]:
    """The variables that a run sets, and what to.

    Raises:
        EngineRefusal: it sets something else, or for some readers only.
    """
    for assignment in run.assignments:
        if not isinstance(assignment.target, str) or assignment.readers is not None:
            raise EngineRefusal("only variables of an alignment are set, and for all their readers")
        yield assignment.target, assignment.value
