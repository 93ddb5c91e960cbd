"""What a step reads of unedited runs, under its schedule: the Capture steps that it asks for."""

from collections.abc import Iterable, Iterator

from ...lang.record import record
from ..count_runs import Asked, ask_interchange, ask_metric, ask_score
from ..experiments import Encoding, NetworkFile
from ..groundings import Grounding
from ..network_facts import NetworkFacts, TransformerFacts
from ..plan import EncodeStep, EvaluateStep, FitStep, NetworkSource, Plan, RankStep, Runner
from ..row_layout import Position
from ..terms import WrongReads
from ..weigh_network import stage_name, stage_of
from .search_lines import search_lines


@record
class Wanted:
    """A capture by what it is of: a stage's state, or (None) keys and values of first positions in all stages.

    `network_key` is the network's own, or that of the evaluation which chooses it.
    """

    network: NetworkSource
    network_key: str
    encode: str
    stage: int | None
    site: str


def list_wanted(plan: Plan, step: Runner | RankStep) -> list[Wanted]:
    """The captures that a step reads, each once."""
    match step:
        case FitStep():
            return list(dict.fromkeys(_of_fit(plan, step)))
        case RankStep(places=places):
            tried = (step.at(index) for index in range(len(places)))
            return list(dict.fromkeys(want for one in tried for want in _of_evaluation(plan, one)))
        case EvaluateStep():
            return list(dict.fromkeys(_of_evaluation(plan, step)))


def _of_fit(plan: Plan, step: FitStep) -> Iterator[Wanted]:
    facts, schedule = step.network.file.facts, step.schedule
    for grounding in (grounding for line in search_lines(step) for grounding in line):
        asked = ask_interchange(step.score.left.run, facts, grounding, step.variables)
        closed = [frame for frame in grounding.frames if frame.found_by == "closed form"]
        parts = [part for frame in closed for part in frame.parts]
        reads = {stage_of(facts, *part.activation) for part in parts} if schedule.captured else set[int]()
        yield from _stages(step.network, step.network.key, step.fit, reads)
        for encode in (step.fit, step.select):
            yield from _asked(plan, step, asked, step.network, step.network.key, encode)
            if asked.bases and goes_on_from_keys(step, step.network, grounding):
                yield _keys(step.network, step.network.key, encode)


def _of_evaluation(plan: Plan, step: EvaluateStep) -> Iterator[Wanted]:
    first = step.candidates[0].network
    key = first.key if len(step.candidates) == 1 else step.key
    unfitted = [candidate.network for candidate in step.candidates if candidate.chosen_by_score]
    runs = [(network, network.key, step.select) for network in unfitted if step.select is not None]
    for network, network_key, encode in (*runs, (first, key, step.items)):
        assert encode is not None
        asked = _of_encoded(step, first.file.facts, _encoding(plan, encode))
        yield from _asked(plan, step, asked, network, network_key, encode)
        if asked.bases and evaluation_goes_on_from_keys(step, network):
            yield _keys(network, network_key, encode)
        if step.natural is not None and step.schedule.captured:
            yield from _stages(network, network_key, step.natural, asked.natural)


def _of_encoded(step: EvaluateStep, facts: NetworkFacts, encoding: Encoding) -> Asked:
    """What an evaluation asks of inputs as they are encoded: bases that a metric feeds a text behind are others."""
    named = (step.grounding, step.variables, step.model.input_names)
    if step.metric is None:
        return ask_score(step.score, facts, *named, kinds=True)
    found = ask_metric(step.score, step.metric, facts, *named)
    plain, texts = found.plain, [runs for _, _, runs in found.texts]
    asked = Asked(natural=plain.natural, answers=[0] if encoding.has_output else [])
    if _forced(encoding):
        texts.append(plain)
    else:
        asked.reads, asked.passed, asked.bases = list(plain.reads), list(plain.passed), plain.bases
        asked.answers += plain.answers
    for runs in texts:
        asked.reads += [(role, stage) for role, stage in runs.reads if role > 0]
        asked.passed += [(role, stage) for role, stage in runs.passed if role > 0]
    asked.reads += found.generated.reads
    asked.passed += found.generated.passed
    return asked


