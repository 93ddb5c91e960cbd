"""Replaying runs: what a model's forward asked of torch once is asked again of other tensors, without the forward.

A step of a fit runs the same layers on the same shapes hundreds of times, and in small networks most of it is spent on
the way to torch: modules, caches, masks, output classes. A run is written down as it is made, as the calls that it
makes on what it is given; what hangs on shapes alone is kept as it is. Edits are calls like others, of whatever edit
the next run has. Nothing is taken on trust: a recording that took a number out of what it was given is thrown away, and
one that does not give on other inputs what the forward gives is never used.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.overrides import TorchFunctionMode, handle_torch_function, has_torch_function_unary

from ..protocol import Edit

MOST, AFTER = 32, 8
"""Recordings that are held, and how many runs of a kind are made before one is recorded."""
SHAPES = {
    *("shape", "dtype", "device", "ndim", "layout", "requires_grad", "is_cuda", "names", "is_nested", "is_quantized"),
    *("size", "dim", "numel", "__len__", "stride", "is_contiguous", "is_floating_point", "is_complex", "get_device"),
}
"""What is asked of tensors that their numbers have no part in."""
RANDOM = {"rand", "randn", "randint", "randperm", "bernoulli", "multinomial", "normal", "rand_like", "randn_like"}


class Unrecordable(Exception):
    """A run does what a recording would not do again."""


def make_edit(edit: Edit, x: Tensor) -> Tensor:
    """What an edit makes of an activation: a call that recordings leave open."""
    if has_torch_function_unary(x):
        made: Tensor = handle_torch_function(make_edit, (x,), edit, x)
        return made
    return edit(x)


class _Recorder(TorchFunctionMode):
    """Writes down the calls of torch on tensors that hang on `given` ones, in which `edits` are to be made."""

    def __init__(self, given: Sequence[Tensor], edits: Sequence[Edit]) -> None:
        super().__init__()
        self.graph, self.constants = fx.Graph(), list[Tensor]()
        self.alive: list[object] = [*given, *edits]
        """Everything that is known by its identity."""
        self.nodes = {id(x): self.graph.placeholder(f"given{index}") for index, x in enumerate(given)}
        self.edits = {id(edit): self.graph.placeholder(f"edit{index}") for index, edit in enumerate(edits)}
        self.fixed: dict[int, fx.Node] = {}
        self.last, self.grads = next(reversed(self.graph.nodes)), torch.is_grad_enabled()

    def __torch_function__(
        self, func: Any, _: object, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        versions = [(x, x._version) for x in _tensors((args, kwargs))]
        found = func(*args, **kwargs)
        if func is make_edit and found is args[1]:
            found = found.view_as(found)  # another edit may change what this one leaves as it is
        name = getattr(func, "__name__", "")
        if name == "__get__":
            name = func.__self__.__name__
        hanging = any(id(x) in self.nodes for x, _ in versions)
        if any(x._version != version and id(x) not in self.nodes for x, version in versions):
            raise Unrecordable(f"{name} writes into what is kept")
        if not hanging:
            if name in RANDOM:
                raise Unrecordable(f"{name} is random")
            return found
        if name in SHAPES:
            return found
        made = found if isinstance(found, (tuple, list)) else (found,)
        if not all(isinstance(x, Tensor) for x in made):
            raise Unrecordable(f"{name} gives no tensor")
        if torch.is_grad_enabled() != self.grads:
            raise Unrecordable(f"{name} has gradients of its own")
        if name == "dropout" and found is args[0]:
            return found
        self._write(func, args, kwargs, found)
        return found

    def _write(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], found: Any) -> None:
        if func is make_edit:
            node = self.graph.call_function(_call, (self.edits[id(args[0])], self._named(args[1])))
        else:
            node = self.graph.call_function(func, self._named(args), self._named(kwargs))
        if isinstance(found, Tensor):
            self._know(found, node)
            return
        for index, x in enumerate(found):
            self._know(x, self.graph.call_function(_item, (node, index)))

    def _know(self, x: Tensor, node: fx.Node) -> None:
        self.alive.append(x)
        self.nodes[id(x)] = node

    def _named(self, value: Any) -> Any:
        """An argument with tensors by the names that they have in the recording."""
        if isinstance(value, Tensor):
            if id(value) in self.nodes:
                return self.nodes[id(value)]
            if id(value) not in self.fixed:
                with self.graph.inserting_after(self.last):
                    self.last = self.fixed[id(value)] = self.graph.placeholder(f"fixed{len(self.constants)}")
                self.constants.append(value)
            return self.fixed[id(value)]
        if isinstance(value, (tuple, list)):
            return type(value)(map(self._named, value))
        if isinstance(value, dict):
            return {key: self._named(each) for key, each in value.items()}
        return value

    def finish(self, found: Tensor) -> "Recording":
        """What was recorded, as a function of given tensors, edits and what is kept.

        Raises:
            Unrecordable: what it gives hangs on nothing that is given.
        """
        if id(found) not in self.nodes:
            raise Unrecordable("it hangs on nothing")
        self.graph.output(self.nodes[id(found)])
        for node in reversed(self.graph.nodes):  # what is written into is read under another name
            if node.op == "call_function" and not node.users and not node.target.__name__.endswith("_"):
                self.graph.erase_node(node)
        return Recording(fx.GraphModule(nn.Module(), self.graph).forward, tuple(self.constants))


@dataclass
class Recording:
    """A run that was recorded; `checked` when it was seen to give on other inputs what the forward gives."""

    forward: Callable[..., Tensor]
    constants: tuple[Tensor, ...]
    checked: bool = False

    def __call__(self, given: Sequence[Tensor], edits: Sequence[Edit]) -> Tensor:
        """The run of other tensors with other edits."""
        return self.forward(*given, *edits, *self.constants)


class Replays:
    """Runs by their kind, which decides everything but numbers: made anew, recorded, checked, and then replayed."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, int | Recording | None] = OrderedDict()
        """How often a kind was run, its recording, or None where it cannot be recorded."""

    def run(
        self, kind: Hashable, given: Sequence[Tensor], edits: Sequence[Edit], forward: Callable[[], Tensor]
    ) -> Tensor:
        """What `forward`, a run of the given tensors in which edits are made, gives."""
        known = self._known.setdefault(kind, 0)
        self._known.move_to_end(kind)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        if known is None:
            return forward()
        if isinstance(known, int):
            if known < AFTER:
                self._known[kind] = known + 1
                return forward()
            found, self._known[kind] = _record(given, edits, forward)
            return found
        if known.checked:
            return known(given, edits)
        again, found = known(given, edits), forward()
        known.checked = _alike(again, found)
        if not known.checked:
            self._known[kind] = None
        return found


def _record(
    given: Sequence[Tensor], edits: Sequence[Edit], forward: Callable[[], Tensor]
) -> tuple[Tensor, Recording | None]:
    """What a run gives, and its recording if there can be one."""
    recorder = _Recorder(given, edits)
    try:
        with recorder:
            found = forward()
        return found, recorder.finish(found)
    except Unrecordable:
        return forward(), None


def _alike(one: Tensor, other: Tensor) -> bool:
    """Whether logits are equal but for rounding."""
    size = float(other.detach().abs().max()) if other.numel() else 0.0
    return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=1e-5 * max(1.0, size))


def _call(edit: Edit, x: Tensor) -> Tensor:
    return edit(x)


def _item(found: Sequence[Tensor], index: int) -> Tensor:
    return found[index]


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [x for each in value for x in _tensors(each)] if isinstance(value, (tuple, list)) else []
