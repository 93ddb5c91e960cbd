"""The inline executor: runs a plan's steps when a verdict needs them, and keeps every result in the store.

Nothing runs that no verdict asks for: a positive control, for instance, only once its claim would hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..compiler.experiments import Encoding
from ..compiler.keys import content_key
from ..compiler.plan import DecideStep, EncodeStep, EvaluateStep, ItemsStep, MeasuredQuantity, Plan
from ..compiler.sampling.draw_items import Population
from ..compiler.sampling.items import Items
from .decide import run_decide
from .decisions import settle
from .engine import Engine
from .evaluate import run_evaluate, run_whole_domain, share_right
from .fits import Fits
from .fitted import Fitted, map_content
from .item_scores import ItemScores, summarise
from .looks import looked_before, read_looks, record_look
from .natural import Natural, open_natural
from .part_intervals import Measured
from .progress import Progress
from .rulings import Evaluated
from .score_chunks import read_or_score
from .scores import Scores, read_whole_domain
from .store import Store
from .stored_scores import quantity_keys
from .verdicts import Verdict


@dataclass(frozen=True)
class _Chosen:
    """The candidate that is measured, with what was found on `select`, and the key of all that its scores depend on."""

    index: int
    select: tuple[float, ...]
    fitted: Fitted | None
    evaluation: str


class Inline:
    """Runs one plan in this process."""

    def __init__(self, plan: Plan, store: Store, progress: Progress) -> None:
        self.plan, self.store, self.progress = plan, store, progress
        self.fits = Fits(plan, store, progress)
        self._chosen: dict[str, _Chosen] = {}
        self._engines: dict[str, Engine] = {}
        self._item_scores: dict[str, ItemScores] = {}
        self._whole_domains: dict[str, Scores] = {}

    def verdicts(self) -> Iterator[Verdict]:
        """The verdict of every claim, in the file's order, each as soon as it is decided.

        Raises:
            EnvironmentProblem: a checkpoint, the store or an activation is broken.
        """
        looks = read_looks(self.store)
        for key in self.plan.claims:
            step = self.plan.step(key)
            assert isinstance(step, DecideStep)
            before = not step.claim.exhaustively and looked_before(looks, self.plan.key, step)
            verdict = settle(self.store, step, self._decide(step, before))
            if not step.claim.exhaustively:
                record_look(self.store, looks, self.plan.key, step)
            yield verdict

    def scores(self, key: str, count: int | None) -> Scores:
        """The scores of an evaluation on its first `count` items, or on as many as can be drawn; None: a whole domain.

        Of several candidates the one that is best on `select` is measured.
        """
        chosen = self._choose(key)
        if count is None:
            return self._whole_domain(key, chosen)
        population, _ = self._population(self._evaluate_step(key).items)
        items = self._score_items(key, chosen, count).first(count)
        return summarise(items, population, chosen.select, chosen.index)

    def _decide(self, step: DecideStep, looked_before: bool) -> Verdict:
        def look(size: int | None) -> list[Evaluated]:
            return [self._evaluated(quantity, size) for quantity in step.quantities]

        def control(key: str, count: int | None) -> Measured:
            return Measured(self.scores(key, count), self._evaluate_step(key).items, fixed=True)

        return run_decide(step, look, control, looked_before)

    def _evaluated(self, quantity: MeasuredQuantity, size: int | None) -> Evaluated:
        evaluate = self._evaluate_step(quantity.evaluate)
        count = None if size is None or quantity.budget is None else min(size, quantity.budget)
        scores = self.scores(quantity.evaluate, count)
        candidate, items = evaluate.candidates[scores.chosen], self._items_step(evaluate.items)
        chosen, fit = self._choose(quantity.evaluate), candidate.fit
        keys = quantity_keys(chosen.evaluation, items, candidate.network)
        remarks = items.population.remarks()
        return Evaluated(quantity, scores, evaluate.items, chosen.fitted, fit, remarks, keys)

    def _choose(self, key: str) -> _Chosen:
        if key not in self._chosen:
            step = self._evaluate_step(key)
            select = self._select_scores(step)
            index = select.index(max(select)) if select else 0
            fit = step.candidates[index].fit
            fitted = None if fit is None else self.fits.fit(fit)
            evaluation = content_key("evaluation", 1, evaluate=key, chosen=index, maps=map_content(fitted))
            self._chosen[key] = _Chosen(index, tuple(select), fitted, evaluation)
        return self._chosen[key]

    def _whole_domain(self, key: str, chosen: _Chosen) -> Scores:
        if key not in self._whole_domains:
            stored = self.store.load(chosen.evaluation)
            if stored is not None:
                scores = read_whole_domain(stored[1])
            else:
                step = self._evaluate_step(key)
                population, encoding = self._population(step.items)
                engine = self._evaluation_engine(step, chosen)
                scores = run_whole_domain(step, population, engine, encoding, self.progress)
                scores = replace(scores, select=chosen.select, chosen=chosen.index)
                self.store.save(chosen.evaluation, scores.tensors(), scores.document())
            self._whole_domains[key] = scores
        return self._whole_domains[key]

    def _score_items(self, key: str, chosen: _Chosen, count: int) -> ItemScores:
        """The scores of at least the first `count` items, or of all that can be drawn."""
        step = self._evaluate_step(key)
        population, encoding = self._population(step.items)

        def score(start: int, stop: int) -> ItemScores | None:
            drawn = population.draw("test", stop).items
            items = Items(drawn.inputs[start:], drawn.cell[start:])
            if not len(items):
                return None
            return run_evaluate(
                step,
                population,
                items,
                self._evaluation_engine(step, chosen),
                encoding,
                self.progress,
                start,
                self._natural(step),
            )

        scores = read_or_score(self.store, chosen.evaluation, count, score, self._item_scores.get(key))
        assert scores is not None, "checked: some item can be drawn"
        self._item_scores[key] = scores
        return scores

    def _evaluation_engine(self, step: EvaluateStep, chosen: _Chosen) -> Engine:
        if step.key not in self._engines:
            candidate = step.candidates[chosen.index]
            self._engines[step.key] = self.fits.engine(candidate, step.grounding, step.variables)
        return self._engines[step.key]

    def _natural(self, step: EvaluateStep) -> Natural | None:
        if step.natural is None:
            return None
        items, _, encoding = self.fits.items(step.natural)
        return open_natural(items, encoding)

    def _select_scores(self, step: EvaluateStep) -> list[float]:
        """The score on `select` of every candidate; empty where there is nothing to choose."""
        if step.select is None:
            return []
        found = []
        for candidate in step.candidates:
            if candidate.fit is not None:
                found.append(self.fits.fit(candidate.fit).select)
                continue
            items, population, encoding = self.fits.items(step.select)
            engine = self.fits.engine(candidate, step.grounding, step.variables)
            found.append(share_right(step, population, items, engine, encoding, self._natural(step)))
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
