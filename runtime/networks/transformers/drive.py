"""Driving a model's own forward over some of its layers, from some position on, with edits on the way."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicCache

from ...errors import EnvironmentProblem
from ..gather import gather
from ..prefix import Prefix
from .activations import written_out
from .apart import UnsuitedModel, attending_apart, suits
from .edits import PlacedEdit, installed
from .families import Family
from .last_layer import first_of, keys_alone, narrowed, read_alone
from .prefix import cache_of, prefix_of
from .sites import entrance


@dataclass(frozen=True)
class Piece:
    """A piece of a run of tokens [item, token]: from layer `first` on, with some edits.

    It goes on from `state`, [item, position, width], or (None) from the tokens, and where an edit is made before layer
    0, from the tokens too. With a prefix, it has the positions from `prefix.length` on.
    """

    tokens: Tensor
    state: Tensor | None
    first: int
    edits: Sequence[PlacedEdit]
    prefix: Prefix | None = None

    @property
    def begins(self) -> int:
        """Its first position."""
        return self.prefix.length if self.prefix else 0


class Driver:
    """Runs pieces of a model's forward. Masks, position embeddings and norms stay the model's.

    Layers that are left out hand on what they are given. Where the family is not known (None), runs are whole.
    """

    def __init__(self, model: PreTrainedModel, family: Family | None, context: int) -> None:
        self.model, self.family, self.context = model, family, context
        stack = model.get_submodule(family.stack) if family else nn.ModuleList()
        self.layers: tuple[nn.Module, ...] = tuple(stack.children())
        self._activations = [tuple(written_out(layer)) for layer in self.layers]
        self._running, self._apart = False, suits(model)

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def stream(self, piece: Piece, stop: int, at: Tensor | None = None) -> Tensor:
        """The stream before layer `stop` (after the last, if there is none), [item, position, width].

        At some positions `at` [item, read] of the whole run alone: [item, read, width].
        """
        return self._suited(partial(self._stream, piece, stop, at))

    def _suited(self, run: Callable[[], Tensor]) -> Tensor:
        """What a run gives. Where the model's attention is found unlike others', prefixes are joined from now on."""
        try:
            return run()
        except UnsuitedModel:
            self._apart = False
            return run()

    def _stream(self, piece: Piece, stop: int, at: Tensor | None) -> Tensor:
        found: list[Tensor] = []
        rows = None if at is None else _counted_from(piece.begins, at.to(self.device))
        narrow = rows is not None and self._is_narrow(piece, rows, stop - 1)
        with self._driven(piece, stop) as inputs, ExitStack() as undo:
            if rows is not None and narrow:
                undo.enter_context(read_alone(self.model, self.layers[stop - 1], rows))
            if stop < len(self.layers):
                reading = self.layers[stop].register_forward_pre_hook(lambda _, given: found.append(given[0]))
            else:
                reading = self.layers[-1].register_forward_hook(lambda _, __, given: found.append(given))
            undo.enter_context(_removed(reading))
            self.model.base_model(**inputs)
        if rows is None:
            return found[0]
        return first_of(found[0], rows.shape[1]) if narrow else gather(found[0], rows)

    def logits(
        self, piece: Piece, at: Tensor, classes: Tensor | None = None, cache: DynamicCache | None = None
    ) -> Tensor:
        """Logits [item, read, class] at positions `at` [item, read] of the whole run, of some classes or of all.

        A `cache`, which holds the piece's prefix, is filled with the keys and values of its other positions.
        """
        return self._suited(partial(self._logits, piece, at, classes, cache))

    def _logits(self, piece: Piece, at: Tensor, classes: Tensor | None, cache: DynamicCache | None) -> Tensor:
        rows = _counted_from(piece.begins, at.to(self.device))
        with self._driven(piece, len(self.layers), cache) as inputs:
            if self.family is None or any(each.site.late for each in piece.edits):
                logits: Tensor = self.model(**inputs).logits
                for each in piece.edits:
                    if each.site.path is None:
                        logits = each.edit(logits)
                return _exact(_chosen(gather(logits, rows), classes))
            head = self.model.get_submodule(self.family.head)
            with ExitStack() as undo:
                if self._is_narrow(piece, rows, len(self.layers) - 1):
                    undo.enter_context(narrowed(self.model, self.family, self.layers[-1], rows))
                else:
                    reading = head.register_forward_pre_hook(lambda _, given: (gather(given[0], rows),))
                    undo.enter_context(_removed(reading))
                if classes is not None and isinstance(head, nn.Linear):
                    vars(head)["forward"] = partial(_give_classes, head, classes)
                    undo.callback(vars(head).pop, "forward")
                    classes = None
                read: Tensor = self.model(**inputs).logits
                return _exact(_chosen(read, classes))

    def _is_narrow(self, piece: Piece, rows: Tensor, last: int) -> bool:
        """Whether the last layer is run where it is read alone: where that is less, and nothing is edited in it."""
        positions = piece.tokens.shape[1] - piece.begins
        if not self._apart or self.family is None or piece.first > last or 2 * rows.shape[1] > positions:
            return False
        before = (entrance(self.family, len(self.layers), last), "reads")
        sites = [each.site for each in piece.edits]
        return all(site.early or site.point < last or (site.path, site.port.end) == before for site in sites)

    def whole(self, tokens: Tensor) -> dict[str, Any]:
        """What the model is called with to run whole."""
        tokens = tokens.to(self.device)
        return {"input_ids": _ids(tokens), "use_cache": False, **self._surroundings(tokens)}

    def prefix(self, piece: Piece) -> Prefix:
        """Keys and values of all positions of a piece without edits; of the layers before it nothing is held."""
        cache = DynamicCache()
        with (
            self._driven(piece, len(self.layers), cache) as inputs,
            keys_alone(self.model, self.layers[-1]) if self._apart else nullcontext(),
        ):
            self.model.base_model(**inputs)
        return prefix_of(cache, piece.first)

    def go_on(self, piece: Piece) -> tuple[Tensor, Prefix]:
        """Logits [item, class] of the last position, and keys and values of all positions."""
        cache = DynamicCache() if piece.prefix is None else cache_of(piece.prefix)
        last = torch.full((len(piece.tokens), 1), piece.tokens.shape[1] - 1)
        logits = self.logits(piece, last, cache=cache)[:, 0]
        return logits, prefix_of(cache, 0)

    @contextmanager
    def _driven(self, piece: Piece, stop: int, cache: DynamicCache | None = None) -> Iterator[dict[str, Any]]:
        """The model with the layers `piece.first` .. `stop - 1` only; yields what to call it with.

        A `cache`, which holds the piece's prefix, is filled.
        """
        if self._running:
            raise RuntimeError("a run was started inside of another one")
        tokens = piece.tokens.to(self.device)
        inputs = self._surroundings(tokens)
        with ExitStack() as undo:
            self._running = True
            undo.callback(setattr, self, "_running", False)
            if cache is None and piece.prefix is not None:
                held = attending_apart(self.model, piece.prefix) if self._apart else nullcontext(cache_of(piece.prefix))
                cache = undo.enter_context(held)
            inputs |= {"use_cache": False} if cache is None else {"past_key_values": cache, "use_cache": True}
            for index, layer in enumerate(self.layers):
                runs = piece.first <= index < stop
                for module, forward in self._activations[index] if runs else ((layer, _hand_on),):
                    vars(module)["forward"] = forward
                    undo.callback(vars(module).pop, "forward")
            if piece.state is None or self.family is None or any(each.site.early for each in piece.edits):
                inputs["input_ids"] = _ids(tokens[:, piece.begins :])
            else:
                state = inputs["inputs_embeds"] = piece.state
                opening = self.model.get_submodule(entrance(self.family, len(self.layers), piece.first))
                undo.enter_context(_removed(opening.register_forward_pre_hook(lambda _, given: (state, *given[1:]))))
            undo.enter_context(installed(self.model, piece.edits, (len(tokens), tokens.shape[1] - piece.begins)))
            yield inputs

    def _surroundings(self, tokens: Tensor) -> dict[str, Any]:
        """What a call is given besides its input and a prefix: where later positions are read, the padding."""
        if tokens.shape[1] > self.context:
            raise EnvironmentProblem(
                "CS536",
                f"expected at most {self.context} tokens, the network's context, found {tokens.shape[1]}",
                "shorten the prompts, or what is said after them",
            )
        if self.family is None or not self.family.causal:
            return {"attention_mask": (tokens >= 0).long()}
        return {}


def _counted_from(begins: int, at: Tensor) -> Tensor:
    """Positions [item, read] counted from another one on; where all items have the same, they stand there once."""
    return (at[:1] - begins).expand(len(at), -1) if at.stride(0) == 0 else at - begins


def _exact(logits: Tensor) -> Tensor:
    """Logits of a shorter floating point type as float32, which holds them exactly; others as they are."""
    return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits


def _give_classes(head: nn.Linear, classes: Tensor, x: Tensor) -> Tensor:
    """What a head gives for some classes: the others' rows are not multiplied."""
    bias = None if head.bias is None else head.bias[classes]
    return nn.functional.linear(x, head.weight[classes], bias)


def _chosen(logits: Tensor, classes: Tensor | None) -> Tensor:
    return logits if classes is None else logits[..., classes]


def _hand_on(state: Tensor, *_: object, **__: object) -> Tensor:
    """What a layer that is left out does."""
    return state


def _ids(tokens: Tensor) -> Tensor:
    """Tokens with some id in place of padding, which nothing reads."""
    return tokens.clamp(min=0)


@contextmanager
def _removed(handle: RemovableHandle) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()
