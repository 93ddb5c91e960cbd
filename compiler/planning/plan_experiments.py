"""The plan of a whole file: its claims and graphs."""

from collections.abc import Mapping

from ...lang.program import Settings
from ..experiments import Experiment, GraphExperiment, NetworkFile
from ..keys import content_key
from ..plan import EngineName, Plan
from ..sampling.populations import Populations
from .plan_claims import plan_claim
from .plan_graphs import plan_graph
from .step_graph import StepGraph


def plan_experiments(
    experiments: tuple[Experiment, ...],
    networks: Mapping[str, NetworkFile],
    populations: Populations,
    settings: Settings,
    engine: EngineName = "fused",
    fitted_by: EngineName | None = None,
    graphs: tuple[GraphExperiment, ...] = (),
) -> Plan:
    """The plan of all claims and graphs of a file, every run in it whole. Reads the networks' files to hash them.

    Maps are those of the engine `fitted_by` (None: of the one that evaluates).

    Raises OSError where a file has vanished since it was checked.
    """
    fitted_by = fitted_by or engine
    steps = StepGraph(networks, populations, settings, engine, fitted_by)
    claims = tuple(plan_claim(experiment, steps) for experiment in experiments)
    measured = tuple(plan_graph(graph, steps) for graph in graphs)
    key = content_key("plan", 1, claims=claims, **({"graphs": measured} if measured else {}))
    return Plan(steps.graph, claims, key, settings.confidence, engine, fitted_by, measured)
