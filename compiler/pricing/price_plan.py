"""The price of a plan: how many passes through networks its steps take at most, counted before anything runs.

Claims usually stop at fewer items and fits at fewer steps, so that these are upper bounds. What the diagnosis of a
claim that does not hold runs again is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

import networkx as nx

from ...lang.record import record
from ..budgets import CHUNK
from ..causal_model import Codes
from ..count_runs import SharedRuns, ask_metric, ask_moved, ask_score, read_stages
from ..optimising.wanted import evaluation_goes_on_from_keys, skipped
from ..plan import Candidate, CaptureStep, DecideStep, EvaluateStep, FitStep, GraphStep, Plan, PlannedControl, RankStep
from ..terms import Agree, Run, measured_run
from .estimate_memory import Memory, estimate_memory
from .narrow_runs import open_runs
from .plan_rows import Rows, open_rows, planned_count
from .price_asked import price_asked, price_elsewhere, price_moved, price_natural
from .price_fit import price_fit
from .price_metric import price_metric
from .prices import Price, add_prices
from .running import Network, Running
from .runs import Capture, Runs

Stored = Mapping[str, int | None]
"""What a store has, by the keys of fits and evaluations: so many items of an evaluation, or (None) all of a step."""
Replied = Mapping[str, Mapping[Run, Codes]]
"""Inputs [item, role, input] whose generated texts a store has, by the keys of evaluations and their runs."""


@record
class PlanPrice:
    """What a plan costs at most: every step by key, the claims' own measurements, each control and graph by its name.

    What captures cost is the Capture steps' in `steps`; in `first`, and for claims and controls, it is that of the
    first which needs an input of them. A step that several need counts once: for the claims where they need it, else
    for the first control. What the store has costs nothing. `unknown` are the networks of which only passes are
    counted, since their layers are not known.
    """

    steps: dict[str, Price]
    first: dict[str, Price]
    claims: Price
    controls: dict[str, Price]
    graphs: dict[str, Price]
    memory: Memory
    stored: Stored = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def all_controls(self) -> Price:
        """All controls together."""
        return add_prices(self.controls.values())

    @property
    def whole(self) -> Price:
        """Claims, controls and graphs together."""
        return add_prices((self.claims, self.all_controls, *self.graphs.values()))


def price_plan(plan: Plan, stored: Stored | None = None, replied: Replied | None = None) -> PlanPrice:
    """The price of every step that is left to run, of the claims without their controls, and of each control."""
    has, running = stored or {}, Running(replied=replied or {})
    own = {key for step in _decisions(plan) for q in step.quantities for key in _behind(plan, q.evaluate)}
    order = sorted((step for step in plan.steps()), key=lambda step: step.key not in own)
    spent: dict[str, list[Runs]] = {}
    together, most = _list_together(plan), _most_items(plan)
    for step in order:
        if isinstance(step, EvaluateStep):
            spent[step.key] = price_evaluate(plan, step, running, has, together.get(step.key), most.get(step.key))
        elif isinstance(step, FitStep):
            spent[step.key] = [] if step.key in has else [price_fit(plan, step, running)]
        elif isinstance(step, RankStep):
            spent[step.key] = [] if step.key in has else price_rank(plan, step, running)
    seen, controls = set(own), dict[str, Price]()
    for control in (control for step in _decisions(plan) for control in _controls(step)):
        new = {behind for key in control.evaluations for behind in _behind(plan, key)} - seen
        seen |= new
        controls[control.name] = controls.get(control.name, Price()).plus(_sum_up(spent, new))
    graphs = dict[str, Price]()
    for key in plan.graphs:
        graph, behind = plan.step(key), _behind(plan, key)
        assert isinstance(graph, GraphStep)
        graphs[graph.name] = _sum_up(spent, behind - seen)
        seen |= behind
    unknown = dict.fromkeys(n.source.file.name for n in running.networks.values() if not n.weight.known)
    memory = estimate_memory(plan, running)
    first = {key: _sum_up(spent, [key]) for key in spent}
    return PlanPrice(_by_step(plan, spent), first, _sum_up(spent, own), controls, graphs, memory, has, tuple(unknown))


def _sum_up(spent: Mapping[str, list[Runs]], keys: Iterable[str]) -> Price:
    """What these steps cost, and the captures that they are the first to need."""
    runs = [run for key in keys for run in spent.get(key, ())]
    return add_prices(price for run in runs for price in (run.own, *run.captures.values()))


def _by_step(plan: Plan, spent: Mapping[str, list[Runs]]) -> dict[str, Price]:
    """The price of every step by its key: of Capture steps what all their readers ask of them."""
    steps = {key: add_prices(run.own for run in runs) for key, runs in spent.items()}
    captures: dict[Capture, list[Price]] = {}
    for run in (run for runs in spent.values() for run in runs):
        for capture, price in run.captures.items():
            captures.setdefault(capture, []).append(price)
    for step in plan.steps():
        if isinstance(step, CaptureStep):
            steps[step.key] = add_prices(captures.pop((step.network_key, step.encode, step.stage), ()))
    assert not captures, "what is captured is planned"
    return steps


@record
class Together:
    """Of an evaluation that only graphs need: the runs that it shares with others, and on how many items it is made."""

    shared: SharedRuns
    count: int | None


def _most_items(plan: Plan) -> dict[str, int]:
    """The items on which claims and their controls ask for evaluations at most; of whole domains and graphs nothing."""
    most: dict[str, int] = {}
    for step in _decisions(plan):
        asked = [(q.evaluate, q.budget) for q in step.quantities]
        asked += [(key, control.count) for control in _controls(step) for key in control.evaluations]
        for key, count in asked:
            if count is not None:
                most[key] = max(most.get(key, 0), count)
    return {key: n for key, n in most.items() if not any(isinstance(plan.step(s), GraphStep) for s in plan.serves(key))}


def _list_together(plan: Plan) -> dict[str, Together]:
    """Every evaluation that only graphs need, with those of the first of them on the same items and network."""
    found: dict[str, Together] = {}
    for graph in (plan.step(key) for key in plan.graphs):
        assert isinstance(graph, GraphStep)
        groups: dict[tuple[object, ...], list[EvaluateStep]] = {}
        for key in graph.evaluations:
            step = plan.step(key)
            if key in found or not all(isinstance(plan.step(reader), GraphStep) for reader in plan.serves(key)):
                continue
            assert isinstance(step, EvaluateStep)
            (candidate,) = step.candidates
            at = (step.items, candidate.network.key, candidate.fit, candidate.ranks)
            groups.setdefault(at, []).append(step)
        for steps in groups.values():
            together = Together(SharedRuns(), graph.count)
            for step in steps:
                facts = step.candidates[0].network.file.facts
                for run, stage in read_stages([step.score], facts, step.grounding, step.variables).items():
                    read_at = together.shared.read_at
                    read_at[run] = min(stage, read_at.get(run, stage))
                found[step.key] = together
    return found


def price_evaluate(
    plan: Plan,
    step: EvaluateStep,
    running: Running,
    stored: Stored,
    together: Together | None = None,
    most: int | None = None,
) -> list[Runs]:
    """The scores of an evaluation, on all the items that a claim may look at, and of candidates on `select`.

    These are the `most` that any claim asks for (None: as many as are planned of its population).

    Which candidate is measured is not known before, so that no input of it counts as run by another step. Runs that it
    makes `together` with others are the first one's.
    """
    natural, runs = running.natural(plan, step.natural), list[Runs]()
    unfitted = [candidate for candidate in step.candidates if candidate.chosen_by_score]
    if step.select is not None:
        for candidate in unfitted:
            select = running.rows(plan, step.select)
            network = running.network(candidate.network.key, candidate.network, select.encoding)
            runs.append(_score(step, candidate, select, natural, network, running))
    if step.key in stored and stored[step.key] is None:
        return runs
    done, count = stored.get(step.key) or 0, planned_count(plan, step.items)
    for limit in (most, None if together is None else together.count):
        count = count if limit is None or count is None else min(count, limit)
    rows = open_rows(plan, step.items, done, None if count is None else -(-count // CHUNK) * CHUNK)
    if not rows.count:
        return runs
    if rows.drawn is None and step.draws:  # a whole domain has each random circuit
        rows = replace(rows, count=rows.count * len(step.draws))
    source = step.candidates[0].network
    key = source.key if len(step.candidates) == 1 else step.key
    network = running.network(key, source, rows.encoding)
    shared = None if together is None else together.shared
    return [*runs, _score(step, step.candidates[0], rows, natural, network, running, shared)]


def price_rank(plan: Plan, step: RankStep, running: Running) -> list[Runs]:
    """The score of every place that a circuit may be chosen from, on `select`."""
    rows = running.rows(plan, step.measure.items)
    natural = running.natural(plan, step.measure.natural)
    (candidate,) = step.measure.candidates
    network = running.network(candidate.network.key, candidate.network, rows.encoding)
    return [_score(step.at(index), candidate, rows, natural, network, running) for index in range(len(step.places))]


def _score(
    step: EvaluateStep,
    candidate: Candidate,
    rows: Rows,
    natural: Rows | None,
    network: Network,
    running: Running,
    shared: SharedRuns | None = None,
) -> Runs:
    facts, names = network.source.file.facts, step.model.input_names
    runs = open_runs(network, step.schedule, running.seen)
    early = 0
    if step.grounding is not None and evaluation_goes_on_from_keys(step, network.source):
        early = skipped(step.grounding, network.source.file, rows.encoding, network.weight.positions)
    if step.metric is not None:
        found = ask_metric(step.score, step.metric, facts, step.grounding, step.variables, names, shared)
        asked = found.plain
        text = "right" if network.weight.forced else None
        right = shared is None or shared.is_new(text, Run(measured_run(step.score).world, 0))
        replied = running.replied.get(step.key, {})
        price_metric(runs, found, rows, early, rows.encoding.has_output and right, replied)
    else:
        asked = ask_score(step.score, facts, step.grounding, step.variables, names, shared)
        price_asked(runs, asked, rows, early)
    for name, stage in asked.elsewhere:
        other = next(other for other in step.others if other.name == name)
        price_elsewhere(runs, running.network(other.network.key, other.network, other.encoding), rows, stage)
    if natural is not None:
        once = asked.moved and isinstance(step.score, Agree)  # affine maps are fitted once for all items
        price_natural(runs, asked, natural, 1 if once else rows.count)
    if candidate.origin is not None and step.origin is not None and natural is not None:
        source, places = candidate.origin.network, step.origin
        there = ask_moved(asked.moved, source.file.facts, places.grounding, places.variables)
        fed, read = running.network(source.key, source, places.encoding), places.encoding
        price_moved(runs, fed, there, rows.fed(read), natural.fed(read))
    return runs


def _behind(plan: Plan, key: str) -> set[str]:
    return {key, *nx.ancestors(plan.graph, key)}


def _decisions(plan: Plan) -> list[DecideStep]:
    return [step for key in plan.claims if isinstance(step := plan.step(key), DecideStep)]


def _controls(step: DecideStep) -> list[PlannedControl]:
    planned = [control for q in step.quantities for control in (q.positive_control, *q.vetoes) if control is not None]
    return [control for control in planned if control.evaluate is not None]
