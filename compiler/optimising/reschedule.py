"""What rewrites have in common: a plan with other schedules, and, at the end, the Capture steps that these ask for."""

from collections.abc import Callable
from dataclasses import replace

import networkx as nx

from ..keys import content_key
from ..plan import CaptureStep, EvaluateStep, FitStep, Plan, RankStep, Runner, Step
from ..schedule import Schedule
from .wanted import Wanted, list_wanted


def reschedule(plan: Plan, change: Callable[[Schedule, Runner], Schedule]) -> Plan:
    """The plan with another schedule for every step that runs networks."""
    return rewrite_runners(plan, lambda step: replace(step, schedule=change(step.schedule, step)))


def rewrite_runners(plan: Plan, change: Callable[[Runner], Runner]) -> Plan:
    """The plan with other steps under the same keys."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for key, step in plan.graph.nodes(data="step"):
        changed: Step = change(step) if isinstance(step, FitStep | EvaluateStep) else step
        if isinstance(step, RankStep):
            measure = change(step.measure)
            assert isinstance(measure, EvaluateStep)
            changed = replace(step, measure=measure)
        graph.add_node(key, step=changed)
    graph.add_edges_from(plan.graph.edges)
    return replace(plan, graph=graph)


def plan_captures(plan: Plan) -> Plan:
    """The plan with the Capture steps that its schedules ask for, and no others.

    A Capture step stands before the first step that reads it.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    adding = _Captures(plan, graph)
    for step in [step for step in plan.steps() if not isinstance(step, CaptureStep)]:
        captures = adding.add(step) if isinstance(step, FitStep | RankStep | EvaluateStep) else []
        needs = [key for key in plan.needs(step.key) if not isinstance(plan.step(key), CaptureStep)]
        graph.add_node(step.key, step=step)
        graph.add_edges_from((need, step.key) for need in (*needs, *captures))
    return replace(plan, graph=graph)


class _Captures:
    """The Capture steps of a plan, added to a graph as steps ask for them."""

    def __init__(self, plan: Plan, graph: "nx.DiGraph[str]") -> None:
        self.plan, self.graph = plan, graph
        self.stages: dict[tuple[str, str], list[CaptureStep]] = {}
        """Those of stages, by the network's key and the inputs."""

    def add(self, step: Runner | RankStep) -> list[str]:
        """The keys of the Capture steps that a step reads; those that are new are added to the graph."""
        wanted = list_wanted(self.plan, step)
        schedule = step.measure.schedule if isinstance(step, RankStep) else step.schedule
        for want in sorted(wanted, key=lambda want: (want.stage is None, want.stage or 0)):
            if (key := capture_key(self.plan, want)) not in self.graph:
                self._add(want, key, schedule)
        return [capture_key(self.plan, want) for want in wanted]

    def _add(self, want: Wanted, key: str, schedule: Schedule) -> None:
        there = self.stages.setdefault((want.network_key, want.encode), [])
        before: CaptureStep | None = None
        if schedule.sweeps and want.stage is not None:
            shallower = [one for one in there if one.stage is not None and one.stage < want.stage]
            before = max(shallower, key=lambda one: one.stage or 0, default=None)
        stop = want.stage if schedule.exits else None
        after = None if before is None else before.key
        step = CaptureStep(key, want.network, want.network_key, want.encode, want.site, want.stage, stop, after)
        if want.stage is not None:
            there.append(step)
        self.graph.add_node(key, step=step)
        self.graph.add_edges_from((need, key) for need in (want.encode, after) if need is not None)


def capture_key(plan: Plan, want: Wanted) -> str:
    """The content key of a Capture step: the network, how its inputs were made, the site, and what runs it."""
    site = want.stage if want.stage is not None else want.site
    return content_key("capture", 1, network=want.network_key, encode=want.encode, site=site, engine="fused")
