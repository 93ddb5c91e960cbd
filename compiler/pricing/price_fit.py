"""The price of a fit: its bases and sources once, then as many intervened runs as its settings allow."""

from ..budgets import CHECKS, SOURCE_ROOM, SUBSAMPLE, count_choices, count_kept, rung_steps
from ..count_runs import Asked, ask_interchange
from ..groundings import Frame, Grounding, ground
from ..plan import FitStep, Plan
from ..weigh_network import stage_of
from .plan_rows import Rows
from .prices import Price
from .run_price import Network, Running


def price_fit(plan: Plan, step: FitStep, running: Running) -> Price:
    """A fit: of a search for sites, every alternative on every rung, as if none ended early.

    Which alternatives go on is not known: they are taken to be the earliest ones, whose runs are the longest.
    """
    fitting = _Fitting(plan, step, running)
    settings, search = step.settings, step.search
    if not search.open:
        return fitting.attempt(step.grounding, settings.steps, settings.seeds)
    whole = Price()
    settled = [place for line in search.lines if len(line) == 1 for place in line[0]]
    trained = any(frame.found_by == "training" for frame in step.grounding.frames)
    for line in (line for line in search.lines if len(line) > 1):
        groundings = [ground((*settled, *places)) for places in line]
        rungs, left = rung_steps(settings.steps, len(line), trained), len(line)
        for number, steps in enumerate(rungs):
            seeds = settings.seeds if number == len(rungs) - 1 else 1
            for grounding in groundings[:left]:
                whole = whole.plus(fitting.attempt(grounding, steps, seeds))
            groundings, left = sorted(groundings, key=fitting.first), count_kept(left)
    return whole


class _Fitting:
    """One fit's items and network."""

    def __init__(self, plan: Plan, step: FitStep, running: Running) -> None:
        self.step = step
        self.fit, self.select = running.rows(plan, step.fit), running.rows(plan, step.select)
        self.network: Network = running.network(step.network.key, step.network, self.fit.encoding)
        self.begun: dict[tuple[bool, int], set[int]] = {}
        self.classes = len(self.fit.encoding.declared) if self.network.spoken else None

    def first(self, grounding: Grounding) -> int:
        """The first edited stage."""
        return min(stage for frame in grounding.frames for stage in self.stages(frame))

    def stages(self, frame: Frame) -> list[int]:
        """The stages of a frame's parts."""
        return [stage_of(self.step.network.file.facts, *part.activation) for part in frame.parts]

    def attempt(self, grounding: Grounding, steps: int, seeds: int) -> Price:
        """One grounding: closed forms read every base, searches score their choices, restarts train and are checked.

        Where nothing is trained or searched, the maps are scored once on `fit` and once on `select`.
        """
        found = [frame.found_by for frame in grounding.frames]
        price, settings = Price(), self.step.settings
        for frame in grounding.frames:
            if frame.found_by == "closed form":
                *passed, last = sorted(set(self.stages(frame)))
                for stage in passed:
                    price = price.plus(self.network.begin(self.fit, 0, stage))
                price = price.plus(self.network.read(self.fit, 0, last, begun=passed))
        facts, variables = self.step.network.file.facts, self.step.variables
        asked, first = ask_interchange(self.step.score.left.run, facts, grounding, variables), self.first(grounding)
        if "training" in found:
            checks = min(steps, CHECKS) * self.select.count
            price = price.plus(self._prepare(asked, grounding, self.fit, steps * settings.batch * seeds))
            price = price.plus(self._prepare(asked, grounding, self.select, checks * seeds))
            self.network.hold(settings.batch, self.network.weight.last - first)
            runs = self.network.intervene((steps * settings.batch + checks) * seeds, first, self.classes)
            back = self.network.descend(steps * settings.batch * seeds, first, self.classes)
            price = price.plus(runs).plus(back)
        for frame in grounding.frames:
            if frame.found_by == "search":
                choices = count_choices(frame.features, tuple(block.size for block in frame.blocks))
                scored = min(self.fit.count, SUBSAMPLE)
                price = price.plus(self._prepare(asked, grounding, self.fit, choices * scored, scored))
                price = price.plus(self._prepare(asked, grounding, self.select, 2 * self.select.count))
                runs = self.network.intervene(choices * scored + 2 * self.select.count, first, self.classes)
                price = price.plus(runs)
        if "training" not in found and "search" not in found:
            for rows in (self.select, self.fit):
                price = price.plus(self._prepare(asked, grounding, rows, rows.count))
                price = price.plus(self.network.intervene(rows.count, first, self.classes))
        return price

    def _prepare(self, asked: Asked, grounding: Grounding, rows: Rows, runs: int, some: int | None = None) -> Price:
        """What is run before so many runs of rows, or of `some` of them: their sources, and where they begin."""
        price, read = Price(), rows.count if some is None else some
        if not self.network.fused and not self._kept(grounding, rows):
            read = runs
        for role, stage in dict.fromkeys(asked.passed):
            begun = self.begun.setdefault((rows is self.fit, role), set())
            price = price.plus(self.network.begin(rows, role, stage, some, begun))
            begun |= {stage} if some is None else set()
        for role, stage in dict.fromkeys(asked.reads):
            begun = self.begun.setdefault((rows is self.fit, role), set())
            price = price.plus(self.network.read(rows, role, stage, read, begun))
            begun |= {stage} if some is None else set()
        for role, stage in asked.bases:
            begun = self.begun.setdefault((rows is self.fit, role), set())
            price = price.plus(self.network.begin(rows, role, stage, some, begun))
            begun |= {stage} if some is None else set()
        return price

    def _kept(self, grounding: Grounding, rows: Rows) -> bool:
        """Whether an engine reads sources once, and not with every run."""
        frames = grounding.frames
        numbers = sum(part.units * len(frame.blocks) for frame in frames for part in frame.parts)
        return self.network.running.engine != "pyvene" and 4 * numbers * rows.count <= SOURCE_ROOM
