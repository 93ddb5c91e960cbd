"""Diagnose: say of a claim that does not hold what is too low, by its smallest counterexamples and by regions.

A missed bound from above has no counterexamples: there, the agreement itself speaks against the claim.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from ...compiler.experiments import Encoding, Part
from ...compiler.interpret_terms import evaluate_in_model, model_batch
from ...compiler.keys import content_key
from ...compiler.plan import Candidate, DecideStep, EvaluateStep
from ...compiler.sampling.draw_items import Population
from ...compiler.sampling.items import Items
from ...compiler.sampling.sample_items import sample_items
from ...compiler.terms import Agree
from ..deciding.verdicts import PartRow, Verdict
from ..engines import Engine
from ..fitting.fits import Fits
from ..fitting.fitted import Fitted
from ..results.result_document import diagnosis_table, read_diagnosis
from ..results.store import Store
from ..scoring.answers import compare
from ..scoring.origins import Origin
from ..scoring.scores import Scores
from .counterexamples import Bools, Worlds, effective_inputs, find_counterexamples
from .diagnosis import Diagnosis, Furthest
from .regions import find_regions

VERSION = 1
MOST_ITEMS = 20_000
"""Of a whole domain so many items are looked at again."""
REASONS = ("straddles", "budget", "vacuous")
"""Why a claim can be inconclusive so that its disagreements tell something."""


@dataclass(frozen=True)
class Looked:
    """A measurement as it was made: its step and scores, the candidate that was measured, its items.

    `items` None: the whole domain.
    """

    step: EvaluateStep
    scores: Scores
    candidate: Candidate
    population: Population
    encoding: Encoding
    items: Items | None


class Diagnoser:
    """Diagnoses the claims of one result, whose counterexamples it numbers from 1 on."""

    def __init__(self, store: Store, fits: Fits) -> None:
        self.store, self.fits, self.numbered = store, fits, 0

    def diagnose(self, step: DecideStep, verdict: Verdict, look: Callable[[str, int | None], Looked]) -> Verdict:
        """The verdict with its diagnoses; `look` gives an evaluation's measurement by its key."""
        found = []
        for index in too_low(step, verdict):
            row = verdict.quantities[index]
            looked = look(step.quantities[index].evaluate, row.n if row.exact is None else None)
            if isinstance(looked.step.score, Agree) and looked.population.recipe.variables:
                found.append(self._number(self._diagnose_quantity(verdict, index, looked)))
        return replace(verdict, diagnosis=tuple(found))

    def _diagnose_quantity(self, verdict: Verdict, index: int, looked: Looked) -> Diagnosis:
        """From the store where it is known; words are part of its key, since scores know none."""
        row, model = verdict.quantities[index], looked.population.recipe.model
        scores = None if row.keys is None else row.keys.scores
        words = [[name, domain] for name, domain in model.domains.items()]
        key = content_key("diagnosis", VERSION, scores=scores, n=row.n, among=row.among, words=words)
        stored = self.store.load(key)
        if stored is not None:
            found = read_diagnosis(stored[1])
        else:
            self.store.before_work()
            engine = self.fits.engine(looked.candidate, looked.step)
            natural = self.fits.natural(looked.step)
            origin = None if natural is None else self.fits.origin(looked.candidate, looked.step, engine, natural)
            found = diagnose_quantity(looked, row.among, engine, origin)
            self.store.save(key, {}, diagnosis_table(found))
        fit = looked.candidate.fit
        return replace(found, quantity=row.text, furthest=None if fit is None else find_furthest(self.fits.fit(fit)))

    def _number(self, diagnosis: Diagnosis) -> Diagnosis:
        """Numbers that go on where the last diagnosis ended."""
        first, self.numbered = self.numbered, self.numbered + len(diagnosis.counterexamples)
        numbered = tuple(replace(c, number=first + c.number) for c in diagnosis.counterexamples)
        return replace(diagnosis, counterexamples=numbered)


def too_low(step: DecideStep, verdict: Verdict) -> tuple[int, ...]:
    """The quantities, by index, whose agreement the claim needed to be higher; none where it holds.

    Of a claim whose parts all pass (a control takes it back), those that it bounds from below.
    """
    reason = (verdict.reason or "").split(":")[0]
    if verdict.outcome == "holds" or (verdict.outcome == "inconclusive" and reason not in REASONS):
        return ()
    missed = [(part, row) for part, row in zip(step.parts, verdict.parts, strict=True) if row.status != "passes"]
    asked = missed or list(zip(step.parts, verdict.parts, strict=True))
    wanted = {index for part, row in asked for index in _wanted(part, row)}
    return tuple(index for index in range(len(step.quantities)) if index in wanted)


def _wanted(part: Part, row: PartRow) -> list[int]:
    """The quantities that a part wants higher: for an equality, to move the left side towards the bound."""
    low, high = (row.estimate, row.bound) if part.mirrored else (row.bound, row.estimate)
    sign = -1 if row.relation == "==" and high > low else 1
    return [index for coefficient, index in part.coefficients if sign * coefficient > 0]


def diagnose_quantity(looked: Looked, among: bool, engine: Engine, origin: Origin | None = None) -> Diagnosis:
    """What is to be said of one measurement; the search is left out, and numbers are from 1."""
    population, score = looked.population, looked.step.score
    assert isinstance(score, Agree)
    worlds = Worlds(score, engine, looked.encoding, among, origin)
    items = looked.items if looked.items is not None else sample_items(population, MOST_ITEMS)
    kept = looked.scores.values_among if among else looked.scores.values
    if kept is not None:
        agree = kept.numpy() > 0
        items = Items(items.inputs[: len(agree)], items.cell[: len(agree)])
    else:
        agree = _agreement(looked.step, population, items, worlds)
    inputs = effective_inputs(items.inputs, model_batch(population, items).members)
    recipe = population.recipe
    return Diagnosis(
        quantity=looked.step.text,
        among=among,
        looked_at=len(items),
        disagreements=int((~agree).sum()),
        sampled=looked.items is None and len(items) < looked.scores.n,
        counterexamples=find_counterexamples(population, items, agree, worlds),
        regions=find_regions(recipe.model, inputs, recipe.variables, agree),
        furthest=None,
    )


def find_furthest(fitted: Fitted) -> Furthest:
    """Where a search got furthest: the attempt whose maps were kept, and the site."""
    best = [report for report in fitted.seeds if report.chosen][-1]
    sites = [f"{', '.join(row.variables)} at {row.place}" for row in fitted.table if row.chosen]
    return Furthest(
        attempt=best.what or f"seed {best.seed}",
        attempts=len(fitted.seeds),
        select=best.select,
        loss=best.loss,
        site="; ".join(sites) or None,
    )


def _agreement(step: EvaluateStep, population: Population, items: Items, worlds: Worlds) -> Bools:
    """Whether network and model agree on each item, shape [item]."""
    found, engine, encoding = [], worlds.engine, worlds.encoding
    for start in range(0, len(items), engine.at_once):
        rows = slice(start, start + engine.at_once)
        chunk = Items(items.inputs[rows], items.cell[rows])
        model = model_batch(population, chunk)
        labels = evaluate_in_model(worlds.score.right, step.model, model)
        with torch.no_grad():
            tokens = replace(worlds.fed(chunk, model), forced=encoding.force(labels))
            compared = compare(engine.logits(worlds.score.left, tokens), torch.from_numpy(labels), encoding)
        found.append((compared.among if worlds.among else compared.over_all).numpy())
    return np.concatenate(found)
