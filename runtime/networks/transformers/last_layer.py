"""The last layer that is run, at the positions alone where it is read.

Of the other positions nothing is read but the layer's keys and values; all that follows its attention is done for each
position by itself. So the model's own layer is begun with every position, as far as its attention, whose queries, keys,
values and mask are taken there; and run whole at the positions that are read, where what their queries attend to takes
the place of its attention.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.cache_utils import Cache

from ..gather import gather
from .apart import UnsuitedModel
from .families import Family

NAME = "cspec_last_layer"
"""What the library calls whatever stands for the attention of a layer that is run so."""
Attention = Callable[..., tuple[Tensor, Tensor | None]]

_STANDS_IN: list[Attention] = []
_library: Any = AttentionInterface
_attentions = _library()
_attentions.register(NAME, lambda *given, **named: _STANDS_IN[-1](*given, **named))


class _Begun(Exception):
    """A layer has come to its attention, which is called with these things."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__()
        self.given, self.named = given, named


@contextmanager
def narrowed(model: PreTrainedModel, family: Family, layer: nn.Module, at: Tensor) -> Iterator[None]:
    """The last layer is read, and the head given the stream, at positions `at` alone, [item, read], of those run.

    Raises:
        UnsuitedModel: the layer attends more than once, and what it computed is wrong.
    """
    final, head = model.get_submodule(family.final), model.get_submodule(family.head)
    positions = list[int]()

    def read(state: Tensor, *given: Any, **named: Any) -> Tensor:
        positions.append(state.shape[1])
        return _read_at(model, partial(type(layer).forward, layer), at, state, *given, **named)

    with ExitStack() as undo:
        undo.enter_context(_running_as(layer, read))
        if final is not head:  # in between some models give what they have the shape of what they were given
            spread = final.register_forward_hook(lambda _, __, x: _spread(x, positions[0]))
            undo.callback(spread.remove)
            undo.callback(head.register_forward_pre_hook(lambda _, x: (first_of(x[0], at.shape[1]),)).remove)
        yield


@contextmanager
def read_alone(model: PreTrainedModel, layer: nn.Module, at: Tensor) -> Iterator[None]:
    """A layer is read at positions `at` alone, [item, read], of those run: the `first_of` what it hands on are these.

    Raises:
        UnsuitedModel: the layer attends more than once, and what it computed is wrong.
    """

    def read(state: Tensor, *given: Any, **named: Any) -> Tensor:
        return _spread(_read_at(model, partial(type(layer).forward, layer), at, state, *given, **named), state.shape[1])

    with _running_as(layer, read):
        yield


def _spread(x: Tensor, positions: int) -> Tensor:
    """Vectors [item, read, width] as the first ones of so many positions, of which nobody reads the others."""
    if x.shape[1] == 1:
        return x.expand(-1, positions, -1)
    return x[:, torch.arange(positions, device=x.device).clamp(max=x.shape[1] - 1)]


def first_of(x: Tensor, count: int) -> Tensor:
    """The first ones again, laid out anew: products with strides of 0 would be made item by item."""
    return x[:, :count].clone(memory_format=torch.contiguous_format)


@contextmanager
def keys_alone(model: PreTrainedModel, layer: nn.Module) -> Iterator[None]:
    """The layer leaves its keys and values in the cache, and hands on the stream as it was given it."""

    def read(state: Tensor, *given: Any, **named: Any) -> Tensor:
        _begin(model.config.get_text_config(), partial(type(layer).forward, layer), state, *given, **named)
        return state

    with _running_as(layer, read):
        yield


@contextmanager
def _running_as(layer: nn.Module, forward: Callable[..., Tensor]) -> Iterator[None]:
    """What stands in for a layer's own forward, inside."""
    vars(layer)["forward"] = forward
    try:
        yield
    finally:
        vars(layer).pop("forward")


def _read_at(
    model: PreTrainedModel, run: Callable[..., Tensor], at: Tensor, state: Tensor, *given: Any, **named: Any
) -> Tensor:
    """What a layer gives at some positions of `state` [item, position, width]; others are its further arguments."""
    config = model.config.get_text_config()
    attend: Attention = _attentions[config._attn_implementation]
    begun = _begin(config, run, state, *given, **named)
    if isinstance(begun, Tensor):
        return gather(begun, at)
    attended = [_attend_at(attend, at, *begun.given, **begun.named)]

    def answer(*_: Any, **__: Any) -> tuple[Tensor, Tensor | None]:
        if not attended:
            raise UnsuitedModel
        return attended.pop()

    narrow = partial(_narrow, at, state.shape[1])
    with _standing_in(config, answer):
        return run(gather(state, at), *map(narrow, given), **{name: narrow(value) for name, value in named.items()})


def _begin(config: Any, run: Callable[..., Tensor], *given: Any, **named: Any) -> _Begun | Tensor:
    """Run a layer as far as its attention; where it does not attend as the library's layers do, to its end."""

    def stop(*given: Any, **named: Any) -> tuple[Tensor, Tensor | None]:
        raise _Begun(*given, **named)

    try:
        with _standing_in(config, stop):
            return run(*given, **named)
    except _Begun as begun:
        return begun.with_traceback(None)  # which would hold what the layer has computed


@contextmanager
def _standing_in(config: Any, attention: Attention) -> Iterator[None]:
    """What layers call as their attention, inside."""
    usual, config._attn_implementation = config._attn_implementation, NAME
    _STANDS_IN.append(attention)
    try:
        yield
    finally:
        _STANDS_IN.pop()
        config._attn_implementation = usual


def _attend_at(
    attend: Attention,
    at: Tensor,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    **further: Any,
) -> tuple[Tensor, Tensor | None]:
    """What the queries [item, head, position, width] of some positions attend to: [item, read, head, width]."""
    positions, causal = query.shape[2], further.pop("is_causal", None)
    if mask is None and positions > 1 and (getattr(module, "is_causal", True) if causal is None else causal):
        mask = torch.ones(positions, key.shape[2], dtype=torch.bool, device=query.device).tril()[None, None]
    if mask is not None and mask.shape[2] > 1:
        mask = gather(mask.transpose(1, 2).expand(len(query), -1, -1, -1), at).transpose(1, 2)
    query = gather(query.transpose(1, 2), at).transpose(1, 2)
    return attend(module, query, key, value, mask, is_causal=False, **further)


def _narrow(at: Tensor, positions: int, value: Any) -> Any:
    """An argument of a layer as it is where only some positions are run, which attend to nothing themselves."""
    if isinstance(value, Cache) or (isinstance(value, Tensor) and value.ndim == 4):
        return None
    if isinstance(value, tuple):
        return tuple(_narrow(at, positions, each) for each in value)
    if isinstance(value, Tensor) and value.ndim > 1 and value.shape[1] == positions:
        return gather(value.expand(len(at), *value.shape[1:]), at)
    return value
