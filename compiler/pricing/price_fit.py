"""The price of a fit: its bases and sources, and as many intervened runs as its settings allow."""

from ..budgets import SUBSAMPLE, check_steps, count_choices, count_kept, count_looks, rung_steps
from ..count_runs import Asked, ask_interchange
from ..groundings import Frame, Grounding
from ..optimising.search_lines import search_lines
from ..optimising.wanted import goes_on_from_keys, skipped
from ..plan import FitStep, Plan
from ..weigh_network import stage_of
from .narrow_runs import open_runs
from .plan_rows import Rows
from .running import Running
from .runs import Runs


def price_fit(plan: Plan, step: FitStep, running: Running) -> Runs:
    """A fit: of a search for sites, every alternative on every rung, as if none ended early.

    Which alternatives go on is not known: they are taken to be the earliest ones, whose runs are the longest.
    """
    fitting = _Fitting(plan, step, running)
    settings = step.settings
    if not step.search.open:
        fitting.attempt(step.grounding, settings.steps, settings.seeds)
        return fitting.runs
    trained = any(frame.found_by == "training" for frame in step.grounding.frames)
    for groundings in search_lines(step):
        rungs, left = rung_steps(settings.steps, len(groundings), trained), len(groundings)
        for number, steps in enumerate(rungs):
            seeds = settings.seeds if number == len(rungs) - 1 else 1
            for grounding in groundings[:left]:
                fitting.attempt(grounding, steps, seeds)
            groundings, left = tuple(sorted(groundings, key=fitting.first)), count_kept(left)
    return fitting.runs


class _Fitting:
    """One fit's items and network."""

    def __init__(self, plan: Plan, step: FitStep, running: Running) -> None:
        self.step = step
        self.fit, self.select = running.rows(plan, step.fit), running.rows(plan, step.select)
        network = running.network(step.network.key, step.network, self.fit.encoding)
        self.runs = open_runs(network, step.schedule, running.seen)

    def first(self, grounding: Grounding) -> int:
        """The first edited stage."""
        return min(stage for frame in grounding.frames for stage in self.stages(frame))

    def stages(self, frame: Frame) -> list[int]:
        """The stages of a frame's parts."""
        return [stage_of(self.step.network.file.facts, *part.activation) for part in frame.parts]

    def early(self, grounding: Grounding) -> int:
        """How many positions edited runs leave out."""
        if not goes_on_from_keys(self.step, self.step.network, grounding):
            return 0
        return skipped(grounding, self.step.network.file, self.fit.encoding, self.runs.weight.positions)

    def attempt(self, grounding: Grounding, steps: int, seeds: int) -> None:
        """One grounding: closed forms read every base, searches score their choices, restarts train and are checked.

        Where nothing is trained or searched, the maps are scored once on `fit` and once on `select`.
        """
        found, settings, runs = [frame.found_by for frame in grounding.frames], self.step.settings, self.runs
        for frame in grounding.frames:
            if frame.found_by == "closed form":
                *passed, last = sorted(set(self.stages(frame)))
                runs.read(self.fit, 0, last, self.fit.count, passed=passed)
        facts, variables = self.step.network.file.facts, self.step.variables
        asked, first = ask_interchange(self.step.score.left.run, facts, grounding, variables), self.first(grounding)
        early = self.early(grounding)
        if "training" in found:
            softened = any(frame.learned_size and frame.found_by == "training" for frame in grounding.frames)
            taken = steps * settings.batch * seeds
            looks = len(check_steps(steps, count_looks(steps, settings.batch, self.step.select_count), softened))
            checks = looks * self.select.count * seeds
            self._prepare(asked, grounding, self.fit, taken)
            self._prepare(asked, grounding, self.select, checks)
            schedule = self.step.schedule
            together = settings.batch * min(seeds, schedule.restarts) * max(1, len(schedule.beside))
            runs.hold(together, runs.weight.last - first, together)
            runs.intervene(taken + checks, first, declared=True, early=early)
            runs.descend(taken, first, declared=True, early=early)
        for frame in grounding.frames:
            if frame.found_by == "search":
                choices = count_choices(frame.features, tuple(block.size for block in frame.blocks))
                scored = min(self.fit.count, SUBSAMPLE)
                self._prepare(asked, grounding, self.fit, choices * scored, scored)
                self._prepare(asked, grounding, self.select, 2 * self.select.count)
                runs.intervene(choices * scored + 2 * self.select.count, first, declared=True, early=early)
        if "training" not in found and "search" not in found:
            for rows in (self.select, self.fit):
                self._prepare(asked, grounding, rows, rows.count)
                runs.intervene(rows.count, first, declared=True, early=early)

    def _prepare(self, asked: Asked, grounding: Grounding, rows: Rows, count: int, some: int | None = None) -> None:
        """What is run for so many runs of rows, or of `some` of them: their sources, and where they begin."""
        early = self.early(grounding)
        for role, stage in asked.reads if not self.step.schedule.captured else dict.fromkeys(asked.reads):
            self.runs.read(rows, role, stage, count, some, asked.passed_by(role))
        for role, stage in asked.bases:
            self.runs.begin(rows, role, stage, some, early)
