"""Replay: run one counterexample of a result again, from scratch, and hold it against what the result says."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from ...compiler.causal_model import CausalModel
from ...compiler.experiments import Encoding
from ...compiler.interpret_terms import Batch, evaluate_in_model, model_batch
from ...compiler.plan import THREADS, Candidate, DecideStep, EncodeStep, EvaluateStep, ItemsStep, Plan
from ...compiler.sampling.draw_items import Population
from ...compiler.sampling.items import Items
from ...compiler.terms import Agree, OutputOf, Run
from ..deciding.verdicts import QuantityRow, Result, Verdict
from ..engines import Engine
from ..fitting.fits import Fits
from ..progress import Silent
from ..results.store import Store
from ..scoring.encode import encode
from ..scoring.origins import Origin
from .counterexamples import Worlds, describe_items
from .diagnosis import Counterexample, Diagnosis
from .show_answers import declared_logits, show_answers


class StaleResultError(Exception):
    """What a result says cannot be found in the plan: they are not of the same spec."""


@dataclass(frozen=True)
class Recorded:
    """A counterexample in its result: the claim that it speaks against, and the estimand, also as it was measured."""

    verdict: Verdict
    row: QuantityRow
    diagnosis: Diagnosis
    counterexample: Counterexample


@dataclass(frozen=True)
class ModelValue:
    """One variable of the causal model, on the base and under the interchange."""

    variable: str
    before: str
    after: str


@dataclass(frozen=True)
class NetworkRun:
    """One run of the network: the logits of the declared values of each answer, and what it answers in all."""

    run: str
    logits: tuple[dict[str, float], ...]
    answer: str


@dataclass(frozen=True)
class Replay:
    """A counterexample, run again. `runs` are the base, each source, and the interchange; `found` is what came out."""

    claim: str
    quantity: str
    recorded: Counterexample
    found: Counterexample
    model: tuple[ModelValue, ...]
    runs: tuple[NetworkRun, ...]

    @property
    def reproduces(self) -> bool:
        """Whether it came out as the result says."""
        return self.found == self.recorded


def find_recorded(result: Result, number: int) -> Recorded | None:
    """The counterexample of this number; None where the result has none."""
    for verdict in result.verdicts:
        for diagnosis in verdict.diagnosis:
            for counterexample in diagnosis.counterexamples:
                if counterexample.number == number:
                    (row,) = (row for row in verdict.quantities if row.text == diagnosis.quantity)
                    return Recorded(verdict, row, diagnosis, counterexample)
    return None


def count_recorded(result: Result) -> int:
    """How many counterexamples a result has; they are numbered from 1."""
    return sum(len(d.counterexamples) for verdict in result.verdicts for d in verdict.diagnosis)


def replay_counterexample(plan: Plan, store: Store, recorded: Recorded) -> Replay:
    """Run a counterexample's base, its sources and its interchange in both worlds; nothing is fitted.

    Raises:
        StaleResultError: the plan does not know the claim, the estimand or a value.
        EnvironmentProblem: a map is not in the store, or a checkpoint is broken.
    """
    torch.set_num_threads(THREADS)
    step, population, encoding = _find_step(plan, recorded)
    assert isinstance(step.score, Agree)
    model, example = population.recipe.model, recorded.counterexample
    items = _read_item(population, example)
    engine, origin = _open_engine(plan, store, step, recorded.row)
    worlds = Worlds(step.score, engine, encoding, recorded.diagnosis.among, origin)
    (found,) = describe_items(population, items, np.zeros(1, dtype=np.int64), worlds)
    batch = model_batch(population, items)
    return Replay(
        claim=recorded.verdict.name,
        quantity=recorded.diagnosis.quantity,
        recorded=example,
        found=replace(found, number=example.number),
        model=_model_values(step.score, model, batch),
        runs=_network_runs(worlds, model, batch, items),
    )


def _find_step(plan: Plan, recorded: Recorded) -> tuple[EvaluateStep, Population, Encoding]:
    """The evaluation behind a counterexample, with its population and its encoding."""
    for claim in map(plan.step, plan.claims):
        assert isinstance(claim, DecideStep)
        for quantity in claim.quantities:
            if (claim.claim.name, quantity.text) == (recorded.verdict.name, recorded.diagnosis.quantity):
                step = plan.step(quantity.evaluate)
                assert isinstance(step, EvaluateStep)
                encode_step = plan.step(step.items)
                assert isinstance(encode_step, EncodeStep)
                items = plan.step(encode_step.items)
                assert isinstance(items, ItemsStep)
                return step, items.population, encode_step.encoding
    raise StaleResultError(f"the spec has no claim `{recorded.verdict.name}` about {recorded.diagnosis.quantity}")


def _read_item(population: Population, example: Counterexample) -> Items:
    """The one item that a counterexample writes out; sources outside its set are its base."""
    recipe, model = population.recipe, population.recipe.model
    inputs = [example.sources.get(role, example.base) for role in ("", *recipe.variables)]
    try:
        codes = [[model.read_value(name, values[name]) for name in model.input_names] for values in inputs]
    except (KeyError, ValueError) as problem:
        raise StaleResultError(f"an input is not one of the spec's: {problem}") from None
    for index, cell in enumerate(population.cells):
        names = tuple(recipe.variables[variable] for variable in recipe.sets[cell.set_index])
        if names == example.set and cell.half == example.half:
            return Items(np.array([codes], dtype=np.int64), np.array([index], dtype=np.int64))
    raise StaleResultError(f"the spec has no items that interchange {', '.join(example.set)}")


def _open_engine(plan: Plan, store: Store, step: EvaluateStep, row: QuantityRow) -> tuple[Engine, Origin | None]:
    """The engine on the network that was measured, and what is read elsewhere; maps are from the store."""
    chosen = row.select.index(max(row.select)) if row.select else 0
    candidate: Candidate = step.candidates[chosen]
    fits = Fits(plan, store, Silent())
    for key in candidate.fits:
        fits.require_stored(key, row.text)
    engine, natural = fits.engine(candidate, step), fits.natural(step)
    return engine, None if natural is None else fits.origin(candidate, step, engine, natural)


def _model_values(score: Agree, model: CausalModel, batch: Batch) -> tuple[ModelValue, ...]:
    """Every variable but the inputs, on the base and under the interchange."""

    def show(variable: str, run: Run) -> str:
        return model.show_value(variable, int(evaluate_in_model(OutputOf(variable, run), model, batch)[0]))

    after = score.right.run
    before = Run(after.world, after.input)
    names = [mechanism.name for mechanism in model.mechanisms]
    return tuple(ModelValue(name, show(name, before), show(name, after)) for name in names)


def _network_runs(worlds: Worlds, model: CausalModel, batch: Batch, items: Items) -> tuple[NetworkRun, ...]:
    """The base, the sources of the item's set (in the network in which they are read), and the interchange."""
    after, score, origin = worlds.score.left, worlds.score, worlds.origin
    own = worlds.fed(items, batch)
    here = there = (worlds.engine, worlds.encoding, own)
    if origin is not None:
        there = (origin.engine, origin.encoding, replace(own, inputs=encode(items, origin.encoding)))
    runs = {"base": Run(after.run.world, after.run.input)}
    for index, variable in enumerate(batch.variables):
        if batch.members[0, index]:
            runs[f"source of {variable}"] = Run(after.run.world, 1 + index)
    runs["interchange"] = after.run
    found = []
    for name, run in runs.items():
        in_model = score.right.run if run == after.run else Run(score.right.run.world, run.input)
        labels = evaluate_in_model(OutputOf(after.variable, in_model), model, batch)
        running, fed, tokens = there if run.input else here
        with torch.no_grad():
            logits = running.logits(OutputOf(after.variable, run), replace(tokens, forced=fed.force(labels)))
        answer = show_answers(logits, torch.from_numpy(labels), model, fed, worlds.among)[0]
        found.append(NetworkRun(name, declared_logits(logits[0], model, fed), answer))
    return tuple(found)
