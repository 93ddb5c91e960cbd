"""Maps: one protocol, and a class for each family of feature maps."""

from .feature_map import AnnealedMap as AnnealedMap
from .feature_map import FeatureMap as FeatureMap
from .nested import NestedMap as NestedMap
from .open_map import open_map as open_map
