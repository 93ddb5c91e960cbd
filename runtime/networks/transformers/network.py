"""A transformer that runs in pieces: from any layer, to any layer, from any position, with edits at any site."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ....compiler.budgets import count_at_once
from ....compiler.network_facts import BETWEEN_LAYERS, TransformerFacts
from ..gather import gather
from ..prefix import Prefix
from ..protocol import SiteEdit
from .drive import Driver, Piece
from .edits import PlacedEdit, Site
from .families import End, family_of
from .packing import columns_of
from .sites import check_module, find_site

MODULE = 'module("'
"""How the component of a module's site begins; its path follows."""


class TransformerNetwork:
    """A transformer and its sites: a `Network` whose stage i is layer i, and the last one what follows the layers.

    Tokens are ids, int64 [item, token], padded on the right with -1. Activations are [item, position, width], one
    position for each token that is run; those of padding mean nothing. Components with heads are whole: head h owns
    dims h * head_width .. (h + 1) * head_width - 1 of `q`, `k`, `v` and `head_out`.

    A run is cut at layers: `start` gives `resid_pre[0]`, `advance` goes on to `resid_pre[stop]`, `finish` to logits.
    All of them drive the model's own forward; layers that are left out hand on what they are given. So masks, position
    embeddings and norms are the model's. Weights are frozen; gradients flow to what edits put in place.

    Of an architecture that is not known only `module` sites exist, and every run is a whole one: there is one stage,
    and what its state holds is not used.
    """

    def __init__(self, model: PreTrainedModel, facts: TransformerFacts) -> None:
        model.requires_grad_(False)
        model.train(False)
        self.model, self.facts = model, facts
        both_ways = getattr(model.config.get_text_config(), "use_bidirectional_attention", None) is True
        self.family = family_of(facts.architecture, facts.parallel, both_ways)
        self._driver = Driver(model, self.family, facts.context)
        self._edits: tuple[PlacedEdit, ...] = ()

    @property
    def device(self) -> torch.device:
        return self._driver.device

    @property
    def last_stage(self) -> int:
        """See `Network.last_stage`: how many layers can be left out, none where the architecture is not known."""
        return len(self._driver.layers)

    @property
    def items_at_once(self) -> int:
        """See `Network.items_at_once`."""
        return count_at_once(self.facts.stream, self.facts.vocabulary)

    def layer_of(self, component: str, layer: int | None, path: str | None = None) -> int:
        """The first layer that must be run for an edit of a site to take place: before it, an edited run is clean.

        l for what layer l reads and computes; l + 1 for `resid_post[l]`, which layer l + 1 reads; 0 for `embed` and
        modules before layer 0, which a run from layer 0 computes again; `last_stage` for what comes after the layers.

        Raises:
            ValueError: the network has no such site.
            EnvironmentProblem: it has no such module.
        """
        return self._site(component, layer, path).point

    def state_of(self, component: str, layer: int | None, path: str | None = None) -> int | None:
        """See `Network.state_of`: of the stream between layers, by either of its names."""
        point = self._site(component, layer, path).point
        return point if component in BETWEEN_LAYERS else None

    @contextmanager
    def edited(self, edits: Sequence[SiteEdit]) -> Iterator[None]:
        """Make edits in every run inside, at one site in the order given.

        A run from layer `first` makes those of which `layer_of` is `first` or later. Each edit is given the site's
        activation at the positions that are run, and returns what takes its place. It starts no run itself.
        """
        before = self._edits
        self._edits = tuple(PlacedEdit(self._site(name, layer, path), edit) for name, layer, path, edit in edits)
        try:
            yield
        finally:
            self._edits = before

    def __call__(self, tokens: Tensor) -> Tensor:
        """Logits of a whole run, [item, position, class]."""
        at = torch.arange(tokens.shape[1], device=tokens.device).expand(tokens.shape)
        return self._driver.logits(Piece(tokens, None, 0, self._edits), at)

    def model_inputs(self, tokens: Tensor) -> dict[str, Any]:
        """What `model` itself is called with to run tokens [item, token] whole."""
        return self._driver.whole(tokens)

    def hooked(self, component: str, layer: int | None) -> tuple[str, End, tuple[int, ...] | None]:
        """Where plain hooks on `model` meet a site: the module's path, its end, and the columns that the site is of it.

        Columns are None where it is all of them.

        Raises:
            ValueError: the network has no such site, or no module gives it as it is.
        """
        site = self._site(component, layer, None)
        if site.path is None:
            if self.family is None or getattr(self.model.config.get_text_config(), "final_logit_softcapping", None):
                raise ValueError(f"no module gives {component} as it is")
            return self.family.head, "gives", None
        return site.path, site.port.end, columns_of(site.port, site.heads, site.heads * self.facts.head_width)

    def start(self, tokens: Tensor) -> Tensor:
        """`resid_pre[0]`, [item, position, width]."""
        if self.family is None:
            return torch.zeros(*tokens.shape, 0, device=self.device)
        return self._driver.stream(Piece(tokens, None, 0, self._edits_of(0, 0)), 0)

    def advance(
        self,
        state: Tensor,
        tokens: Tensor,
        first: int,
        stop: int,
        prefix: Prefix | None = None,
        read: Tensor | None = None,
    ) -> Tensor:
        """`resid_pre[stop]` of a run that goes on from `resid_pre[first]`, both before they are edited themselves.

        With a prefix, `state` and the result hold the positions from `prefix.length` on; `tokens` are always whole.
        With positions to `read`, the result is [item, read, width].
        """
        if not 0 <= first <= stop <= self.last_stage:
            raise ValueError(f"expected layers 0 <= first <= stop <= {self.last_stage}, found {first} and {stop}")
        piece = Piece(tokens, state, first, self._edits_of(first, stop), prefix)
        if first == stop:
            return state if read is None else gather(state, read - piece.begins)
        return self._driver.stream(piece, stop, read)

    def finish(
        self,
        state: Tensor,
        tokens: Tensor,
        first: int,
        at: Tensor,
        prefix: Prefix | None = None,
        classes: Tensor | None = None,
    ) -> Tensor:
        """Logits [item, read, class] at the positions `at` [item, read] of a run that goes on from `resid_pre[first]`.

        They are in float32, whatever shorter type the network has.
        With a prefix, `state` holds the positions from `prefix.length` on; `tokens` and `at` are the whole run's.
        """
        if not 0 <= first <= self.last_stage:
            raise ValueError(f"expected a layer of 0 to {self.last_stage}, found {first}")
        edits = self._edits_of(first, self.last_stage + 1)
        return self._driver.logits(Piece(tokens, state, first, edits, prefix), at, classes)

    @property
    def has_prefixes(self) -> bool:
        """See `Network.has_prefixes`."""
        return self.family is not None and self.family.causal

    def prefix(self, tokens: Tensor, length: int, state: Tensor | None = None, first: int = 0) -> Prefix:
        """See `Network.prefix`.

        Raises:
            ValueError: there are no such positions, or later ones change what earlier ones hold (encoders).
        """
        if not self.has_prefixes:
            raise ValueError("only a network of which a position reads none after it has prefixes")
        if not 1 <= length < tokens.shape[1]:
            raise ValueError(f"expected a length of 1 to {tokens.shape[1] - 1}, found {length}")
        if not 0 <= first < self.last_stage:
            raise ValueError(f"expected a layer of 0 to {self.last_stage - 1}, found {first}")
        early = None if state is None else state[:, :length]
        return self._driver.prefix(Piece(tokens[:, :length], early, first, ()))

    def go_on(self, tokens: Tensor, prefix: Prefix | None) -> tuple[Tensor, Prefix]:
        """See `Network.go_on`.

        Raises:
            ValueError: later positions change what earlier ones hold (encoders), or the prefix leaves none.
        """
        if not self.has_prefixes:
            raise ValueError("only a network of which a position reads none after it has prefixes")
        if prefix is not None and prefix.length >= tokens.shape[1]:
            raise ValueError(f"expected a length of 1 to {tokens.shape[1] - 1}, found {prefix.length}")
        return self._driver.go_on(Piece(tokens, None, 0, self._edits_of(0, self.last_stage + 1), prefix))

    def _edits_of(self, first: int, stop: int) -> list[PlacedEdit]:
        """The edits that a run of the layers `first` .. `stop - 1` makes; before layer 0 if it begins there."""
        return [each for each in self._edits if first <= each.site.point < stop or (first == 0 and each.site.early)]

    def _site(self, component: str, layer: int | None, path: str | None) -> Site:
        if component.startswith(MODULE):
            component, path = "module", component.removeprefix(MODULE).removesuffix('")')
        if path is not None:
            check_module(self.model, path)
        return find_site(self.family, self.facts, component, layer, path)
