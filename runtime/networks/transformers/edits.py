"""What is changed in a run: edits at sites, and the hooks that make them."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ...errors import EnvironmentProblem
from ..protocol import Edit
from .families import Port
from .packing import pack, unpack


@dataclass(frozen=True)
class Site:
    """Where an edit is made: one end of the module at a path, or (None) the logits. `heads`: how many share its output.

    `point` is the first layer that must be run for the edit to take place, the number of layers for what comes after
    the last. `early`: it is made before layer 0. `late`: it is made on the logits, or inside of what gives them.
    `changes`: the network may go on to add to it in place, as some architectures do, so that an edit is given a copy,
    which it may keep. `name` is how a message calls it.
    """

    name: str
    path: str | None
    port: Port
    point: int
    heads: int = 0
    early: bool = False
    late: bool = False
    changes: bool = False


@dataclass(frozen=True)
class PlacedEdit:
    """An edit, and the site where it is made. It writes nothing into the activation that it is given."""

    site: Site
    edit: Edit


@contextmanager
def installed(model: nn.Module, edits: Sequence[PlacedEdit], shape: Sequence[int]) -> Iterator[None]:
    """Make edits in the one run inside, of `shape` [item, position]; at one site in the order given.

    Raises:
        EnvironmentProblem: a module gives no activation of that shape, or not exactly once.
    """
    made = [_Made(each.site, each.edit, tuple(shape)) for each in edits if each.site.path is not None]
    handles = [each.install(model) for each in made]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    for each in made:
        if each.times != 1:
            raise _no_activation(each.site, f"runs {each.times} times in a run" if each.times else "is not run")


class _Made:
    """An edit that is made in one run, counted."""

    def __init__(self, site: Site, edit: Edit, shape: tuple[int, ...]) -> None:
        self.site, self.edit, self.shape, self.times = site, edit, shape, 0

    def install(self, model: nn.Module) -> RemovableHandle:
        assert self.site.path is not None
        module, end = model.get_submodule(self.site.path), self.site.port.end
        if end == "gives":
            return module.register_forward_hook(self._gives)
        return module.register_forward_pre_hook(self._reads if end == "reads" else self._shares)

    def _gives(self, _: nn.Module, __: object, output: Any) -> Any:
        found = output[0] if isinstance(output, tuple) and output else output
        whole = self._activation(found)
        part = unpack(whole, self.site.port, self.site.heads)
        part = part.clone() if self.site.changes else part
        changed = self.edit(part)
        if changed is part:
            return output
        packed = pack(whole, self.site.port, self.site.heads, changed.to(part.dtype)).view(found.shape)
        return (packed, *output[1:]) if isinstance(output, tuple) else packed

    def _reads(self, _: nn.Module, inputs: tuple[Any, ...]) -> Any:
        before = self._activation(inputs[0])
        changed = self.edit(before)
        return None if changed is before else (changed.to(before.dtype), *inputs[1:])

    def _shares(self, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        before = self._activation(inputs[0]).clone()
        changed = self.edit(before)
        if changed is not before:
            inputs[0].copy_(changed)  # the layer goes on with this very tensor: both of its readers see it

    def _activation(self, found: Any) -> Tensor:
        """A tensor as [item, position, width]; some architectures list the positions of all items in one row."""
        self.times += 1
        if not isinstance(found, Tensor):
            raise _no_activation(self.site, "gives no tensor")
        if found.ndim == 2 and len(found) == math.prod(self.shape):
            return found.view(*self.shape, -1)
        if found.ndim != 3 or tuple(found.shape[:2]) != self.shape:
            raise _no_activation(self.site, f"gives a tensor of shape {list(found.shape)}")
        return found


def _no_activation(site: Site, found: str) -> EnvironmentProblem:
    return EnvironmentProblem(
        "CS538",
        f"expected one activation [item, position, width] of `{site.name}` in a run, found that it {found}",
        "name a module that every run calls once, with one vector for each token",
    )
