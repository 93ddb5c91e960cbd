"""From a plan's network to a network with weights: the file's, or redrawn by the architecture's own law."""

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...compiler.network_facts import MlpFacts, NetworkFacts, TracrFacts, TransformerFacts
from ...compiler.plan import NetworkSource
from ..errors import EnvironmentProblem
from .mlp import Mlp, draw_mlp_tensor
from .stages import PlainNetwork
from .tracr import Tracr, draw_tracr_tensor

if TYPE_CHECKING:
    from .transformers import TransformerNetwork


def load_network(source: NetworkSource) -> "PlainNetwork | TransformerNetwork":
    """The network of a plan, frozen and in evaluation mode.

    Raises:
        EnvironmentProblem: the file has vanished or is broken, a weight is not finite, or its device is not there.
    """
    if isinstance(source.file.facts, TransformerFacts):
        from .transformers import load_transformer  # the library takes seconds to load

        return load_transformer(source)
    return load_plain(source)


def load_plain(source: NetworkSource) -> PlainNetwork:
    """A plain network, on the CPU in float32; see `load_network`."""
    file = source.file
    try:
        with safe_open(str(file.path), framework="pt") as tensors:
            weights = {name: tensors.get_tensor(name).float() for name in file.facts.shapes()}
    except (OSError, SafetensorError) as problem:
        message = f"the checkpoint of `{file.name}` cannot be read: {problem}"
        raise EnvironmentProblem("CS504", message, "copy its file again") from None
    if source.draw is not None:
        weights = redraw(file.facts, weights, source.draw_seed)
    if broken := [name for name, weight in weights.items() if not bool(torch.isfinite(weight).all())]:
        raise EnvironmentProblem(
            "CS507",
            f"the checkpoint of `{file.name}` holds numbers in `{broken[0]}` that are not finite",
            "copy its file again, or take an earlier checkpoint",
        )
    network = _build(file.facts)
    network.load_state_dict(weights)
    return network.requires_grad_(False).eval()


def redraw(facts: NetworkFacts, weights: dict[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Every tensor redrawn by the initialisation law, except the `frozen` ones, which are copied.

    Frozen ones are drawn all the same, so that freezing one moves no other.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = {name: _draw(facts, name, generator) for name in facts.shapes()}
    return drawn | {name: weights[name] for name in facts.frozen}


def _build(facts: NetworkFacts) -> PlainNetwork:
    match facts:
        case MlpFacts():
            return Mlp(facts)
        case TracrFacts():
            return Tracr(facts)
    raise TypeError(f"no network is built from {type(facts).__name__}")


def _draw(facts: NetworkFacts, name: str, generator: torch.Generator) -> Tensor:
    match facts:
        case MlpFacts():
            return draw_mlp_tensor(facts, name, generator)
        case TracrFacts():
            return draw_tracr_tensor(facts, name, generator)
    raise TypeError(f"no law draws the tensors of {type(facts).__name__}")
