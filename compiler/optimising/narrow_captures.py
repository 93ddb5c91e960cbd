"""Narrow captures: of unedited runs of transformers the positions alone are kept that some step of the plan reads."""

from collections.abc import Iterable
from dataclasses import replace

import networkx as nx

from ..groundings import Frame, Grounding, Positions
from ..network_facts import NetworkFacts, TransformerFacts
from ..plan import DecideStep, EvaluateStep, FitStep, GraphStep, NetworkSource, Plan, RankStep, Runner
from ..schedule import Beginning, CleanReads, Schedule, SiteRead
from ..terms import Apart, Differ, Gain, WrongReads, measured_run
from ..weigh_network import end_of, stage_of
from .reschedule import reschedule
from .search_lines import search_lines

Inputs = tuple[str, str]
"""The key of a network, or of the evaluation that chooses it, and the key of an Encode step."""
FROM_THE_FIRST: Positions = (0,)


def narrow_captures(plan: Plan) -> Plan:
    """Every step that runs a transformer whose layers are known is told what all steps read of its inputs.

    Runs that claims and graphs need go as far as these read, and no further for a control. Other networks are small,
    and have few positions.
    """
    every, own, needed = dict[Inputs, list[CleanReads]](), dict[Inputs, list[CleanReads]](), _needed(plan)
    for step in plan.steps():
        if isinstance(step, FitStep | EvaluateStep | RankStep):
            reads = _reads(step)
            for inputs in _inputs(step.measure if isinstance(step, RankStep) else step):
                every.setdefault(inputs, []).append(reads)
                if step.key in needed:
                    own.setdefault(inputs, []).append(reads)

    def narrow(schedule: Schedule, step: Runner) -> Schedule:
        facts = _network(step).file.facts
        if not isinstance(facts, TransformerFacts) or not facts.known:
            return schedule
        reads = _join(one for inputs in _inputs(step) for one in every[inputs])
        if step.key in needed or step.key not in plan.graph:  # the score of a ranking is no step
            reads = _as_far(reads, _join(one for inputs in _inputs(step) for one in own.get(inputs, ())), facts)
        return replace(schedule, reads=reads)

    return reschedule(plan, narrow)


def _needed(plan: Plan) -> set[str]:
    """The steps that claims and graphs need without their controls."""
    read = {key for step in plan.steps() if isinstance(step, GraphStep) for key in step.evaluations}
    read |= {q.evaluate for step in plan.steps() if isinstance(step, DecideStep) for q in step.quantities}
    return read | {key for one in read for key in nx.ancestors(plan.graph, one)}


def _as_far(reads: CleanReads, own: CleanReads, facts: NetworkFacts) -> CleanReads:
    """What runs hold of what is read that go as far as others of their own."""
    ends = [end_of(facts, site.component, site.layer) for site in own.sites]
    stop = max([*ends, *(beginning.stage for beginning in own.begins)], default=0)
    sites = tuple(site for site in reads.sites if end_of(facts, site.component, site.layer) <= stop)
    return CleanReads(sites, own.begins, reads.alike)


def _network(step: Runner) -> NetworkSource:
    return step.network if isinstance(step, FitStep) else step.candidates[0].network


def _inputs(step: Runner) -> list[Inputs]:
    """Which inputs of which networks a step runs."""
    if isinstance(step, FitStep):
        return [(step.network.key, step.fit), (step.network.key, step.select)]
    networks = [candidate.network.key for candidate in step.candidates]
    encodes = [encode for encode in (step.items, step.select, step.natural) if encode is not None]
    return [(network, encode) for network in networks for encode in encodes]


def _reads(step: Runner | RankStep) -> CleanReads:
    """What one step reads of unedited runs of its inputs."""
    if isinstance(step, RankStep):
        return _join(_reads(step.at(index)) for index in range(len(step.places)))
    facts = _network(step).file.facts
    if isinstance(step, FitStep):
        frames = [frame for line in search_lines(step) for grounding in line for frame in grounding.frames]
        closed = any(frame.found_by == "closed form" for frame in frames)
        each = [_at(facts, grounding) for line in search_lines(step) for grounding in line]
        return _join([*each, CleanReads(alike=closed or _scattered(frames))])
    if step.grounding is None:
        return CleanReads()
    runs = [measured_run(step.score)]
    if isinstance(step.score, Gain | Differ | Apart):
        runs.append(step.score.right.run)
    found = _at(facts, step.grounding, whole=isinstance(step.score, WrongReads))
    begins = found.begins if any(run.assignments for run in runs) else ()
    return replace(found, begins=begins, alike=_scattered(step.grounding.frames))


def _at(facts: NetworkFacts, grounding: Grounding, whole: bool = False) -> CleanReads:
    """The sites of a grounding; runs with edits begin at any of them, at the first position if `whole`."""
    parts = [part for frame in grounding.frames for part in frame.parts]
    staged = [(stage_of(facts, *part.activation), part.positions) for part in parts]
    begins = [
        Beginning(stage, (FROM_THE_FIRST if whole else _each(at for other, at in staged if other >= stage),))
        for stage in dict.fromkeys(stage for stage, _ in staged)
    ]
    sites = (SiteRead(*part.activation, part.positions) for part in parts if part.positions)
    return CleanReads(tuple(sites), tuple(begins))


def _join(each: Iterable[CleanReads]) -> CleanReads:
    """What several steps read, at each site and stage together."""
    sites, begins = dict[tuple[str, int | None], list[Positions]](), dict[int, list[Positions]]()
    alike = False
    for reads in each:
        alike |= reads.alike
        for site in reads.sites:
            sites.setdefault((site.component, site.layer), []).append(site.positions)
        for beginning in reads.begins:
            begins.setdefault(beginning.stage, []).extend(beginning.starts)
    return CleanReads(
        tuple(SiteRead(*site, _each(at)) for site, at in sites.items()),
        tuple(Beginning(stage, tuple(dict.fromkeys(starts))) for stage, starts in begins.items()),
        alike,
    )


def _each(positions: Iterable[Positions]) -> Positions:
    """All of them, each once."""
    return tuple(dict.fromkeys(position for listed in positions for position in listed))


def _scattered(frames: Iterable[Frame]) -> bool:
    """Whether the vectors of some frames are read in runs of bases before they are changed there."""
    return any(frame.scattered for frame in frames)
