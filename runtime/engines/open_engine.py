"""Opening engines: a network's runs by the engine's name, with captures that all engines on the network share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from ...compiler.experiments import Encoding
from ...compiler.groundings import Grounding
from ...compiler.plan import EngineName, NetworkSource
from ...compiler.schedule import NAIVE, WHOLE, Schedule
from ..errors import running
from ..networks import Mlp, MlpsSideBySide, load_network
from ..networks.protocol import Network
from .capture_room import CaptureRoom
from .captures import Captures
from .captures_side_by_side import CapturesSideBySide
from .protocol import Engine
from .pyvene_engine import PyveneEngine
from .scheduled_runs import ScheduledRuns
from .term_engine import TermEngine

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap


@dataclass(frozen=True)
class Opened:
    """A loaded network, its device, and what was captured of it so far."""

    network: Network
    device: torch.device
    captures: Captures


def open_network(source: NetworkSource, room: CaptureRoom | None = None) -> Opened:
    """Load a network, of which nothing is captured yet; captures are held in `room`. Raises as `load_network` does."""
    with running(source.file.name):
        network = load_network(source)
    return Opened(network, network.device, Captures(network, network.device, room))


def open_side_by_side(each: Sequence[Opened]) -> Opened:
    """MLPs of one shape as one network, for inputs whose last token is the number of the one that they belong to."""
    networks = [opened.network for opened in each if isinstance(opened.network, Mlp)]
    assert len(networks) == len(each), "planned: only MLPs stand side by side"
    network, device = MlpsSideBySide(networks), each[0].device
    return Opened(network, device, CapturesSideBySide(network, device, [opened.captures for opened in each]))


def open_engine(
    name: EngineName,
    opened: Opened,
    encoding: Encoding,
    grounding: Grounding | None,
    variables: tuple[str, ...],
    maps: "tuple[FeatureMap, ...]",
    schedule: Schedule | None = None,
) -> Engine:
    """An engine of this name on a network, which runs by a schedule; by none it runs as the engine's name says."""
    if schedule is None:
        schedule = replace(WHOLE if name == "fused" else NAIVE, at_once=opened.network.items_at_once)
    if name == "pyvene":
        return PyveneEngine(opened.network, encoding, grounding, variables, maps, schedule.at_once)
    runs = ScheduledRuns(name, opened.network, opened.device, opened.captures, schedule)
    return TermEngine(runs, encoding, grounding, variables, maps, schedule)
