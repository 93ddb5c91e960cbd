"""What a score, a metric, a fit or a map between networks asks of a network for one item."""

from collections.abc import Iterable

from ..groundings import Grounding
from ..metrics import RunMetric
from ..network_facts import NetworkFacts
from ..terms import (
    Agree,
    Amount,
    Distance,
    ReadsRight,
    Run,
    Score,
    ValueOf,
    WrongReads,
    measured_run,
    metric_runs,
    parts_of,
)
from ..weigh_network import stage_of
from .asked import Asked, AskedMetric, SharedRuns
from .asking import Asking


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
    asking = Asking(facts, grounding, variables, inputs, shared, kinds=kinds)
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
    asking, found = Asking(facts, grounding, variables, ()), dict[Run, int]()
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
    asking = Asking(facts, grounding, variables, ())
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
        asking = Asking(facts, grounding, variables, inputs, shared, text)
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
    asking = Asking(facts, grounding, variables, ())
    edits = tuple(assignment for assignment in run.assignments if assignment.target in placed)
    asking.run(Run(run.world, run.input, edits, run.within_set))
    return asking.asked
