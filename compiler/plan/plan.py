"""The plan itself: every step by its key, and which steps read which."""

from collections.abc import Iterator

import networkx as nx

from ...lang.record import record
from .decisions import DecideStep
from .evaluations import EvaluateStep, RankStep
from .fits import FitStep
from .graphs import GraphStep
from .inputs import CaptureStep, EncodeStep, ItemsStep
from .versions import EngineName

Step = ItemsStep | EncodeStep | CaptureStep | FitStep | RankStep | EvaluateStep | DecideStep | GraphStep

Runner = FitStep | EvaluateStep
"""A step that runs networks by a schedule; a ranking runs by that of its score."""


@record
class Plan:
    """Every step by key, the edges between them, and the claims' and graphs' steps in the file's order.

    `engine` runs evaluations; `fitted_by` runs what they rest on: trainings of maps, and rankings of circuits.
    """

    graph: "nx.DiGraph[str]"
    claims: tuple[str, ...]
    key: str
    confidence: float
    engine: EngineName
    fitted_by: EngineName
    graphs: tuple[str, ...] = ()

    def step(self, key: str) -> Step:
        """The step of this key."""
        step: Step = self.graph.nodes[key]["step"]
        return step

    def runs(self, key: str) -> EngineName:
        """The engine that runs a step."""
        return self.engine if isinstance(self.step(key), EvaluateStep) else self.fitted_by

    def steps(self) -> Iterator[Step]:
        """All steps, each after those that it needs; ties in the order in which they were planned."""
        order = {key: index for index, key in enumerate(self.graph)}
        for key in nx.lexicographical_topological_sort(self.graph, key=lambda k: order[k]):
            yield self.step(key)

    def serves(self, key: str) -> tuple[str, ...]:
        """The keys of the steps that read the result of a step."""
        return tuple(self.graph.successors(key))

    def needs(self, key: str) -> tuple[str, ...]:
        """The keys of the steps whose results a step reads."""
        return tuple(self.graph.predecessors(key))
