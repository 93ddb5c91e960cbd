"""Scores that lie in a store, found again by the keys that a result's rows carry: one 0/1 score an item."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..compiler.keys import content_key
from ..compiler.plan import CODE_VERSIONS, ItemsStep, NetworkSource
from ..compiler.sampling.items import Split
from .store import Store
from .verdicts import QuantityKeys

if TYPE_CHECKING:  # rows and keys are read without torch
    from torch import Tensor


@dataclass(frozen=True)
class ItemScores:
    """Whether network and model agree, item by item, in the order of the split's stream; each shape [item]."""

    over_all: "Tensor"
    among: "Tensor"


def load_item_scores(store: Store, key: str) -> ItemScores | None:
    """All scores under `QuantityKeys.scores`; None where they are gone, damaged, no 0/1, or those of a whole domain."""
    from .score_chunks import read_stored

    scores = read_stored(store, key)
    if scores is None or not scores.binary:
        return None
    return ItemScores(scores.values.bool(), scores.values_among.bool())


def stream_key(population: str, split: Split | Literal["whole"]) -> str:
    """The items of a population's split: item i is the same however many are drawn, so counts do not enter."""
    return content_key("stream", CODE_VERSIONS["items"], population=population, split=split)


def quantity_keys(scores: str, items: ItemsStep, network: NetworkSource) -> QuantityKeys:
    """The keys of one measurement, for its row."""
    model = items.population.recipe.model
    names = (*model.input_names, model.output)
    domains = [(name, model.domains[name].low, model.domains[name].size) for name in names]
    return QuantityKeys(
        scores=scores,
        items=stream_key(items.population.key, items.split),
        network=network.key,
        task=content_key("task", 1, variables=domains),
    )
