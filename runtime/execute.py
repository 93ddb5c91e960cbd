"""The inline executor: runs a plan's steps when a verdict needs them, and keeps every result in the store.

Nothing runs that no verdict asks for: a positive control, for instance, only once its claim would hold.
"""

from collections.abc import Iterator
from dataclasses import replace

from ..compiler.experiments import Encoding
from ..compiler.keys import content_key
from ..compiler.plan import DecideStep, EncodeStep, EvaluateStep, ItemsStep, Plan
from ..compiler.sampling.draw_items import Population
from ..compiler.sampling.items import Items
from .decide import Evaluated, run_decide
from .diagnose import Diagnoser, Looked
from .evaluate import run_evaluate, share_right
from .fits import Fits
from .fitted import map_content
from .looks import looked_before, read_looks, record_look
from .part_intervals import Measured
from .progress import Progress
from .scores import Scores, read_scores
from .store import Store
from .stored_scores import quantity_keys
from .verdicts import Verdict


class Inline:
    """Runs one plan in this process."""

    def __init__(self, plan: Plan, store: Store, progress: Progress) -> None:
        self.plan, self.store, self.progress = plan, store, progress
        self._items: dict[str, Items] = {}
        self.fits = Fits(plan, store, progress)
        self._scores: dict[str, Scores] = {}
        self._stored: dict[str, str] = {}
        """The key in the store of every evaluation's scores."""

    def verdicts(self) -> Iterator[Verdict]:
        """The verdict of every claim, in the file's order, each as soon as it is decided.

        Raises:
            EnvironmentProblem: a checkpoint, the store or an activation is broken.
        """
        looks, diagnoser = read_looks(self.store), Diagnoser(self.store, self.fits)
        for key in self.plan.claims:
            step = self.plan.step(key)
            assert isinstance(step, DecideStep)
            evaluated = [self._evaluated(index, step) for index in range(len(step.quantities))]
            before = not step.claim.exhaustively and looked_before(looks, self.plan.key, step)
            verdict = run_decide(step, evaluated, self._control, before)
            if not step.claim.exhaustively:
                record_look(self.store, looks, self.plan.key, step)
            yield diagnoser.diagnose(step, verdict, self._looked)

    def scores(self, key: str) -> Scores:
        """The scores of an evaluation; of several candidates the one that is best on `select` is measured."""
        if key in self._scores:
            return self._scores[key]
        step = self._evaluate_step(key)
        population, encoding = self._population(step.items)
        select = self._select_scores(step)
        chosen = select.index(max(select)) if select else 0
        candidate = step.candidates[chosen]
        fitted = None if candidate.fit is None else self.fits.fit(candidate.fit)
        resolved = content_key("scores", 1, evaluate=key, chosen=chosen, maps=map_content(fitted))
        stored = self.store.load(resolved)
        if stored is not None:
            scores = read_scores(*stored)
        else:
            engine = self.fits.engine(candidate, step.grounding, step.variables)
            items = self._draw(step.items)
            scores = run_evaluate(step, population, items, engine, encoding, self.progress)
            scores = replace(scores, select=tuple(select), chosen=chosen)
            self.store.save(resolved, scores.tensors(), scores.document())
        self._scores[key], self._stored[key] = scores, resolved
        return scores

    def _evaluated(self, index: int, step: DecideStep) -> Evaluated:
        quantity = step.quantities[index]
        evaluate = self._evaluate_step(quantity.evaluate)
        scores = self.scores(quantity.evaluate)
        candidate, items = evaluate.candidates[scores.chosen], self._items_step(evaluate.items)
        fit, remarks = candidate.fit, items.population.remarks()
        keys = quantity_keys(self._stored[quantity.evaluate], items, candidate.network)
        return Evaluated(
            quantity, scores, evaluate.items, None if fit is None else self.fits.fit(fit), fit, remarks, keys
        )

    def _looked(self, key: str) -> Looked:
        step, scores = self._evaluate_step(key), self.scores(key)
        population, encoding = self._population(step.items)
        return Looked(step, scores, step.candidates[scores.chosen], population, encoding, self._draw(step.items))

    def _control(self, key: str) -> Measured:
        return Measured(self.scores(key), self._evaluate_step(key).items)

    def _select_scores(self, step: EvaluateStep) -> list[float]:
        """The score on `select` of every candidate; empty where there is nothing to choose."""
        if step.select is None:
            return []
        found = []
        for candidate in step.candidates:
            if candidate.fit is not None:
                found.append(self.fits.fit(candidate.fit).select)
                continue
            population, encoding = self._population(step.select)
            items = self._draw(step.select)
            assert items is not None
            engine = self.fits.engine(candidate, step.grounding, step.variables)
            found.append(share_right(step, population, items, engine, encoding))
        return found

    def _evaluate_step(self, key: str) -> EvaluateStep:
        step = self.plan.step(key)
        assert isinstance(step, EvaluateStep)
        return step

    def _population(self, encode_key: str) -> tuple[Population, Encoding]:
        step = self.plan.step(encode_key)
        assert isinstance(step, EncodeStep)
        return self._items_step(encode_key).population, step.encoding

    def _items_step(self, encode_key: str) -> ItemsStep:
        encode_step = self.plan.step(encode_key)
        assert isinstance(encode_step, EncodeStep)
        step = self.plan.step(encode_step.items)
        assert isinstance(step, ItemsStep)
        return step

    def _draw(self, encode_key: str) -> Items | None:
        """The items behind an encoding; None for a whole domain, which is enumerated chunk by chunk."""
        step = self._items_step(encode_key)
        if step.split == "whole":
            return None
        if step.key not in self._items:
            self._items[step.key] = step.population.draw(step.split, step.count).items
        return self._items[step.key]
