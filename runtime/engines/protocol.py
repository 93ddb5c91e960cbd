"""The engine's protocol: the network's interpreter of counterfactual terms."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from torch import Tensor

from ...compiler.groundings import Positions
from ...compiler.interpret_terms import Batch
from ...compiler.terms import OutputOf, Run
from .generate import Generated

if TYPE_CHECKING:
    from ..maps.feature_map import FeatureMap


Prepared = Callable[[Tensor], Tensor]
"""From items, told by their indices in a batch, shape [item], to a query's logits, shape [item, answer, class]."""


class Engine(Protocol):
    """Evaluates terms on one network through one grounding. Engines must agree for the same maps."""

    @property
    def name(self) -> str:
        """The engine's name, as a result records it."""

    @property
    def at_once(self) -> int:
        """How many items it is given at once."""

    @property
    def maps(self) -> "tuple[FeatureMap, ...]":
        """The maps of the grounding's frames, in order; `logits` has gradients with respect to their parameters."""

    def using(self, maps: "tuple[FeatureMap, ...]") -> AbstractContextManager[None]:
        """Within it these maps take the place of the engine's own; what was prepared uses them, too."""

    def logits(self, query: OutputOf, batch: Batch) -> Tensor:
        """Logits of the query's run where the answers are read, shape [item, answer, class].

        `batch.inputs` are rows as the encoding makes them, shape [item, role, column].

        Raises:
            EngineRefusal: the engine cannot evaluate this term rightly.
        """

    def prepare(self, query: OutputOf, batch: Batch, classes: tuple[int, ...]) -> Prepared:
        """`logits` of some of the batch's items, for a batch that is asked again and again while the maps change.

        Of these classes alone, in this order.

        What no map changes may be computed once and kept as long as the result is.
        """

    def generate(self, query: OutputOf, batch: Batch, limit: int, ends: tuple[int, ...]) -> Generated:
        """What the query's run says after its prompt, token by token the best one, its assignments made at each.

        Raises:
            EngineRefusal: the engine does not generate.
        """

    def logits_after(self, query: OutputOf, batch: Batch, edit: Callable[[Tensor], Tensor]) -> Tensor:
        """Logits of a run in which the activation of the first frame's layer is edited after the run's assignments."""

    def activation(self, frame: int, rows: Tensor, part: int = 0) -> Tensor:
        """The whole activation of the layer of a frame's part in unintervened runs, shape [item, position, width]."""

    def activation_at(self, positions: Positions, frame: int, rows: Tensor, part: int = 0) -> Tensor:
        """The same at some positions, shape [item, place, width]."""

    def states(self, frame: int, rows: Tensor) -> Tensor:
        """The vectors that a frame's map sees in unintervened runs of `rows` [item, column]: [item, group, dim].

        A group is a position where the frame's map is shared between positions; else there is one.
        """

    def vectors(self, frame: int, source: Run, batch: Batch) -> Tensor:
        """The vectors that a frame's map sees in a run with its assignments made, shape [item, group, dim]."""

    def answer_and_read(self, query: OutputOf, frames: Sequence[int], batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """`logits` of a run, and the vectors that some frames' maps see in the same run, as `vectors` gives them."""

    def intervened_at(self, positions: Positions, frame: int, run: Run, batch: Batch, part: int = 0) -> Tensor:
        """The activation of a part's layer in a run with its assignments made, at positions: [item, place, width]."""

    def read(self, variable: str, rows: Tensor) -> Tensor:
        """A variable's features in unintervened runs of `rows` [item, column]; shape [item, feature].

        An interchange reads nothing else of a source: sources with equal features give equal runs.
        """

    def read_in(self, variable: str, run: Run, batch: Batch) -> Tensor:
        """A variable's features in a run with its assignments made, shape [item, feature]."""
