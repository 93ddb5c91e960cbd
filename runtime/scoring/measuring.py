"""What an evaluation is scored with on one network: everything but the items themselves."""

from collections.abc import Mapping
from dataclasses import dataclass

from ...compiler.experiments import Encoding
from ...compiler.plan import EvaluateStep
from ...compiler.sampling.draw_items import Population
from ..engines import Engine
from ..metrics import Judging
from .natural import Natural
from .origins import Origin
from .other_networks import Other


@dataclass(frozen=True)
class Measuring:
    """An evaluation on one network.

    `step` has its places as searches chose them. `others` are the networks in which values are read, `origin` the one
    in which sources are; `natural` is None where nothing is read of a network but its answer.
    """

    step: EvaluateStep
    population: Population
    engine: Engine
    encoding: Encoding
    natural: Natural | None
    others: Mapping[str, Other]
    judging: Judging
    origin: Origin | None = None
    draw: int | None = None
    """The random circuits that every item has; None: items have those that were drawn in turn."""
