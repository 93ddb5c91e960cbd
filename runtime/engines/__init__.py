"""Engines: the network's interpreters of counterfactual terms. For the same maps they must agree."""

from .open_engine import Opened as Opened
from .open_engine import open_engine as open_engine
from .open_engine import open_network as open_network
from .open_engine import open_side_by_side as open_side_by_side
from .protocol import Engine as Engine
from .protocol import Prepared as Prepared
