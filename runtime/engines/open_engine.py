"""Opening engines: a network's runs by the engine's name, with captures that all engines on the network share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ...compiler.experiments import Encoding
from ...compiler.groundings import Grounding
from ...compiler.plan import EngineName, NetworkSource
from ..networks import load_network
from ..networks.protocol import Network
from .captures import Captures
from .fused_runs import FusedRuns
from .protocol import Engine
from .pyvene_engine import PyveneEngine
from .runs import WholeRuns
from .term_engine import TermEngine

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap


@dataclass(frozen=True)
class Opened:
    """A loaded network, its device, and what was captured of it so far."""

    network: Network
    device: torch.device
    captures: Captures


def open_network(source: NetworkSource) -> Opened:
    """Load a network, of which nothing is captured yet. Raises as `load_network` does."""
    network = load_network(source)
    return Opened(network, network.device, Captures(network, network.device))


def open_engine(
    name: EngineName,
    opened: Opened,
    encoding: Encoding,
    grounding: Grounding | None,
    variables: tuple[str, ...],
    maps: "tuple[FeatureMap, ...]",
) -> Engine:
    """An engine of this name on a network."""
    match name:
        case "pyvene":
            return PyveneEngine(opened.network, encoding, grounding, variables, maps)
        case "hooks":
            runs: WholeRuns | FusedRuns = WholeRuns(opened.network, opened.device)
        case "fused":
            runs = FusedRuns(opened.network, opened.device, opened.captures)
    return TermEngine(runs, encoding, grounding, variables, maps)
