"""The collector: it goes through the runs of a term and notes each run, or part of one, that a network must do."""

from ..groundings import Frame, Grounding
from ..network_facts import NetworkFacts
from ..terms import CodeOf, Handle, MeanOver, NetworkWorld, Query, Resampled, Run, Value, ValueOf, parts_of
from ..vector_bases import base_run
from ..weigh_network import stage_of
from .asked import Asked, SharedRuns


class Asking:
    """Collects the runs of one score on one network, but for those that others it is `shared` with asked for.

    `text` is what its runs are fed behind the prompt. Where only the `kinds` of what it asks for matter, a run that is
    read at one stage by several is gone through once.
    """

    def __init__(
        self,
        facts: NetworkFacts,
        grounding: Grounding | None,
        variables: tuple[str, ...],
        inputs: tuple[str, ...],
        shared: SharedRuns | None = None,
        text: object = None,
        kinds: bool = False,
    ) -> None:
        self.facts, self.variables, self.inputs = facts, variables, inputs
        self.shared, self.text = shared, text
        self.asked_at: dict[tuple[int, int | None], Run] | None = {} if kinds else None
        self.frames = () if grounding is None else grounding.frames
        self.owned = {variables[block.variable]: frame for frame in self.frames for block in frame.blocks}
        self.staged = {id(frame): _stages(facts, frame) for frame in self.frames}
        self.asked = Asked()

    def stages(self, frame: Frame) -> list[int]:
        """The stages of one of the frames' parts, each once and in order."""
        return self.staged[id(frame)]

    def frame(self, handle: Handle) -> Frame | None:
        """A handle's frame."""
        return self.owned.get(handle) if isinstance(handle, str) else None

    def stages_of(self, handle: Handle) -> list[int]:
        """The stages of a handle's frame; without one, the first."""
        frame = self.frame(handle)
        return [0] if frame is None else self.stages(frame)

    def run(self, run: Run, read_at: int | None = None) -> None:
        """A run with its assignments, for its logits, or to read a stage of it."""
        if self.asked_at is not None:
            if (id(run), read_at) in self.asked_at:
                return
            self.asked_at[id(run), read_at] = run
        if self.shared is not None:
            if not self.shared.is_new(self.text, run):
                return
            read_at = self.shared.read_at.get(run, read_at)
        edits = [a for a in run.assignments if not (isinstance(a.target, str) and a.target in self.inputs)]
        frames = [self.frame(assignment.target) for assignment in edits]
        stages = [0 if frame is None else min(self.stages(frame)) for frame in frames]
        for assignment in edits:
            for part in parts_of(assignment.value):
                if isinstance(part, ValueOf) and part.through is not None:
                    self.asked.moved.append((str(part.variable), part.run.input))
                    self.asked.natural.append(self.stages_of(assignment.target)[-1])
                elif (
                    isinstance(part, ValueOf)
                    and part.run.world != run.world
                    and isinstance(part.run.world, NetworkWorld)
                ):
                    self.asked.elsewhere.append((part.run.world.network, self.stages_of(part.variable)[-1]))
                else:
                    self.value(part, self.stages_of(assignment.target))
        for frame in dict.fromkeys(frame for frame in frames if frame is not None and frame.scattered):
            if (base := base_run(frame, run, self.frame)) not in _sources(run):
                self.value(ValueOf("", base), self.stages(frame))
        stages += [] if read_at is None else [read_at]
        if len(edits) < len(run.assignments) and read_at is not None and not edits:
            self.asked.fed_reads.append(read_at)
        elif len(edits) < len(run.assignments):
            self.asked.fed.append(min(stages, default=-1))
        elif stages:
            self.asked.bases.append((run.input, min(stages)))
        else:
            self.asked.answers.append(run.input)

    def query(self, query: Query) -> None:
        """A run for what is read of it."""
        if not isinstance(query, ValueOf):
            self.run(query.run)
            return
        stages = self.stages_of(query.variable)
        if query.run.assignments:
            self.run(query.run, stages[-1])
        else:
            self.read(query.run.input, stages)

    def value(self, value: Value, stages: list[int]) -> None:
        """What an assignment at some stages reads elsewhere."""
        match value:
            case ValueOf(variable=handle, run=run) if run.assignments:
                self.run(run, (self.stages_of(handle) if self.frame(handle) is not None else stages)[-1])
            case ValueOf(variable=handle, run=run):
                self.read(run.input, self.stages_of(handle) if self.frame(handle) is not None else stages)
            case MeanOver(handle=handle):
                self.asked.natural.append(self.stages_of(handle)[-1])
            case CodeOf() | Resampled():
                self.asked.natural.append(stages[-1])

    def read(self, role: int, stages: list[int]) -> None:
        """An unedited run that is read at some stages."""
        self.asked.passed += [(role, stage) for stage in stages[:-1]]
        self.asked.reads.append((role, stages[-1]))


def _stages(facts: NetworkFacts, frame: Frame) -> list[int]:
    return sorted({stage_of(facts, *part.activation) for part in frame.parts})


def _sources(run: Run) -> list[Run]:
    """The runs that a run's values are read in."""
    return [part.run for a in run.assignments for part in parts_of(a.value) if isinstance(part, ValueOf)]
