"""The price of a plan: how many passes through networks its steps take at most, counted before anything runs.

Claims usually stop at fewer items and fits at fewer steps, so that these are upper bounds. What the diagnosis of a
claim that does not hold runs again is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import networkx as nx

from ..budgets import CHUNK
from ..count_runs import Read, ask_metric, ask_score
from ..plan import DecideStep, EvaluateStep, FitStep, Plan, PlannedControl, RankStep
from .estimate_memory import Memory, estimate_memory
from .plan_rows import Rows, open_natural, open_rows, planned_count
from .price_fit import price_fit
from .prices import Price, add_prices
from .run_price import Network, Running

Stored = Mapping[str, int | None]
"""What a store has, by the keys of fits and evaluations: so many items of an evaluation, or (None) all of a step."""


@dataclass(frozen=True)
class PlanPrice:
    """What a plan costs at most: every step by its key, the claims' own measurements, and each control by its name.

    A step that several need counts once: for the claims where they need it, else for the first control. So does an
    input that several steps run. What the store has costs nothing. `unknown` are the networks of which only passes are
    counted, since their layers are not known.
    """

    steps: dict[str, Price]
    claims: Price
    controls: dict[str, Price]
    memory: Memory
    stored: Stored = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def all_controls(self) -> Price:
        """All controls together."""
        return add_prices(self.controls.values())

    @property
    def whole(self) -> Price:
        """Claims and controls together."""
        return self.claims.plus(self.all_controls)


def price_plan(plan: Plan, stored: Stored | None = None) -> PlanPrice:
    """The price of every step that is left to run, of the claims without their controls, and of each control."""
    has, running = stored or {}, Running(plan.engine)
    own = {key for step in _decisions(plan) for q in step.quantities for key in _behind(plan, q.evaluate)}
    order = sorted((step for step in plan.steps()), key=lambda step: step.key not in own)
    steps: dict[str, Price] = {}
    for step in order:
        if isinstance(step, EvaluateStep):
            steps[step.key] = price_evaluate(plan, step, running, has)
        elif isinstance(step, FitStep):
            steps[step.key] = Price() if step.key in has else price_fit(plan, step, running)
        elif isinstance(step, RankStep):
            steps[step.key] = Price() if step.key in has else price_rank(plan, step, running)
    seen, controls = set(own), dict[str, Price]()
    for control in (control for step in _decisions(plan) for control in _controls(step)):
        new = {behind for key in control.evaluations for behind in _behind(plan, key)} - seen
        seen |= new
        added = add_prices(steps[key] for key in new if key in steps)
        controls[control.name] = controls.get(control.name, Price()).plus(added)
    unknown = dict.fromkeys(n.source.file.name for n in running.networks.values() if not n.weight.known)
    claims = add_prices(steps[key] for key in own if key in steps)
    return PlanPrice(steps, claims, controls, estimate_memory(running), has, tuple(unknown))


def price_evaluate(plan: Plan, step: EvaluateStep, running: Running, stored: Stored) -> Price:
    """The scores of an evaluation, on all the items that a claim may look at, and of candidates on `select`.

    Which candidate is measured is not known before, so that no input of it counts as run by another step.
    """
    natural, price = None if step.natural is None else open_natural(plan, step.natural), Price()
    unfitted = [candidate for candidate in step.candidates if candidate.fit is None]
    if step.select is not None:
        for candidate in unfitted:
            select = running.rows(plan, step.select)
            network = running.network(candidate.network.key, candidate.network, select.encoding)
            price = price.plus(_score(step, select, natural, network))
    if step.key in stored and stored[step.key] is None:
        return price
    done, count = stored.get(step.key) or 0, planned_count(plan, step.items)
    rows = open_rows(plan, step.items, done, None if count is None else -(-count // CHUNK) * CHUNK)
    if not rows.count:
        return price
    source = step.candidates[0].network
    key = source.key if len(step.candidates) == 1 else step.key
    return price.plus(_score(step, rows, natural, running.network(key, source, rows.encoding)))


def price_rank(plan: Plan, step: RankStep, running: Running) -> Price:
    """The score of every place that a circuit may be chosen from, on `select`."""
    rows = running.rows(plan, step.measure.items)
    natural = None if step.measure.natural is None else open_natural(plan, step.measure.natural)
    (candidate,) = step.measure.candidates
    network = running.network(candidate.network.key, candidate.network, rows.encoding)
    price, begun = Price(), list[Read]()
    for index in range(len(step.places)):
        price = price.plus(_score(step.at(index), rows, natural, network, begun))
    return price


def _score(
    step: EvaluateStep, rows: Rows, natural: Rows | None, network: Network, begun: list[Read] | None = None
) -> Price:
    """The price of a score. `begun` are the stages, by role, at which the same step has run its inputs; they grow."""
    names = step.model.input_names
    facts = network.source.file.facts
    if step.metric is not None:
        found = ask_metric(step.score, step.metric, facts, step.grounding, step.variables, names)
        asked, price = found.plain, network.ask_metric(found, rows, rows.encoding.has_output)
    else:
        asked = ask_score(step.score, facts, step.grounding, step.variables, names)
        price = network.ask(asked, rows, begun or ())
        if begun is not None:
            begun += dict.fromkeys((*asked.passed, *asked.reads, *asked.bases))
    for name, stage in asked.elsewhere:
        other = next(other for other in step.others if other.name == name)
        there = network.running.network(other.network.key, other.network, other.encoding)
        price = price.plus(there.read(rows, 0, stage))
    return price if natural is None else price.plus(network.natural(asked, natural, rows.count))


def _behind(plan: Plan, key: str) -> set[str]:
    return {key, *nx.ancestors(plan.graph, key)}


def _decisions(plan: Plan) -> list[DecideStep]:
    return [step for key in plan.claims if isinstance(step := plan.step(key), DecideStep)]


def _controls(step: DecideStep) -> list[PlannedControl]:
    planned = [control for q in step.quantities for control in (q.positive_control, *q.vetoes) if control is not None]
    return [control for control in planned if control.evaluate is not None]
