"""The keys that a result's rows carry, by which scores are found again and told to be of the same items."""

from typing import Literal

from ...compiler.keys import content_key
from ...compiler.plan import CODE_VERSIONS, ItemsStep, NetworkSource
from ...compiler.sampling.items import Split
from .verdicts import QuantityKeys


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
