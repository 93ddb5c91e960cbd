"""Other networks than the one that is measured: what an evaluation reads in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch

from ...compiler.experiments import Encoding
from ...compiler.sampling.items import Items
from ...compiler.terms import NetworkWorld
from ..engines import Engine
from .encode import encode
from .set_values import Elsewhere


@dataclass(frozen=True)
class Other:
    """An engine on another network, whose maps are in place, and how inputs become its rows."""

    engine: Engine
    encoding: Encoding


NO_OTHERS: Mapping[str, Other] = MappingProxyType({})


def elsewhere(others: Mapping[str, Other], items: Items) -> Callable[[NetworkWorld], Elsewhere]:
    """From a world to its engine and the rows of the items' bases in it."""

    def find(world: NetworkWorld) -> Elsewhere:
        other = others[world.network]
        return Elsewhere(other.engine, torch.from_numpy(encode(items, other.encoding)[:, 0]))

    return find
