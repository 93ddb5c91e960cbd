"""Activations that the library writes out in many operations, where torch has the same function as one."""

from collections.abc import Callable, Iterator
from functools import partial

from torch import Tensor, nn
from transformers.activations import FastGELUActivation, NewGELUActivation

Forward = Callable[[Tensor], Tensor]
ONE: dict[type[nn.Module], Forward] = dict.fromkeys(
    (NewGELUActivation, FastGELUActivation), partial(nn.functional.gelu, approximate="tanh")
)
"""Written out, forward and backward take twenty passes over a layer's widest vectors."""


def written_out(layer: nn.Module) -> Iterator[tuple[nn.Module, Forward]]:
    """The activations of a layer that torch has as one operation, and that operation; equal but for rounding.

    Not of types shorter than float32, which the library rounds after every operation.
    """
    if all(weight.dtype.itemsize >= 4 for weight in layer.parameters()):
        yield from ((module, ONE[type(module)]) for module in layer.modules() if type(module) in ONE)
