"""Attention of the positions that are run to a prefix, which is constant: it is not joined with their keys and values.

The library's caches join the keys and values of all positions anew in every layer, and its attention differentiates by
all of them, though only the later ones hang on anything. Here scores of both are computed apart and weighed by one
softmax. The model's own forward decides everything else: queries, keys, positions, scale and mask are what it hands to
its attention function. What is unusual is left to that function, with keys and values joined after all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.cache_utils import DynamicCache
from transformers.masking_utils import AttentionMaskInterface

from ..prefix import Prefix
from .prefix import HeldLayer

NAME, USUAL = "cspec_apart", "sdpa"
"""What the library calls this attention, and the one that it stands for: where that is chosen, its masks are used."""
HARMLESS = {"is_causal", "output_attentions", "position_ids", "sliding_window", "use_cache"}
"""What a layer may say further that changes nothing here: windows are in the mask."""


class UnsuitedModel(Exception):
    """A model's attention is given other keys and values than its cache gave: a prefix would not be attended to."""


_RUNS: list[dict[int, "_ConstantLayer"]] = []
"""Of each run that is under way, its layers by the identity of the keys that they gave and that nobody read yet."""


class _ConstantLayer(HeldLayer):  # type: ignore[no-untyped-call]
    """A cache's layer that holds a prefix for one run, and gives the keys and values of the later positions alone."""

    def __init__(self, keys: Tensor, values: Tensor, given: dict[int, "_ConstantLayer"]) -> None:
        super().__init__(keys, values)
        self.given, self.early, self.later = given, (keys, values), (keys, values)

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Of the later positions, as they are: the attention below joins them."""
        self.later = key_states, value_states
        self.given[id(key_states)] = self
        return self.later


def suits(model: PreTrainedModel) -> bool:
    """Whether a model can be run so: on processors, where attention is what the library calls `sdpa`.

    On other devices one kernel that joins is faster than several that do not; shorter types round differently.
    """
    some, config = next(model.parameters()), model.config.get_text_config()
    return some.device.type == "cpu" and some.dtype.itemsize >= 4 and config._attn_implementation == USUAL


@contextmanager
def attending_apart(model: PreTrainedModel, prefix: Prefix) -> Iterator[DynamicCache]:
    """A cache that holds a prefix, for the one run inside.

    Raises:
        UnsuitedModel: the model's attention was not given what its cache gave, and what it computed is wrong.
    """
    given: dict[int, _ConstantLayer] = {}
    cache, config = DynamicCache(), model.config.get_text_config()
    cache.layers += [_ConstantLayer(*pair, given) for pair in zip(prefix.keys, prefix.values, strict=True)]
    config._attn_implementation = NAME
    _RUNS.append(given)
    try:
        yield cache
    except Exception as problem:
        if given:  # perhaps it failed for want of the other keys
            raise UnsuitedModel from problem
        raise
    finally:
        _RUNS.pop()
        config._attn_implementation = USUAL
    if given:
        raise UnsuitedModel


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **further: Any,
) -> tuple[Tensor, Tensor | None]:
    """What the library calls for a layer: query [item, head, position, width], key and value [item, key head, ..].

    Returns [item, position, head, width].
    """
    layer = _RUNS[-1].pop(id(key), None)
    if layer is None or layer.later[0] is not key or layer.later[1] is not value:
        raise UnsuitedModel
    unusual = any(value is not None and name not in HARMLESS for name, value in further.items())
    early_keys, early_values = layer.early
    if dropout or unusual or not _fits(query, early_keys, attention_mask):
        keys, values = torch.cat([early_keys, key], 2), torch.cat([early_values, value], 2)
        return _USUAL(module, query, keys, values, attention_mask, dropout=dropout, scaling=scaling, **further)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    apply: Callable[..., Tensor] = _Apart.apply
    attended = apply(query, key, value, early_keys, early_values, attention_mask, scale)
    return attended.transpose(1, 2).contiguous(), None


def _fits(query: Tensor, keys: Tensor, mask: Tensor | None) -> bool:
    """Whether the scores take no more room than keys and values do, and the mask is the same for all heads."""
    rows = query.shape[1] // keys.shape[1] * query.shape[2]
    if rows > 2 * query.shape[3]:
        return False
    return query.shape[2] == 1 if mask is None else mask.dtype == torch.bool and mask.ndim == 4 and mask.shape[1] == 1


class _Apart(torch.autograd.Function):
    """Attention to a constant prefix and to later positions, of which alone it has gradients."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        early_keys: Tensor,
        early_values: Tensor,
        mask: Tensor | None,
        scale: float,
    ) -> Tensor:
        """Query [item, head, position, width], others with key heads: [item, head, position, width]."""
        items, heads, positions, width = query.shape
        rows = (items * key.shape[1], heads // key.shape[1] * positions)  # heads of one key head are further positions
        queries = query.reshape(*rows, width)
        keys, values, early_keys, early_values = (
            x.reshape(rows[0], *x.shape[2:]) for x in (key, value, early_keys, early_values)
        )
        scores = torch.cat([queries @ early_keys.mT, queries @ keys.mT], 2).mul_(scale)
        if mask is not None:
            scores.view(items, heads, positions, -1).masked_fill_(~mask, -torch.inf)
        weights = torch.softmax(scores, 2)
        early = early_keys.shape[1]
        attended = _add(weights[..., :early] @ early_values, weights[..., early:], values)
        ctx.save_for_backward(queries, keys, values, early_keys, early_values, weights)
        ctx.scale, ctx.shapes = scale, (query.shape, key.shape)
        return attended.view(query.shape)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """By query, key and value of the later positions."""
        queries, keys, values, early_keys, early_values, weights = ctx.saved_tensors
        early, grads = early_keys.shape[1], grad.reshape(queries.shape)
        by_weights = torch.cat([grads @ early_values.mT, grads @ values.mT], 2)
        by_scores = torch._softmax_backward_data(by_weights, weights, 2, weights.dtype).mul_(ctx.scale)
        by_queries = _add(by_scores[..., :early] @ early_keys, by_scores[..., early:], keys)
        by_keys, by_values = _times(by_scores[..., early:].mT, queries), _times(weights[..., early:].mT, grads)
        of_query, of_key = ctx.shapes
        return by_queries.view(of_query), by_keys.view(of_key), by_values.view(of_key), None, None, None, None


def _times(a: Tensor, b: Tensor) -> Tensor:
    """Products of matrices, each of several; those of a column and a row are faster element by element."""
    return a * b if b.shape[1] == 1 else a @ b


def _add(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The same products, added to what is there."""
    return x.addcmul_(a, b) if b.shape[1] == 1 else x.baddbmm_(a, b)


_attentions: Any = AttentionInterface
_masks: Any = AttentionMaskInterface
_USUAL: Callable[..., tuple[Tensor, Tensor | None]] = _attentions()[USUAL]
_attentions.register(NAME, _attend)
_masks.register(NAME, _masks()[USUAL])