def _asked(
    plan: Plan, step: Runner, asked: Asked, network: NetworkSource, network_key: str, encode: str
) -> Iterator[Wanted]:
    schedule, stages = step.schedule, set[int]()
    if schedule.captured:
        stages |= {stage for _, stage in (*asked.passed, *asked.reads)}
    if schedule.suffixes:
        stages |= {stage for _, stage in asked.bases}
        answered = asked.answers and not _forced(_encoding(plan, encode))
        stages |= {last_stage(network)} if answered else set()
    yield from _stages(network, network_key, encode, stages)


def _encoding(plan: Plan, encode: str) -> Encoding:
    step = plan.step(encode)
    assert isinstance(step, EncodeStep)
    return step.encoding


def _forced(encoding: Encoding) -> bool:
    """Whether answers are several tokens, of which all but the last are fed after the prompt."""
    return any(answer.sequences for answer in encoding.answers)


def _stages(network: NetworkSource, network_key: str, encode: str, stages: Iterable[int]) -> Iterator[Wanted]:
    for stage in sorted(set(stages)):
        yield Wanted(network, network_key, encode, stage, stage_name(network.file.facts, stage))


def _keys(network: NetworkSource, network_key: str, encode: str) -> Wanted:
    return Wanted(network, network_key, encode, None, "keys and values")


def evaluation_goes_on_from_keys(step: EvaluateStep, network: NetworkSource) -> bool:
    """`goes_on_from_keys` for the runs of a score; one that reads or edits a whole activation needs every position."""
    whole = step.grounding is None or isinstance(step.score, WrongReads)
    return not whole and step.grounding is not None and goes_on_from_keys(step, network, step.grounding)


def goes_on_from_keys(step: Runner, network: NetworkSource, grounding: Grounding) -> bool:
    """Whether edited runs enter after keys and values, as far as is known before inputs are.

    There may be positions before the first edited one, and stages after the edits where they are read.
    """
    facts, parts = network.file.facts, [part for frame in grounding.frames for part in frame.parts]
    positions = [position for part in parts for position in part.positions]
    later = any(stage_of(facts, *part.activation) < last_stage(network) for part in parts)
    return step.schedule.prefixes and reads_backwards(network) and later and 0 not in positions


def skipped(grounding: Grounding, file: NetworkFile, encoding: Encoding, length: int) -> int:
    """How many first positions of an input of this length come before all that are edited or read; 0 if not known."""
    edited = (position for frame in grounding.frames for part in frame.parts for position in part.positions)
    return first_position(edited, file, encoding, length)


def first_position(positions: Iterable[int | Position], file: NetworkFile, encoding: Encoding, length: int) -> int:
    """The first of some positions, and of those where answers are read, in an input of this length; 0 if not known."""
    read = (answer.position for answer in encoding.answers)
    return min(
        index for position in (*positions, *read) for index in find_position(position, file, encoding, length) or (0,)
    )


def find_position(position: int | Position, file: NetworkFile, encoding: Encoding, length: int) -> tuple[int, ...]:
    """What a position is in inputs of this length; nothing where they differ, or it is not known."""
    if isinstance(position, int):
        return (position,)
    whole = tuple(range(length))
    if position.slot is not None:
        alike = [spoken.alike for spoken in file.spoken.values() if spoken.prompt == encoding.prompt]
        whole = dict(alike[0] or ()).get(position.slot, ()) if alike else ()
    if position.index is not None:
        return whole[position.index :][:1]
    return whole[:1] if position.part == "first" else whole[-1:] if position.part == "last" else whole


def last_stage(network: NetworkSource) -> int:
    """The stage that gives the logits."""
    return stage_of(network.file.facts, "logits", None)


def reads_backwards(network: NetworkSource) -> bool:
    """Whether no position reads a later one, and keys and values can be kept apart."""
    facts = network.file.facts
    return isinstance(facts, TransformerFacts) and facts.known and facts.architecture != "bert"
