"""The price of a plan: how many passes through networks its steps take at most, counted before anything runs.

Claims usually stop at fewer items and fits at fewer steps, so that these are upper bounds. What the diagnosis of a
claim that does not hold runs again is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import networkx as nx

from ..budgets import CHUNK
from ..count_runs import ask_metric, ask_moved, ask_score
from ..plan import Candidate, DecideStep, EvaluateStep, FitStep, Plan, PlannedControl
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
    unfitted = [candidate for candidate in step.candidates if candidate.fit is None or candidate.origin is not None]
    if step.select is not None:
        for candidate in unfitted:
            select = running.rows(plan, step.select)
            network = running.network(candidate.network.key, candidate.network, select.encoding)
            price = price.plus(_score(step, select, natural, network))
            price = price.plus(_moved(step, candidate, select, natural, running, network))
    if step.key in stored and stored[step.key] is None:
        return price
    done, count = stored.get(step.key) or 0, planned_count(plan, step.items)
    rows = open_rows(plan, step.items, done, None if count is None else -(-count // CHUNK) * CHUNK)
    if not rows.count:
        return price
    source = step.candidates[0].network
    key = source.key if len(step.candidates) == 1 else step.key
    network = running.network(key, source, rows.encoding)
    price = price.plus(_score(step, rows, natural, network))
    return price.plus(_moved(step, step.candidates[0], rows, natural, running, network))


def _score(step: EvaluateStep, rows: Rows, natural: Rows | None, network: Network) -> Price:
    names = step.model.input_names
    facts = network.source.file.facts
    if step.metric is not None:
        found = ask_metric(step.score, step.metric, facts, step.grounding, step.variables, names)
        asked, price = found.plain, network.ask_metric(found, rows, rows.encoding.has_output)
    else:
        asked = ask_score(step.score, facts, step.grounding, step.variables, names)
        price = network.ask(asked, rows)
    for name, stage in asked.elsewhere:
        other = next(other for other in step.others if other.name == name)
        there = network.running.network(other.network.key, other.network, other.encoding)
        price = price.plus(there.read(rows, 0, stage))
    return price if natural is None else price.plus(network.natural(asked, natural, rows.count))


def _moved(
    step: EvaluateStep, candidate: Candidate, rows: Rows, natural: Rows | None, running: Running, here: Network
) -> Price:
    """What is read in the network of a candidate's sources; maps are fitted once on natural inputs of both networks."""
    if candidate.origin is None or step.origin is None or natural is None:
        return Price()
    source, places = candidate.origin.network, step.origin
    moved = ask_score(step.score, here.source.file.facts, step.grounding, step.variables, step.model.input_names).moved
    own = ask_moved(moved, here.source.file.facts, step.grounding, step.variables)
    asked = ask_moved(moved, source.file.facts, places.grounding, places.variables)
    there = running.network(source.key, source, places.encoding)
    price = there.ask(replace(asked, natural=[]), rows.fed(places.encoding))
    price = price.plus(there.natural(asked, natural.fed(places.encoding), 1))
    return price.plus(here.natural(own, natural, 1))


def _behind(plan: Plan, key: str) -> set[str]:
    return {key, *nx.ancestors(plan.graph, key)}


def _decisions(plan: Plan) -> list[DecideStep]:
    return [step for key in plan.claims if isinstance(step := plan.step(key), DecideStep)]


def _controls(step: DecideStep) -> list[PlannedControl]:
    planned = [control for q in step.quantities for control in (q.positive_control, *q.vetoes) if control is not None]
    return [control for control in planned if control.evaluate is not None]
