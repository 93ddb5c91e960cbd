"""The graph that steps are added to, and the steps that all others rest on: items, their encoding, networks."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import networkx as nx

from ...lang.program import Settings
from ..experiments import Encoding, NetworkFile
from ..keys import content_key, derived_seed, weights_hash
from ..plan import CODE_VERSIONS, THREADS, EncodeStep, EngineName, ItemsStep, NetworkSource, Step
from ..sampling.items import Recipe, Split
from ..sampling.populations import Populations

RunsBy = Mapping[str, str | int]
"""What numbers depend on besides what is run: the engine, its version and torch's, and the threads."""


class StepGraph:
    """Steps by their keys, each after those that it needs; a step that is there already is shared."""

    def __init__(
        self,
        networks: Mapping[str, NetworkFile],
        populations: Populations,
        settings: Settings,
        engine: EngineName,
        fitted_by: EngineName,
    ) -> None:
        self.networks, self.populations, self.settings = networks, populations, settings
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.looks: dict[str, str] = {}
        """By the key of an evaluation, what a look at it is known by: scores of answers may come between two looks, and
        the same maps, given or found, are the same look whatever engine evaluates them."""
        self.engine, self.fitted_by = runs_by(engine), runs_by(fitted_by)
        self._hashes: dict[Path, str] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.graph

    def __getitem__(self, key: str) -> Step:
        step: Step = self.graph.nodes[key]["step"]
        return step

    def add(self, step: Step, *needs: str | None) -> str:
        if step.key not in self.graph:
            self.graph.add_node(step.key, step=step)
            self.graph.add_edges_from((need, step.key) for need in needs if need is not None)
        return step.key

    def seed(self, role: str, key: str) -> int:
        """The seed of something random that is known by its content."""
        return derived_seed(self.settings.seed, role, key)

    def plan_items(self, recipe: Recipe, split: Split | None, count: int, encoding: Encoding) -> str:
        """Items and their encoding; returns the encoding's key. `split` None: the whole domain.

        Fits depend on how many items there are; what is scored item by item does not.
        """
        population = self.populations.open(recipe, whole_domain=split is None)
        items = ItemsStep(
            key=content_key(
                "items",
                CODE_VERSIONS["items"],
                population=population.key,
                split=split,
                count=count if split in ("fit", "select") else None,
            ),
            population=population,
            split="whole" if split is None else split,
            count=count,
        )
        self.add(items)
        if self.graph.nodes[items.key]["step"].count < count:
            self.graph.nodes[items.key]["step"] = items
        key = content_key("encode", CODE_VERSIONS["encode"], items=items.key, encoding=encoding)
        return self.add(EncodeStep(key, items.key, encoding), items.key)

    def plan_network(self, name: str, draw: int | None) -> NetworkSource:
        """The network of this name; `draw` numbers one of its architecture with fresh weights."""
        file = self.networks[name]
        if file.path not in self._hashes:
            self._hashes[file.path] = weights_hash(file.path)
        weights = self._hashes[file.path]
        drawn = {} if draw is None else {"draw": draw, "seed": self.settings.seed}
        laid = {"dtype": file.dtype, "device": file.device.split(":")[0]}
        if laid == {"dtype": NetworkFile.dtype, "device": NetworkFile.device}:
            laid = {}
        key = content_key("network", CODE_VERSIONS["network"], weights=weights, **drawn, **laid)
        if draw is None:
            return NetworkSource(key, file)
        anywhere = content_key("network", CODE_VERSIONS["network"], weights=weights, **drawn)
        return NetworkSource(key, file, draw, self.seed("network", anywhere))


def runs_by(engine: EngineName) -> RunsBy:
    runs = ("torch",) if engine != "pyvene" else ("pyvene", "torch")
    return {"engine": engine, "threads": THREADS, **{name: _version(name) for name in runs}}


@cache
def _version(package: str) -> str:
    """The installed version of what runs the plan: another one may give other numbers."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
