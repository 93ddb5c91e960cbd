"""Search: choose a place for every variable among the alternatives of its line, on `select`.

Lines are searched one after the other, others at their best so far; a line that is still to be searched stays out, and
items whose sets hold its variables with it. Within a line by successive halving (Jamieson & Talwalkar 2016, arXiv
1502.07943): every alternative gets a part of the budget, the best third goes on with three times as much, until those
that are left get all of it. `test` is never read.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from ...compiler.budgets import count_kept, rung_steps
from ...compiler.experiments import Encoding
from ...compiler.groundings import Grounding, Place, ground
from ...compiler.plan import FitStep
from ...compiler.terms import Agree
from ..engines import Engine
from ..errors import EnvironmentProblem
from ..progress import Progress
from .fit import run_fit
from .fit_reports import SearchRow
from .fitted import Fitted
from .kept_trainings import KeptTrainings
from .objective import Labelled

OpenEngine = Callable[[Grounding], Engine]


@dataclass(frozen=True)
class _Tried:
    """One alternative of the line that is searched: its index, what was found, and the steps that it had."""

    index: int
    fitted: Fitted
    steps: int


def run_search(
    step: FitStep,
    open_engine: OpenEngine,
    fit: Labelled,
    select: Labelled,
    encoding: Encoding,
    progress: Progress,
    kept: KeptTrainings,
) -> Fitted:
    """The best places with their maps, and the whole table of what was tried.

    Raises:
        EnvironmentProblem: a loss is not finite, or no alternative is admitted.
    """
    return _Search(step, open_engine, fit, select, encoding, progress, kept).run()


class _Search:
    """One search, line by line."""

    def __init__(
        self,
        step: FitStep,
        open_engine: OpenEngine,
        fit: Labelled,
        select: Labelled,
        encoding: Encoding,
        progress: Progress,
        kept: KeptTrainings,
    ) -> None:
        self.step, self.open_engine, self.kept = step, open_engine, kept
        self.fit, self.select, self.encoding, self.progress = fit, select, encoding, progress
        self.lines = step.search.lines
        self.chosen: dict[int, int] = {number: 0 for number, line in enumerate(self.lines) if len(line) == 1}
        self.table: list[SearchRow] = []

    def run(self) -> Fitted:
        """Search every open line in order; the last one's fit is the whole's."""
        found: Fitted | None = None
        for number, line in enumerate(self.lines):
            if len(line) > 1:
                found = self.search_line(number)
        assert found is not None, "a search has an open line"
        choice = tuple(self.chosen[number] for number in range(len(self.lines)))
        return replace(found, choice=choice, table=tuple(self.table))

    def search_line(self, number: int) -> Fitted:
        """Successive halving among a line's alternatives."""
        admitted = [i for i in range(len(self.lines[number])) if self.step.search.admits(self.places(number, i))]
        if not admitted:
            raise EnvironmentProblem(
                "CS509",
                f"no alternative of line {number + 1} is left: each is too narrow, or no later than a parent's site",
                "widen the region, or place the parent earlier",
            )
        trained = any(frame.found_by == "training" for frame in self.step.grounding.frames)
        order = self.step.order[number] if self.step.order else range(len(self.lines[number]))
        rungs = rung_steps(self.step.settings.steps, len(admitted), trained)
        left, tried = admitted, dict[int, _Tried]()
        for rung, steps in enumerate(rungs):
            last = rung == len(rungs) - 1
            for index in sorted(left, key=order.index):
                tried[index] = self.attempt(number, index, steps, self.step.settings.seeds if last else 1)
            left = sorted(left, key=lambda index: -tried[index].fitted.select)[: count_kept(len(left))]
        best = left[0]
        self.chosen[number] = best
        for index in range(len(self.lines[number])):
            row = tried.get(index)
            text = ", ".join(dict.fromkeys(place.text for place in self.lines[number][index]))
            names = tuple(self.step.variables[place.variable] for place in self.lines[number][index])
            score = None if row is None else row.fitted.select
            self.table.append(SearchRow(names, text, score, 0 if row is None else row.steps, index == best))
        return tried[best].fitted

    def attempt(self, number: int, index: int, steps: int, seeds: int) -> _Tried:
        """Fit the lines that are placed with one alternative of this one."""
        places = self.places(number, index)
        grounding = ground(places)
        settings = replace(self.step.settings, steps=steps, seeds=seeds)
        placed = {place.variable for place in places}
        score = _of_placed(self.step.score, {self.step.variables[variable] for variable in placed})
        step = replace(self.step, grounding=grounding, settings=settings, score=score)
        fit, select = (self.within(items, placed) for items in (self.fit, self.select))
        engine = self.open_engine(grounding)
        return _Tried(index, run_fit(step, engine, fit, select, self.encoding, self.progress, self.kept), steps)

    def places(self, number: int, index: int) -> tuple[Place, ...]:
        """The places of all lines that are placed, with one alternative of this one."""
        chosen = {**self.chosen, number: index}
        found = [place for line, choice in chosen.items() for place in self.lines[line][choice]]
        return tuple(sorted(found, key=lambda place: place.variable))

    def within(self, items: Labelled, placed: set[int]) -> Labelled:
        """The items whose sets hold placed variables only."""
        away = [i for i in range(items.batch.members.shape[1]) if i not in placed]
        rows = np.flatnonzero(~items.batch.members[:, away].any(1))
        return items.take(torch.from_numpy(rows))


def _of_placed(score: Agree, placed: set[str]) -> Agree:
    """The score whose network run assigns placed variables only: no item's set holds another."""
    run = score.left.run
    assignments = tuple(assignment for assignment in run.assignments if assignment.target in placed)
    return replace(score, left=replace(score.left, run=replace(run, assignments=assignments)))
