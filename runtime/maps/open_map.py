"""From a frame of the plan to its map, not yet fitted."""

from ...compiler.groundings import Frame
from .autoencoder import AutoencoderMap
from .boundless import BoundlessMap
from .chosen_dims import ChosenDims
from .feature_map import FeatureMap
from .masked_dims import MaskedDims
from .nested import NestedMap
from .revnet import RevnetMap
from .subspace import SubspaceMap


def open_map(frame: Frame) -> FeatureMap:
    """The map of a frame, unfitted; for a frame inside another, `NestedMap.hold` takes the other's fitted state."""
    if frame.inside is None:
        return _open_alone(frame)
    return NestedMap(open_map(frame.inside.frame), frame.inside.block, _open_alone(frame))


def _open_alone(frame: Frame) -> FeatureMap:
    sizes = tuple(block.size for block in frame.blocks)
    match frame.family.name:
        case "sae":
            assert frame.autoencoder is not None, "every place of the family has one"
            chosen = MaskedDims(frame.features, len(sizes)) if frame.learned_size else None
            return NestedMap(
                AutoencoderMap(frame.dim, frame.autoencoder), 0, chosen or ChosenDims(frame.features, sizes)
            )
        case "identity" if frame.learned_size:
            return MaskedDims(frame.dim, len(sizes))
        case "identity":
            return ChosenDims(frame.dim, sizes)
        case "rotation" if frame.learned_size:
            return BoundlessMap(frame.dim, len(sizes))
        case "revnet":
            blocks, width = frame.family.arguments
            return RevnetMap(frame.dim, sizes, blocks, width)
        case "rotation" | "pca" | "difference" | "probe":
            return SubspaceMap(frame.dim, sizes)
