"""Maps: one protocol, and a class for each family of feature maps."""

from .feature_map import AnnealedMap as AnnealedMap
from .feature_map import FeatureMap as FeatureMap
from .nested import NestedMap as NestedMap
from .nested import inner_map as inner_map
from .open_map import open_map as open_map
from .side_by_side import side_by_side as side_by_side
