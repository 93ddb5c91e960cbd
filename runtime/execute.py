"""The inline executor: runs a plan's steps when a verdict needs them, and keeps every result in the store.

Nothing runs that no verdict asks for: a positive control, for instance, only once its claim would hold.
"""

from collections.abc import Iterator

from ..compiler.plan import DecideStep, EncodeStep, EvaluateStep, GraphStep, ItemsStep, MeasuredQuantity, Plan
from .deciding.cases import Walk, walk_cases
from .deciding.decide import run_decide
from .deciding.decisions import settle
from .deciding.looks import looked_before, read_looks, record_look
from .deciding.quantity_keys import quantity_keys
from .deciding.rulings import Evaluated
from .deciding.verdicts import Verdict
from .diagnosis.diagnose import Diagnoser, Looked
from .fitting.fits import Fits
from .graphs.measure_graph import measure_graph
from .graphs.measured_graph import MeasuredGraph
from .metrics import AwaitingScores, Missing, missing_name, rounding_of
from .progress import Progress
from .results.store import Store
from .scoring.evaluations import Evaluations
from .statistics.part_intervals import Measured
from .statistics.sequential import Look


class Inline:
    """Runs one plan in this process."""

    def __init__(self, plan: Plan, store: Store, progress: Progress) -> None:
        self.plan, self.store = plan, store
        self.fits = Fits(plan, store, progress)
        self.evaluations = Evaluations(plan, store, self.fits, progress)

    def verdicts(self) -> Iterator[Verdict]:
        """The verdict of every claim, in the file's order, each as soon as it is decided.

        Raises:
            EnvironmentProblem: a checkpoint, the store or an activation is broken.
        """
        looks, diagnoser = read_looks(self.store), Diagnoser(self.store, self.fits)
        for key in self.plan.claims:
            step = self.plan.step(key)
            assert isinstance(step, DecideStep)
            before = not step.claim.exhaustively and looked_before(looks, self.plan.key, step)
            walk = walk_cases(step, self._look_at)
            verdict = self._decide(walk, before)
            self._write_missing()
            if verdict.quantities:  # without a number nothing was looked at
                verdict = settle(self.store, step, verdict)
            if verdict.quantities and not step.claim.exhaustively:
                record_look(self.store, looks, self.plan.key, step)
            yield diagnoser.diagnose(walk.step, verdict, self._looked)

    def graphs(self) -> Iterator[MeasuredGraph]:
        """Every graph, in the file's order, each as soon as it is measured.

        Raises:
            EnvironmentProblem: a checkpoint, the store or an activation is broken.
        """
        for key in self.plan.graphs:
            step = self.plan.step(key)
            assert isinstance(step, GraphStep)
            yield measure_graph(step, self.evaluations, self.plan.confidence)
            self._write_missing()

    def _look_at(self, step: DecideStep) -> Look:
        def look(size: int | None) -> list[Evaluated]:
            found, missing = list[Evaluated](), Missing()
            for quantity in step.quantities:  # what any of them lacks is asked for at once
                try:
                    found.append(self._evaluated(quantity, size))
                except AwaitingScores as awaiting:
                    missing.take(awaiting.missing)
            if missing.keys:
                raise AwaitingScores(missing)
            return found

        return look

    def _decide(self, walk: Walk, looked_before: bool) -> Verdict:
        def control(key: str, count: int | None) -> Measured:
            return Measured(self.evaluations.scores(key, count), self._evaluate_step(key).items, fixed=True)

        return run_decide(walk, self._look_at(walk.step), control, looked_before)

    def _write_missing(self) -> None:
        """Write what tables lack so far; of a table that lacks nothing any more no file is left."""
        missing, steps = self.evaluations.around.missing, (self.plan.step(key) for key in self.plan.graph)
        metrics = [step.metric for step in steps if isinstance(step, EvaluateStep) and step.metric is not None]
        for path in {table.path for metric in metrics for table in metric.tables} - missing.keys.keys():
            self.store.remove_text(missing_name(path))
        missing.write(self.store)

    def _evaluated(self, quantity: MeasuredQuantity, size: int | None) -> Evaluated:
        """A quantity on its first items: `size` of them, as many as its budget allows, or its whole domain."""
        step = self._evaluate_step(quantity.evaluate)
        count = quantity.budget if size is None or quantity.budget is None else min(size, quantity.budget)
        scores, items = self.evaluations.scores(quantity.evaluate, count), self._items_step(step.items)
        candidate = step.candidates[scores.chosen]
        fit = candidate.fit
        return Evaluated(
            quantity,
            scores,
            step.items,
            None if fit is None else self.fits.fit(fit),
            step.found_key(candidate) or fit,
            items.population.remarks(),
            quantity_keys(self.evaluations.content(quantity.evaluate), items, candidate.network),
            () if fit is None else self.fits.sizes(fit),
            self.evaluations.overlap(quantity.evaluate),
            self.evaluations.rankings.table(candidate, step),
            step.version,
            0.0 if step.metric is None else rounding_of(step.metric),
        )

    def _looked(self, key: str, count: int | None) -> Looked:
        """A measurement on its first `count` items (None: its whole domain), to be looked at again."""
        step, scores = self._evaluate_step(key), self.evaluations.scores(key, count)
        population = self._items_step(step.items).population
        encode_step = self.plan.step(step.items)
        assert isinstance(encode_step, EncodeStep)
        items = None if count is None else population.draw("test", count).items
        return Looked(step, scores, step.candidates[scores.chosen], population, encode_step.encoding, items)

    def _evaluate_step(self, key: str) -> EvaluateStep:
        step = self.plan.step(key)
        assert isinstance(step, EvaluateStep)
        return step

    def _items_step(self, encode_key: str) -> ItemsStep:
        encode_step = self.plan.step(encode_key)
        assert isinstance(encode_step, EncodeStep)
        step = self.plan.step(encode_step.items)
        assert isinstance(step, ItemsStep)
        return step
