"""The price of a plan: how many passes through networks its steps take at most, counted before anything runs.

A pass is one input through a network once, forward or backward. Claims usually stop at fewer items, and fits at fewer
steps, so that this is an upper bound; activations of natural inputs, up to 2,048 for each batch, are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx

from .budgets import CHECKS, SUBSAMPLE, count_choices, count_kept, rung_steps
from .groundings import Grounding, ground
from .plan import DecideStep, EncodeStep, EvaluateStep, FitStep, ItemsStep, Plan, PlannedControl
from .sampling.enumerate_items import count_items
from .terms import Distance, ReadsRight, Score, WrongReads, measured_run

CHUNK = 256
"""Scores are kept in whole chunks of so many items."""


@dataclass(frozen=True)
class Price:
    """Passes through networks: forward, and backward from a loss to the map."""

    forward: int = 0
    backward: int = 0

    def plus(self, other: "Price") -> "Price":
        """Both together."""
        return Price(self.forward + other.forward, self.backward + other.backward)

    def times(self, count: int) -> "Price":
        """So many of it."""
        return Price(self.forward * count, self.backward * count)


@dataclass(frozen=True)
class PlanPrice:
    """What a plan costs at most: every step by its key, the claims' own measurements, and each control by its name.

    A step that several need counts once: for the claims where they need it, else for the first control.
    """

    steps: dict[str, Price]
    claims: Price
    controls: dict[str, Price]

    @property
    def all_controls(self) -> Price:
        """All controls together."""
        return _total(self.controls.values())


def price_plan(plan: Plan) -> PlanPrice:
    """The price of every step, of the claims without their controls, and of each control beside them."""
    steps = {step.key: price for step in plan.steps() if (price := _price(plan, step.key)) is not None}
    own = {key for step in _decisions(plan) for q in step.quantities for key in _behind(plan, q.evaluate)}
    seen, controls = set(own), dict[str, Price]()
    for control in (control for step in _decisions(plan) for control in _controls(step)):
        new = {behind for key in control.evaluations for behind in _behind(plan, key)} - seen
        seen |= new
        added = _total(steps[key] for key in new if key in steps)
        controls[control.name] = controls.get(control.name, Price()).plus(added)
    return PlanPrice(steps, _total(steps[key] for key in own if key in steps), controls)


def _price(plan: Plan, key: str) -> Price | None:
    match plan.step(key):
        case EvaluateStep() as step:
            return price_evaluate(plan, step)
        case FitStep() as step:
            return price_fit(plan, step)
        case _:
            return None


def price_evaluate(plan: Plan, step: EvaluateStep) -> Price:
    """The scores of an evaluation, on all the items that a claim may look at, and of candidates on `select`."""
    items = _items(plan, step.items)
    scored = count_items(items.population) if items.split == "whole" else -(-items.count // CHUNK) * CHUNK
    unfitted = sum(candidate.fit is None for candidate in step.candidates)
    chosen = 0 if step.select is None else unfitted * _items(plan, step.select).count
    return Price(runs_of(step.score, step.grounding)).times(scored + chosen)


def runs_of(score: Score, grounding: Grounding | None) -> int:
    """Passes for one item: its base, and what the score asks of the network besides."""
    if isinstance(score, ReadsRight):
        return 2
    run = measured_run(score)
    intervened = 1 + len(run.assignments)
    if isinstance(score, Distance):
        layers = set() if grounding is None else {(frame.component, frame.layer) for frame in grounding.frames}
        return 1 + intervened * len(layers)
    return 1 + intervened + (len(run.assignments) if isinstance(score, WrongReads) else 0)


def price_fit(plan: Plan, step: FitStep) -> Price:
    """A fit: of a search for sites, every alternative on every rung, as if all variables were placed."""
    fit, select = _items(plan, step.fit).count, _items(plan, step.select).count
    runs = 1 + len(step.score.left.run.assignments)
    settings = step.settings
    if not step.search.open:
        return _price_attempt(step.grounding, settings.steps, settings.batch, settings.seeds, runs, fit, select)
    whole = Price()
    for line in step.search.lines:
        left, trained = len(line), any(frame.found_by == "training" for frame in step.grounding.frames)
        rungs = rung_steps(settings.steps, left, trained) if left > 1 else []
        for number, steps in enumerate(rungs):
            seeds = settings.seeds if number == len(rungs) - 1 else 1
            one = _price_attempt(ground(line[0]), steps, settings.batch, seeds, runs, fit, select)
            whole, left = whole.plus(one.times(left)), count_kept(left)
    return whole


def _price_attempt(grounding: Grounding, steps: int, batch: int, seeds: int, runs: int, fit: int, select: int) -> Price:
    """Closed forms read every base once, searches score their choices, restarts train and look at `select`."""
    found = [frame.found_by for frame in grounding.frames]
    price = Price(fit * found.count("closed form"))
    for frame in grounding.frames:
        if frame.found_by == "search":
            choices = count_choices(frame.dim, tuple(block.size for block in frame.blocks))
            price = price.plus(Price(runs * (choices * min(fit, SUBSAMPLE) + 2 * select)))
    if "training" in found:
        checks = min(steps, CHECKS) * select
        price = price.plus(Price(runs * (steps * batch + checks), steps * batch).times(seeds))
    elif "search" not in found:
        price = price.plus(Price(runs * (fit + select)))
    return price


def _total(prices: Iterable[Price]) -> Price:
    whole = Price()
    for price in prices:
        whole = whole.plus(price)
    return whole


def _behind(plan: Plan, key: str) -> set[str]:
    return {key, *nx.ancestors(plan.graph, key)}


def _decisions(plan: Plan) -> list[DecideStep]:
    return [step for key in plan.claims if isinstance(step := plan.step(key), DecideStep)]


def _controls(step: DecideStep) -> list[PlannedControl]:
    planned = [control for q in step.quantities for control in (q.positive_control, *q.vetoes) if control is not None]
    return [control for control in planned if control.evaluate is not None]


def _items(plan: Plan, encode_key: str) -> ItemsStep:
    encode_step = plan.step(encode_key)
    assert isinstance(encode_step, EncodeStep)
    step = plan.step(encode_step.items)
    assert isinstance(step, ItemsStep)
    return step
