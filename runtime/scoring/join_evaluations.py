"""Evaluations on the same items, joined: one engine with the places of all of them, so that equal runs are one run.

A run names its places by where they lie, so that equal names are equal places. Where they are not, as of two circuits
that were searched for in one region, evaluations are joined apart.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ...compiler.groundings import Frame, Grounding
from ...compiler.plan import Candidate, EvaluateStep
from ...compiler.terms import Amount, Apart, Differ, Gain, Run, ValueOf, parts_of
from ..engines.shared_runs import is_nested


@dataclass
class Joined:
    """Evaluations of one candidate through one grounding, by the keys of their steps."""

    candidate: Candidate
    variables: list[str] = field(default_factory=list)
    frames: dict[tuple[str, ...], Frame] = field(default_factory=dict)
    steps: dict[str, EvaluateStep] = field(default_factory=dict)

    def take(self, step: EvaluateStep, candidate: Candidate) -> bool:
        """Join an evaluation with its places settled; False where it cannot be."""
        if self.steps and not _alike(next(iter(self.steps.values())), step, self.candidate, candidate):
            return False
        frames = () if step.grounding is None else step.grounding.frames
        owned = {tuple(step.variables[block.variable] for block in frame.blocks): frame for frame in frames}
        names = [*self.variables, *(name for name in step.variables if name not in self.variables)]
        moved = {owners: _renamed(frame, step.variables, names) for owners, frame in owned.items()}
        taken = {name for owners in self.frames for name in owners}
        for owners, frame in moved.items():
            if self.frames.get(owners, frame) != frame or (owners not in self.frames and taken & set(owners)):
                return False
        self.variables = names
        self.frames.update(moved)
        draws = tuple(tuple(names.index(step.variables[index]) for index in draw) for draw in step.draws)
        self.steps[step.key] = replace(step, draws=draws)
        return True

    def settled(self, step: EvaluateStep) -> EvaluateStep:
        """One of the evaluations, through the grounding of all."""
        grounding = Grounding(tuple(self.frames.values()))
        return replace(step, grounding=grounding, variables=tuple(self.variables))

    def frame_of(self, variable: str) -> int:
        """The index of a variable's frame."""
        return next(index for index, owners in enumerate(self.frames) if variable in owners)

    def read_in(self) -> dict[Run, tuple[int, ...]]:
        """Of each run that others take values from, in which something is set, the frames that these are of."""
        found: dict[Run, dict[int, None]] = {}
        for step in self.steps.values():
            for target, read in (pair for run in _runs_of(step) for pair in _nested(run)):
                found.setdefault(read, {})[self.frame_of(target)] = None
        return {run: tuple(frames) for run, frames in found.items()}


def join_evaluations(steps: Iterable[tuple[EvaluateStep, Candidate]]) -> list[Joined]:
    """Evaluations with their places settled, and the candidate that each measures; as few groups as can be."""
    groups = list[Joined]()
    for step, candidate in steps:
        if not any(group.take(step, candidate) for group in groups):
            group = Joined(candidate)
            assert group.take(step, candidate), "an evaluation can be joined with none"
            groups.append(group)
    return groups


def _alike(one: EvaluateStep, other: EvaluateStep, its: Candidate, others: Candidate) -> bool:
    """Whether two evaluations may run on one engine, and read the same items."""
    same = (one.items, one.natural, one.schedule, one.others, one.replies) == (
        other.items,
        other.natural,
        other.schedule,
        other.others,
        other.replies,
    )
    return same and (its.network, its.fit, its.frame_seed) == (others.network, others.fit, others.frame_seed)


def _renamed(frame: Frame, variables: tuple[str, ...], names: list[str]) -> Frame:
    """A frame whose blocks name their variables by their index among all names."""
    blocks = (replace(block, variable=names.index(variables[block.variable])) for block in frame.blocks)
    return replace(frame, blocks=tuple(blocks))


def _runs_of(step: EvaluateStep) -> Iterator[Run]:
    score = step.score
    assert isinstance(score, Gain | Differ | Apart | Amount)
    for query in (score.query,) if isinstance(score, Amount) else (score.left, score.right):
        yield query.run


def _nested(run: Run) -> Iterator[tuple[str, Run]]:
    """Each variable whose value is its own in another run in which something is set, and that run; those within too."""
    for assignment in run.assignments:
        target = assignment.target
        for value in parts_of(assignment.value):
            if isinstance(target, str) and is_nested(value, target, run):
                assert isinstance(value, ValueOf)
                yield target, value.run
                yield from _nested(value.run)
