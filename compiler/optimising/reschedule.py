"""What rewrites have in common: a plan with other schedules, and with the Capture steps that these ask for."""

from collections.abc import Callable, Iterable
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
    """The plan with other steps under the same keys, and with the Capture steps that they ask for and no others.

    A Capture step stands before the first step that reads it.
    """
    kept = [step for step in plan.steps() if not isinstance(step, CaptureStep)]
    graph: nx.DiGraph[str] = nx.DiGraph()
    for step in kept:
        changed: Step = change(step) if isinstance(step, FitStep | EvaluateStep) else step
        if isinstance(step, RankStep):
            measure = change(step.measure)
            assert isinstance(measure, EvaluateStep)
            changed = replace(step, measure=measure)
        captures = _captures(plan, changed, graph) if isinstance(changed, FitStep | RankStep | EvaluateStep) else []
        needs = [key for key in plan.needs(step.key) if not isinstance(plan.step(key), CaptureStep)]
        graph.add_node(step.key, step=changed)
        graph.add_edges_from((need, step.key) for need in (*needs, *captures))
    return replace(plan, graph=graph)


def _captures(plan: Plan, step: Runner | RankStep, graph: "nx.DiGraph[str]") -> list[str]:
    """The keys of the Capture steps that a step reads; those that are new are added to the graph."""
    wanted = list_wanted(plan, step)
    schedule = step.measure.schedule if isinstance(step, RankStep) else step.schedule
    for want in sorted(wanted, key=lambda want: (want.stage is None, want.stage or 0)):
        _add(_capture(want, schedule, graph, plan), graph)
    return [capture_key(plan, want) for want in wanted]


def capture_key(plan: Plan, want: Wanted) -> str:
    """The content key of a Capture step: the network, how its inputs were made, the site, and what runs it."""
    site = want.stage if want.stage is not None else want.site
    return content_key("capture", 1, network=want.network_key, encode=want.encode, site=site, engine="fused")


def _capture(want: Wanted, schedule: Schedule, graph: "nx.DiGraph[str]", plan: Plan) -> CaptureStep:
    before: CaptureStep | None = None
    if schedule.sweeps and want.stage is not None:
        there = [one for one in _steps(graph) if isinstance(one, CaptureStep) and one.stage is not None]
        same = [one for one in there if (one.network_key, one.encode) == (want.network_key, want.encode)]
        shallower = [one for one in same if one.stage is not None and one.stage < want.stage]
        before = max(shallower, key=lambda one: one.stage or 0, default=None)
    stop = want.stage if schedule.exits else None
    after = None if before is None else before.key
    key = capture_key(plan, want)
    return CaptureStep(key, want.network, want.network_key, want.encode, want.site, want.stage, stop, after)


def _add(step: CaptureStep, graph: "nx.DiGraph[str]") -> None:
    if step.key not in graph:
        graph.add_node(step.key, step=step)
        graph.add_edges_from((need, step.key) for need in (step.encode, step.after) if need is not None)


def _steps(graph: "nx.DiGraph[str]") -> Iterable[Step]:
    return (step for _, step in graph.nodes(data="step"))
