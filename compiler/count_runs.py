"""What a score asks of a network for one item: which inputs are run as they are, which runs are intervened in.

This says of terms what the engines do with them; tests count the passes of both.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..lang.record import record
from .groundings import Frame, Grounding
from .metrics import FilledText, RunMetric
from .network_facts import NetworkFacts
from .terms import (
    Agree,
    Amount,
    Distance,
    Handle,
    MeanOver,
    NetworkWorld,
    Query,
    ReadsRight,
    Resampled,
    Run,
    Score,
    Value,
    ValueOf,
    WrongReads,
    measured_run,
    metric_runs,
    parts_of,
)
from .terms import CodeOf as CodeOf
from .vector_bases import base_run
from .weigh_network import stage_of

Read = tuple[int, int]
"""A role of the item (0: the base, j: the source of variable j), and the stage at which its run is read."""


@dataclass
class Asked:
    """The runs of one item, each as often as it is asked for.

    `reads` are read at a stage, `answers` at their logits, by role; `bases` are where intervened runs begin, by role
    and first edited stage. `passed` are stages before that of a read at which the same run is read, too. `fed` counts
    runs on inputs that are made for the score, `fed_reads` those that are only read at a stage. `natural` are the
    stages at which natural inputs are read. `elsewhere` are other networks, by name, each with the stage at which the
    base's run is read in it. `moved` are variables that are read in another network, with the role, and taken here by a
    map that is fitted.
    """

    reads: list[Read] = field(default_factory=list)
    passed: list[Read] = field(default_factory=list)
    bases: list[Read] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    fed: list[int] = field(default_factory=list)
    fed_reads: list[int] = field(default_factory=list)
    natural: list[int] = field(default_factory=list)
    elsewhere: list[tuple[str, int]] = field(default_factory=list)
    moved: list[tuple[str, int]] = field(default_factory=list)


@record
class AskedMetric:
    """What a metric asks for of the runs of one item: each of them once for each of these.

    `plain` at the end of the prompt; `texts`, each behind the prompt, with so many tokens; `generated` once for each
    token up to `limit` (0: nothing is generated). What runs set is read as often; `plain` holds what is natural.
    """

    plain: Asked
    texts: tuple[tuple[FilledText, int, Asked], ...]
    generated: Asked
    limit: int


@dataclass
class SharedRuns:
    """The runs that scores on the same items have asked for so far: each is made once, whichever of them need it.

    `known` are runs by what they are fed behind the prompt (None: nothing); `read_at` is the first stage at which a run
    is read for others.
    """

    known: set[tuple[object, Run]] = field(default_factory=set)
    read_at: dict[Run, int] = field(default_factory=dict)

    def is_new(self, text: object, run: Run) -> bool:
        """Whether a run was not asked for before; from now on it was."""
        new = (text, run) not in self.known
        self.known.add((text, run))
        return new


class _Asking:
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


def ask_score(
    score: Score,
    facts: NetworkFacts,
    grounding: Grounding | None,
    variables: tuple[str, ...],
    inputs: tuple[str, ...],
    shared: SharedRuns | None = None,
    kinds: bool = False,
) -> Asked:
    """The runs of a score for one item, the base's own answer among them: whether it is right is always counted.

    `inputs` are the names of the task's inputs: a run that sets one is a run of another input. Of `shared` runs those
    are left out that were asked for before. Of `kinds` each is there, but not as often as it is asked for.
    """
    asking = _Asking(facts, grounding, variables, inputs, shared, kinds=kinds)
    asked = asking.asked
    layers = {part.activation: stage_of(facts, *part.activation) for frame in asking.frames for part in frame.parts}
    match score:
        case ReadsRight():
            asking.read(0, asking.stages_of(score.variable))
            asked.natural.append(asking.stages_of(score.variable)[-1])
        case WrongReads(left=left):
            stage = next(iter(layers.values()))
            asking.run(left.run, stage)
            asked.natural.append(stage)
            for assignment in left.run.assignments:
                asking.read(0, asking.stages_of(assignment.target))
                asked.natural.append(asking.stages_of(assignment.target)[-1])
        case Distance(run=run):
            for stage in layers.values():
                asking.run(run, stage)
                asked.natural.append(stage)
        case Agree(left=left):
            asking.run(left.run)
        case Amount(query=query):
            asking.run(query.run)
        case _:
            asking.query(score.left)
            asking.query(score.right)
            if isinstance(score.left, ValueOf):  # of which the read-out is fitted on natural inputs
                asked.natural.append(asking.stages_of(score.left.variable)[-1])
    if shared is None or shared.is_new(None, Run(measured_run(score).world, 0)):
        asked.answers.append(0)
    return asked


def read_stages(
    scores: Iterable[Score], facts: NetworkFacts, grounding: Grounding | None, variables: tuple[str, ...]
) -> dict[Run, int]:
    """Of runs in which something is set, and that runs of scores read, the first stage at which they are read."""
    asking, found = _Asking(facts, grounding, variables, ()), dict[Run, int]()
    waiting = [measured_run(score) for score in scores]
    while waiting:
        for assignment in waiting.pop().assignments:
            for part in parts_of(assignment.value):
                if isinstance(part, ValueOf) and part.run.assignments:
                    stage = asking.stages_of(part.variable)[0]
                    found[part.run] = min(stage, found.get(part.run, stage))
                    waiting.append(part.run)
    return found


def ask_moved(
    moved: list[tuple[str, int]], facts: NetworkFacts, grounding: Grounding | None, variables: tuple[str, ...]
) -> Asked:
    """The runs in which `moved` variables are read in a network, and the natural ones that their maps are fitted on."""
    asking = _Asking(facts, grounding, variables, ())
    for variable, role in moved:
        asking.read(role, asking.stages_of(variable))
        asking.asked.natural.append(asking.stages_of(variable)[-1])
    return asking.asked


def ask_metric(
    score: Score,
    metric: RunMetric,
    facts: NetworkFacts,
    grounding: Grounding | None,
    variables: tuple[str, ...],
    inputs: tuple[str, ...],
    shared: SharedRuns | None = None,
) -> AskedMetric:
    """The runs of a score that reads a metric, for one item; whether the base is answered right is not among them.

    Of `shared` runs those are left out that were asked for before.
    """

    def asked(text: object = None, shared: SharedRuns | None = shared) -> Asked:
        asking = _Asking(facts, grounding, variables, inputs, shared, text)
        for run in metric_runs(score):
            asking.run(run)
        return asking.asked

    whole = asked(shared=shared if metric.plain else None)
    texts = tuple(
        (text, max(read.tokens for read in metric.reads if read.text == text), asked(text)) for text in metric.followed
    )
    generation = metric.generation if metric.generates else None
    return AskedMetric(
        plain=whole if metric.plain else Asked(natural=whole.natural, elsewhere=whole.elsewhere),
        texts=texts,
        generated=Asked() if generation is None else asked(shared=None),
        limit=0 if generation is None else generation.limit,
    )


def ask_interchange(run: Run, facts: NetworkFacts, grounding: Grounding, variables: tuple[str, ...]) -> Asked:
    """The runs of a fit's interchange for one item: of variables that the grounding leaves out nothing is asked."""
    placed = {variables[block.variable] for frame in grounding.frames for block in frame.blocks}
    asking = _Asking(facts, grounding, variables, ())
    edits = tuple(assignment for assignment in run.assignments if assignment.target in placed)
    asking.run(Run(run.world, run.input, edits, run.within_set))
    return asking.asked


def _stages(facts: NetworkFacts, frame: Frame) -> list[int]:
    return sorted({stage_of(facts, *part.activation) for part in frame.parts})


def _sources(run: Run) -> list[Run]:
    """The runs that a run's values are read in."""
    return [part.run for a in run.assignments for part in parts_of(a.value) if isinstance(part, ValueOf)]
