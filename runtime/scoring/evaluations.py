"""Evaluations: scores of as many items as are asked for, read from the store or measured now and added to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...compiler.experiments import Encoding
from ...compiler.plan import Candidate, EncodeStep, EvaluateStep, ItemsStep, Plan
from ...compiler.sampling.draw_items import Population
from ...compiler.sampling.items import Items
from ..engines import Engine
from ..engines.shared_runs import SharedRuns
from ..errors import running
from ..fitting.fits import Fits
from ..fitting.fitted import evaluation_content
from ..maps import open_map
from ..metrics import AwaitingScores, Missing
from ..progress import Progress
from ..results.store import Store
from .evaluate import evaluate_together, mean_score, run_evaluate, run_whole_domain, whole_domain_together
from .item_scores import ItemScores, summarise
from .join_evaluations import Joined, join_evaluations
from .measuring import Measuring
from .natural import Natural
from .origins import Origin
from .overlaps import find_overlap
from .rankings import Rankings
from .score_chunks import CHUNK, read_or_score
from .scores import Scores, read_whole_domain
from .surroundings import Surroundings


@dataclass(frozen=True)
class _Chosen:
    """The candidate that is measured, what all scored on `select`, and the key of all that its scores depend on."""

    index: int
    select: tuple[float, ...]
    content: str


class Evaluations:
    """The evaluations of one plan."""

    def __init__(self, plan: Plan, store: Store, fits: Fits, progress: Progress) -> None:
        self.plan, self.store, self.fits, self.progress = plan, store, fits, progress
        self.around = Surroundings(fits)
        self.rankings = Rankings(plan, store, fits, self.around, progress)
        self._choices: dict[str, _Chosen] = {}
        self._engines: dict[str, Engine] = {}
        self._origins: dict[tuple[str, int], Origin | None] = {}
        self._items: dict[str, ItemScores] = {}
        self._whole: dict[str, Scores] = {}

    def scores(self, key: str, count: int | None) -> Scores:
        """The scores of an evaluation on its first `count` items, or on all that can be drawn; None: a whole domain.

        Of several candidates the one that is best on `select` is measured.

        Raises:
            EnvironmentProblem: a checkpoint, the store or an activation is broken.
            AwaitingScores: a table lacks scores of answers; nothing is kept of what was scored with them.
        """
        step = self.step(key)
        with running(step.candidates[0].network.file.name):
            chosen = self._choose(key)
            if count is None:
                return self._whole_domain(step, chosen)
            population, _ = self._population(step.items)
            items = self._score_items(step, chosen, count).first(count)
        return summarise(items, population, chosen.select, chosen.index)

    def score_together(self, name: str, keys: Sequence[str], count: int | None) -> None:
        """Score what the store lacks of several evaluations on their first items (None: whole domains).

        Each run that several need is made once. What they score is what each scores by itself.

        Raises:
            EnvironmentProblem: a checkpoint, the store or an activation is broken.
            AwaitingScores: a table lacks scores of answers; what any of the evaluations lacks is asked for at once.
        """
        left: dict[int, list[str]] = {}
        for key in keys:
            if (done := self._scored(key, count)) is not None:
                left.setdefault(done, []).append(key)
        missing = Missing()
        for done, lacking in left.items():
            settled = [(self._settled(key), self._candidate(key)) for key in lacking]
            for group in join_evaluations(settled):
                missing.take(self._score_group(name, group, done, count))
        if missing.keys:
            self.around.missing.take(missing)
            raise AwaitingScores(missing)

    def _scored(self, key: str, count: int | None) -> int | None:
        """How many items of an evaluation are scored; None where that is enough."""
        step, chosen = self.step(key), self._choose(key)
        if count is None:
            stored = None if step.key in self._whole else self.store.load(chosen.content)
            known = self._whole.get(step.key) or (None if stored is None else read_whole_domain(stored[1]))
            return 0 if known is None or any(cell.far is None for cell in known.cells) else None
        nothing = read_or_score(self.store, chosen.content, count, lambda start, stop: None, self._items.get(key))
        done = 0 if nothing is None else len(nothing)
        if nothing is not None:
            self._items[key] = nothing
        return None if done >= count or done % CHUNK else done

    def _settled(self, key: str) -> EvaluateStep:
        """An evaluation with its places as searches and fits chose them."""
        return self._grounded(self.step(key), self._choose(key))

    def _candidate(self, key: str) -> Candidate:
        return self.step(key).candidates[self._choose(key).index]

    def _score_group(self, name: str, group: Joined, done: int, count: int | None) -> Missing:
        """Score evaluations that run on one engine, from the item `done` on, and keep what they score.

        What lacks scores of answers is not kept; returned is what it lacks.
        """
        with running(group.candidate.network.file.name):
            return self._score_joined(name, group, done, count)

    def _score_joined(self, name: str, group: Joined, done: int, count: int | None) -> Missing:
        (first, *_) = group.steps.values()
        engine = self.fits.engine(group.candidate, group.settled(first))
        population, encoding = self._population(first.items)
        reads = encoding.answers[0].reads if encoding.answers else 1
        shared = SharedRuns(engine, group.read_in(), group.frame_of, reads)
        parts = {
            key: replace(self._measuring(self.step(key), self._choose(key).index, shared), step=group.settled(step))
            for key, step in group.steps.items()
        }
        missing = Missing()
        if count is None:
            self.store.before_work()
            for key, scores in whole_domain_together(parts, shared, name, self.progress).items():
                missing.take(parts[key].judging.missing)
                if not parts[key].judging.missing.keys:
                    self._keep_whole(key, scores)
            return missing
        drawn = population.draw("test", -(-count // CHUNK) * CHUNK).items
        items = Items(drawn.inputs[done:], drawn.cell[done:])
        if not len(items):
            return missing
        self.store.before_work()
        size = max(1, engine.at_once // CHUNK) * CHUNK  # what is kept when a run is stopped
        for start in range(0, len(items), size):
            piece, begin = Items(items.inputs[start : start + size], items.cell[start : start + size]), done + start
            for key, found in evaluate_together(parts, shared, piece, name, self.progress, begin).items():
                missing.take(parts[key].judging.missing)
                if not parts[key].judging.missing.keys:
                    self._keep_items(key, found, begin, count)
        return missing

    def _keep_items(self, key: str, found: ItemScores, first: int, count: int) -> None:
        """Keep what an evaluation scores on its items from the item `first` on, which are whole chunks."""

        def scored(start: int, stop: int) -> ItemScores | None:
            return found if start == first else None

        read = read_or_score(self.store, self._choose(key).content, count, scored, self._items.get(key))
        assert read is not None, "some item was scored"
        self._items[key] = read

    def overlap(self, key: str) -> tuple[str, str] | None:
        """Two things that an effect sets in the same units, now that its maps are found; None where there are none."""
        step, chosen = self.step(key), self._choose(key)
        if step.grounding is None:
            return None
        grounded = self._grounded(step, chosen)
        if step.candidates[chosen.index].fit is not None:
            return find_overlap(grounded, self._engine(step, chosen).maps)
        assert grounded.grounding is not None
        return find_overlap(grounded, tuple(open_map(frame) for frame in grounded.grounding.frames))

    def content(self, key: str) -> str:
        """The key of everything that an evaluation's scores depend on, whatever their number."""
        return self._choose(key).content

    def _choose(self, key: str) -> _Chosen:
        if key not in self._choices:
            step = self.step(key)
            select = self._select_scores(step)
            index = select.index(max(select)) if select else 0
            candidate = step.candidates[index]
            maps, cells = map(self.fits.maps, candidate.chain), self.rankings.cells(candidate, step)
            content = evaluation_content(key, index, *maps, cells=cells)
            self._choices[key] = _Chosen(index, tuple(select), content)
        return self._choices[key]

    def _whole_domain(self, step: EvaluateStep, chosen: _Chosen) -> Scores:
        if step.key not in self._whole:
            stored = self.store.load(chosen.content)
            if stored is not None:
                scores = read_whole_domain(stored[1])
            else:
                self.store.before_work()
                measuring = self._measuring(step, chosen.index, self._engine(step, chosen))
                scores = run_whole_domain(measuring, self.progress)
                self.around.await_rows(measuring.judging)
                self._keep_whole(step.key, scores)
            self._whole.setdefault(step.key, scores)
        return self._whole[step.key]

    def _keep_whole(self, key: str, scores: Scores) -> None:
        chosen = self._choose(key)
        scores = replace(scores, select=chosen.select, chosen=chosen.index)
        self.store.save(chosen.content, scores.tensors(), scores.document())
        self._whole[key] = scores

    def _score_items(self, step: EvaluateStep, chosen: _Chosen, count: int) -> ItemScores:
        """The scores of at least the first `count` items, or of all that can be drawn."""
        population, _ = self._population(step.items)

        def score(start: int, stop: int) -> ItemScores | None:
            drawn = population.draw("test", stop).items
            items = Items(drawn.inputs[start:], drawn.cell[start:])
            if not len(items):
                return None
            self.store.before_work()
            measuring = self._measuring(step, chosen.index, self._engine(step, chosen))
            found = run_evaluate(measuring, items, self.progress, start)
            self.around.await_rows(measuring.judging)
            return found

        scores = read_or_score(self.store, chosen.content, count, score, self._items.get(step.key))
        assert scores is not None, "checked: some item can be drawn"
        self._items[step.key] = scores
        return scores

    def _engine(self, step: EvaluateStep, chosen: _Chosen) -> Engine:
        if step.key not in self._engines:
            candidate = step.candidates[chosen.index]
            self._engines[step.key] = self.fits.engine(candidate, self.rankings.settled(candidate, step))
        return self._engines[step.key]

    def _grounded(self, step: EvaluateStep, chosen: _Chosen) -> EvaluateStep:
        candidate = step.candidates[chosen.index]
        return self.fits.grounded(candidate, self.rankings.settled(candidate, step))

    def _measuring(self, step: EvaluateStep, index: int, engine: Engine) -> Measuring:
        """An evaluation on one of its candidates, on whose network the engine runs."""
        population, encoding = self._population(step.items)
        candidate, natural = step.candidates[index], self.fits.natural(step)
        grounded = self.fits.grounded(candidate, self.rankings.settled(candidate, step))
        return Measuring(
            step=grounded,
            population=population,
            engine=engine,
            encoding=encoding,
            natural=natural,
            others=self.around.others(grounded, index),
            judging=self.around.judging(step, index, self.rankings.cells(candidate, step)),
            origin=self._origin(step, index, engine, natural),
        )

    def _origin(self, step: EvaluateStep, index: int, engine: Engine, natural: Natural | None) -> Origin | None:
        """What a candidate reads in another network; its affine maps are fitted once."""
        if step.origin is None:
            return None
        if (step.key, index) not in self._origins:
            assert natural is not None, "planned: affine maps are fitted on natural inputs"
            self._origins[step.key, index] = self.fits.origin(step.candidates[index], step, engine, natural)
        return self._origins[step.key, index]

    def _select_scores(self, step: EvaluateStep) -> list[float]:
        """The score on `select` of every candidate; empty where there is nothing to choose."""
        if step.select is None:
            return []
        found = []
        for index, candidate in enumerate(step.candidates):
            if candidate.fit is not None and not candidate.chosen_by_score:
                found.append(self.fits.fit(candidate.fit).select)
                continue
            items, population, encoding = self.fits.items(step.select)
            engine = self.fits.engine(candidate, self.rankings.settled(candidate, step))
            measuring = replace(self._measuring(step, index, engine), population=population, encoding=encoding)
            found.append(mean_score(measuring, items))
            self.around.await_rows(measuring.judging)
        return found

    def step(self, key: str) -> EvaluateStep:
        """The evaluation of a key."""
        step = self.plan.step(key)
        assert isinstance(step, EvaluateStep)
        return step

    def items(self, key: str) -> ItemsStep:
        """The items that an evaluation is scored on."""
        return self._items_step(self.step(key).items)[0]

    def _population(self, encode_key: str) -> tuple[Population, Encoding]:
        step, encode_step = self._items_step(encode_key)
        return step.population, encode_step.encoding

    def _items_step(self, encode_key: str) -> tuple[ItemsStep, EncodeStep]:
        encode_step = self.plan.step(encode_key)
        assert isinstance(encode_step, EncodeStep)
        step = self.plan.step(encode_step.items)
        assert isinstance(step, ItemsStep)
        return step, encode_step
