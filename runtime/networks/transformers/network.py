"""A transformer that runs in pieces: from any layer, to any layer, from any position, with edits at any site."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicCache

from ....compiler.network_facts import TransformerFacts
from ...errors import EnvironmentProblem
from .edits import Change, Edit, Site, installed
from .families import family_of
from .prefix import Prefix, cache_of, prefix_of
from .sites import entrance, find_site

Assignment = tuple[str, int | None, str | None, Change]
"""Component, layer, dotted path of a `module`, and what becomes of the activation."""


class TransformerNetwork:
    """A transformer and its sites.

    Tokens are ids, int64 [item, token], padded on the right with -1. Activations are [item, position, width], one
    position for each token that is run; those of padding mean nothing. Components with heads are whole: head h owns
    dims h * head_width .. (h + 1) * head_width - 1 of `q`, `k`, `v` and `head_out`.

    A run is cut at layers: `start` gives `resid_pre[0]`, `advance` goes on to `resid_pre[stop]`, `finish` to logits.
    All of them drive the model's own forward; layers that are left out hand on what they are given. So masks, position
    embeddings and norms are the model's. Weights are frozen; gradients flow to what edits put in place.

    Of an architecture that is not known only `module` sites exist, and every run is a whole one: there is one point to
    start from, 0, and what `state` holds there is not used.
    """

    def __init__(self, model: PreTrainedModel, facts: TransformerFacts) -> None:
        model.requires_grad_(False)
        model.train(False)
        self.model, self.facts = model, facts
        self.family = family_of(facts.architecture, facts.parallel)
        stack = model.get_submodule(self.family.stack) if self.family else nn.ModuleList()
        self.layers: tuple[nn.Module, ...] = tuple(stack.children())
        self._edits: tuple[Edit, ...] = ()
        self._running = False

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def blocks(self) -> int:
        """How many layers can be left out or run apart: all, or none where the architecture is not known."""
        return len(self.layers)

    @property
    def last_stage(self) -> int:
        """See `Network.last_stage`: what follows the layers."""
        return self.blocks

    def state_of(self, component: str, layer: int | None) -> int | None:
        """See `Network.state_of`: the stream between layers."""
        if component == "resid_pre":
            return layer
        return layer + 1 if component == "resid_post" and layer is not None else None

    def layer_of(self, component: str, layer: int | None, path: str | None = None) -> int:
        """The first layer that must be run for an edit of a site to take place: before it, an edited run is clean.

        l for what layer l reads and computes; l + 1 for `resid_post[l]`, which layer l + 1 reads; 0 for `embed` and
        modules before layer 0, which a run from layer 0 computes again; `blocks` for what comes after the last layer.

        Raises:
            ValueError: the network has no such site.
        """
        return self._site(component, layer, path).point

    @contextmanager
    def edited(self, edits: Sequence[Assignment]) -> Iterator[None]:
        """Make edits in every run inside, at one site in the order given.

        A run from layer `first` makes those of which `layer_of` is `first` or later. Each change is given the site's
        activation at the positions that are run, and returns what takes its place. It starts no run itself.
        """
        before = self._edits
        self._edits = tuple(Edit(self._site(name, layer, path), change) for name, layer, path, change in edits)
        try:
            yield
        finally:
            self._edits = before

    def __call__(self, tokens: Tensor) -> Tensor:
        """Logits of a whole run, [item, position, class]."""
        tokens = tokens.to(self.device)
        at = torch.arange(tokens.shape[1], device=self.device).expand(tokens.shape)
        return self._finish(None, tokens, 0, at, None)

    def start(self, tokens: Tensor) -> Tensor:
        """`resid_pre[0]`, [item, position, width]."""
        return self._advance(None, tokens, 0, 0, None)

    def advance(self, state: Tensor, tokens: Tensor, first: int, stop: int, prefix: Prefix | None = None) -> Tensor:
        """`resid_pre[stop]` of a run that goes on from `resid_pre[first]`, both before they are edited themselves.

        With a prefix, `state` and the result hold the positions from `prefix.length` on; `tokens` are always whole.
        """
        return self._advance(state, tokens, first, stop, prefix)

    def finish(self, state: Tensor, tokens: Tensor, first: int, at: Tensor, prefix: Prefix | None = None) -> Tensor:
        """Logits [item, read, class] at the positions `at` [item, read] of a run that goes on from `resid_pre[first]`.

        With a prefix, `state` holds the positions from `prefix.length` on; `tokens` and `at` are the whole run's.
        """
        return self._finish(state, tokens, first, at, prefix)

    def prefix(self, tokens: Tensor, length: int) -> Prefix:
        """Keys and values of the positions below `length` of a clean run, for all layers.

        Raises:
            ValueError: there are no such positions, or later ones change what earlier ones hold (encoders).
        """
        if self.family is None or not self.family.causal:
            raise ValueError("only a network of which a position reads none after it has prefixes")
        if not 1 <= length < tokens.shape[1]:
            raise ValueError(f"expected a length of 1 to {tokens.shape[1] - 1}, found {length}")
        cache = DynamicCache()
        ids = ids_of(tokens[:, :length].to(self.device))
        self.model.base_model(input_ids=ids, past_key_values=cache, use_cache=True)
        return prefix_of(cache)

    def _advance(self, state: Tensor | None, tokens: Tensor, first: int, stop: int, prefix: Prefix | None) -> Tensor:
        if not 0 <= first <= stop <= self.blocks:
            raise ValueError(f"expected layers 0 <= first <= stop <= {self.blocks}, found {first} and {stop}")
        if state is not None and first == stop:
            return state
        if self.family is None:
            return torch.zeros(*tokens.shape, 0, device=self.device)
        found: list[Tensor] = []
        edits = [edit for edit in self._edits if first <= edit.site.point < stop or (edit.site.early and first == 0)]
        with self._driven(_Cut(state, first, stop, tokens, prefix, edits)) as inputs:
            if stop < self.blocks:
                reading = self.layers[stop].register_forward_pre_hook(lambda _, given: found.append(given[0]))
            else:
                reading = self.layers[-1].register_forward_hook(lambda _, __, given: found.append(given))
            with _removed(reading):
                self.model.base_model(**inputs)
        return found[0]

    def _finish(self, state: Tensor | None, tokens: Tensor, first: int, at: Tensor, prefix: Prefix | None) -> Tensor:
        if not 0 <= first <= self.blocks:
            raise ValueError(f"expected a layer of 0 to {self.blocks}, found {first}")
        edits = [edit for edit in self._edits if first <= edit.site.point]
        rows = at.to(self.device) - (prefix.length if prefix else 0)
        with self._driven(_Cut(state, first, self.blocks, tokens, prefix, edits)) as inputs:
            if self.family is None or any(edit.site.late for edit in edits):
                logits: Tensor = self.model(**inputs).logits
                for edit in edits:
                    if edit.site.module is None:
                        logits = edit.change(logits)
                return gather(logits, rows)
            head = self.model.get_submodule(self.family.head)
            with _removed(head.register_forward_pre_hook(lambda _, given: (gather(given[0], rows),))):
                read: Tensor = self.model(**inputs).logits
                return read

    @contextmanager
    def _driven(self, cut: "_Cut") -> Iterator[dict[str, Any]]:
        """The model with only the layers of a cut, and its edits; yields what to call it with."""
        tokens = cut.tokens.to(self.device)
        length = cut.prefix.length if cut.prefix else 0
        if tokens.shape[1] > self.facts.context:
            raise EnvironmentProblem(
                "CS536",
                f"expected at most {self.facts.context} tokens, the network's context, found {tokens.shape[1]}",
                "shorten the prompts",
            )
        inputs: dict[str, Any] = {"use_cache": cut.prefix is not None}
        if cut.prefix is not None:
            inputs["past_key_values"] = cache_of(cut.prefix)
        if self.family is None or not self.family.causal:
            inputs["attention_mask"] = (tokens >= 0).long()
        if self._running:
            raise RuntimeError("a run was started inside of another one")
        with ExitStack() as undo:
            self._running = True
            undo.callback(setattr, self, "_running", False)
            for index, layer in enumerate(self.layers):
                if not cut.first <= index < cut.stop:
                    vars(layer)["forward"] = _hand_on
                    undo.callback(vars(layer).pop, "forward")
            if cut.state is None or self.family is None or any(edit.site.early for edit in cut.edits):
                inputs["input_ids"] = ids_of(tokens[:, length:])
            else:
                state = inputs["inputs_embeds"] = cut.state
                opening = entrance(self.model, self.family, cut.first)
                undo.enter_context(_removed(opening.register_forward_pre_hook(lambda _, given: (state, *given[1:]))))
            undo.enter_context(installed(cut.edits, (tokens.shape[0], tokens.shape[1] - length)))
            yield inputs

    def _site(self, component: str, layer: int | None, path: str | None) -> Site:
        return find_site(self.model, self.family, self.facts, component, layer, path)


@dataclass(frozen=True)
class _Cut:
    """A piece of a run: layers `first` .. `stop - 1` from a state (None: from the tokens), with these edits."""

    state: Tensor | None
    first: int
    stop: int
    tokens: Tensor
    prefix: Prefix | None
    edits: Sequence[Edit]


def gather(x: Tensor, at: Tensor) -> Tensor:
    """The vectors of x [item, position, width] at each item's own positions [item, read]: [item, read, width]."""
    return x[torch.arange(len(x), device=x.device)[:, None], at]


def _hand_on(state: Tensor, *_: object, **__: object) -> Tensor:
    """What a layer that is left out does."""
    return state


def ids_of(tokens: Tensor) -> Tensor:
    """Tokens with some id in place of padding, which nothing reads."""
    return tokens.clamp(min=0)


@contextmanager
def _removed(handle: RemovableHandle) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()
