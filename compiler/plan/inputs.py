"""The steps before anything is measured: networks to run, items, their tokens, and what unedited runs hold."""

from dataclasses import field
from typing import Literal

from ...lang.record import record
from ..experiments import Encoding, NetworkFile
from ..sampling.draw_items import Population
from ..sampling.items import Split


@record
class NetworkSource:
    """Weights to run: a file's, or (`draw` not None) the same architecture redrawn by its own initialisation law."""

    key: str
    file: NetworkFile = field(compare=False)
    draw: int | None = None
    draw_seed: int = 0


@record
class ItemsStep:
    """Draw `count` items of a split, or (split `whole`) enumerate the whole domain.

    Of `test`, `count` is the most that any claim may need: they are drawn as they are needed, and it enters no key.
    """

    key: str
    population: Population = field(compare=False)
    split: Split | Literal["whole"]
    count: int
    kind: Literal["Items"] = "Items"


@record
class EncodeStep:
    """Render the inputs of items as token ids, and values of the output as classes."""

    key: str
    items: str
    encoding: Encoding
    kind: Literal["Encode"] = "Encode"


@record
class CaptureStep:
    """What unedited runs of an Encode step's inputs hold at one `site`, each distinct input once, for all its readers.

    It is the state of a `stage`, or (None) the keys and values of all stages before the first edited position. Runs
    stop at the stage `stop` (None: with the logits), and those of inputs that the capture `after` has go on from it. It
    is virtual: computed when a reader first needs it, kept while there is room, and never in the store. `network_key`
    is the network's own, or that of the evaluation which chooses among networks and names the first of them.
    """

    key: str
    network: NetworkSource
    network_key: str
    encode: str
    site: str = field(compare=False)
    stage: int | None
    stop: int | None
    after: str | None
    kind: Literal["Capture"] = "Capture"
