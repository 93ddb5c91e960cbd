"""The engine's protocol: the network's interpreter of counterfactual terms."""

from collections.abc import Iterable
from typing import Protocol

from torch import Tensor, nn

from ..compiler.interpret_terms import Batch
from ..compiler.terms import OutputOf

Frames = tuple[Tensor | None, ...]
"""The maps of a grounding's frames, in order: an orthonormal matrix, shape [site dim, frame dim]; None: identity."""


class Engine(Protocol):
    """Evaluates terms on one network through one grounding. Engines must agree for the same stored maps."""

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """Logits of the query's run, shape [item, position, class]; `batch.inputs` are token ids.

        Tokens have shape [item, role, position].

        Raises:
            EngineRefusal: the engine cannot evaluate this term rightly.
        """

    def read(self, variable: str, tokens: Tensor) -> Tensor:
        """A variable's coordinates in its block in an unintervened run, shape [item, block dim].

        `tokens` are ids, shape [item, position].
        An interchange reads nothing else of a source: sources with equal coordinates give equal runs.
        """

    def trainable_frames(self, seed: int) -> Iterable[nn.Parameter]:
        """Draw fresh frames for every learned map and return their parameters; `logits` then has gradients."""

    def frames(self) -> Frames:
        """The present maps, detached."""

    def set_frames(self, frames: Frames) -> None:
        """Use these maps."""
