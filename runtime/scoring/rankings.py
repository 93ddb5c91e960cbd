"""Rankings: every place that a circuit may be chosen from, scored by itself on `select`, and the best of them.

Scores are stored under the ranking's key. They are the best of many on the same items, and not corrected: a claim about
a circuit is decided on `test`.
"""

from dataclasses import replace

from ...compiler.groundings import Place, move
from ...compiler.plan import Candidate, EvaluateStep, Plan, RankStep
from ..errors import EnvironmentProblem
from ..fitting.fit_reports import SearchRow
from ..fitting.fits import Fits
from ..maps import open_map
from ..progress import Progress
from ..results.store import Store
from .evaluate import mean_score
from .measuring import Measuring
from .overlaps import find_overlap
from .ranked import Ranked, chosen_cells, ranked_table, read_ranked
from .surroundings import Surroundings


class Rankings:
    """The rankings of one plan."""

    def __init__(self, plan: Plan, store: Store, fits: Fits, around: Surroundings, progress: Progress) -> None:
        self.plan, self.store, self.fits, self.around, self.progress = plan, store, fits, around, progress
        self._ranked: dict[str, Ranked] = {}

    def ranked(self, key: str) -> Ranked:
        """The scores of a ranking, measured now or read from the store."""
        if key not in self._ranked:
            stored = self.store.load(key)
            if stored is not None:
                ranked = read_ranked(stored[1])
            else:
                self.store.before_work()
                ranked = self._run(self._step(key))
                self.store.save(key, {}, {"scores": ranked.scores})
            self._ranked[key] = ranked
        return self._ranked[key]

    def settled(self, candidate: Candidate, evaluate: EvaluateStep) -> EvaluateStep:
        """An evaluation with the cells of its circuits at the places that a candidate's rankings chose.

        Raises:
            EnvironmentProblem: too few places have a score.
        """
        places = list[Place]()
        for key, circuit in zip(candidate.ranks, evaluate.circuits, strict=True):
            step, best = self._step(key), self.ranked(key).best(len(circuit.variables))
            if len(best) < len(circuit.variables):
                raise EnvironmentProblem(
                    "CS509",
                    f"only {len(best)} sites can be scored for the circuit `{circuit.name}`, which has "
                    f"{len(circuit.variables)}",
                    "sites that share units with what its search sets or holds beside `it` have no score: widen the "
                    "region, or choose fewer sites",
                )
            places += (replace(step.places[i], variable=v) for i, v in zip(best, circuit.variables, strict=True))
        if evaluate.grounding is None or not places:
            return evaluate
        return replace(evaluate, grounding=move(evaluate.grounding, tuple(places)))

    def cells(self, candidate: Candidate, evaluate: EvaluateStep) -> tuple[str, ...]:
        """The cells of its circuits, in order."""
        return chosen_cells(self.plan, candidate, evaluate, {key: self.ranked(key) for key in candidate.ranks})

    def table(self, candidate: Candidate, evaluate: EvaluateStep) -> tuple[SearchRow, ...]:
        """Everything that was scored for an evaluation's circuits."""
        return ranked_table(self.plan, candidate, evaluate, {key: self.ranked(key) for key in candidate.ranks})

    def _run(self, step: RankStep) -> Ranked:
        (candidate,) = step.measure.candidates
        items, population, encoding = self.fits.items(step.measure.items)
        natural, others = self.fits.natural(step.measure), self.around.others(step.measure, 0)
        scores = list[float | None]()
        self.progress.start(f"search {step.circuit} by {step.measure.text}", len(step.places))
        for index, place in enumerate(step.places):
            measure = step.at(index)
            assert measure.grounding is not None
            score: float | None = None
            if find_overlap(measure, tuple(open_map(frame) for frame in measure.grounding.frames)) is None:
                engine, judging = self.fits.engine(candidate, measure), self.around.judging(measure, 0, (place.text,))
                measuring = Measuring(measure, population, engine, encoding, natural, others, judging)
                score = mean_score(measuring, items, among=False)
                self.around.await_rows(judging)
            scores.append(score)
            self.progress.advance(1)
        self.progress.finish()
        return Ranked(tuple(scores))

    def _step(self, key: str) -> RankStep:
        step = self.plan.step(key)
        assert isinstance(step, RankStep)
        return step
