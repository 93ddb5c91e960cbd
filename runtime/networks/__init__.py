"""Networks with weights: loaded from safetensors, or redrawn by their own initialisation law."""

from .load import load_network as load_network
from .load import load_plain as load_plain
from .load import redraw as redraw
from .mlp import Mlp as Mlp
from .side_by_side import MlpsSideBySide as MlpsSideBySide
from .stages import PlainNetwork as PlainNetwork
from .tracr import Tracr as Tracr
