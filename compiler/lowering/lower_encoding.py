"""From a task on a network to its encoding: how inputs are fed, and where its answers are read."""

from ...lang.places import Position
from ...lang.program import Answer, Program, Task
from ...lang.renderings import Vector
from ..experiments import AnswerAt, Encoding, NetworkFile
from ..positions import resolve_position
from ..prompts import SpokenTask

LAST = Position(index=-1)
"""Where the answer to a prompt is read, unless it says where: the token after it is the network's next one."""


def lower_encoding(program: Program, task_name: str, file: NetworkFile) -> Encoding:
    """How a task's inputs become tokens or numbers of a network, and where its answers are read."""
    task, spoken = program.tasks[task_name], file.spoken.get(task_name)
    names = [declared.name for declared in task.inputs]
    answers = tuple(_lower_answer(task, index, spoken, file) for index in range(len(task.answers)))
    prompt = None if spoken is None else spoken.prompt
    if not answers:  # what is generated goes on from there
        answers = (AnswerAt(LAST, ()),)
    columns = tuple(names.index(name) for name in task.columns)
    numbers = isinstance(task.rendering, Vector)
    lows = tuple(task.inputs[column].domain.low for column in columns) if numbers else ()
    return Encoding(columns, answers, prompt, lows)


def _lower_answer(task: Task, index: int, spoken: SpokenTask | None, file: NetworkFile) -> AnswerAt:
    answer = task.answers[index]
    position = _lower_position(answer, task, spoken, file)
    if not answer.texts:
        return AnswerAt(position, answer.classes, among=answer.among)
    assert spoken is not None, "checked: a task in text has a tokenizer"
    if any(len(ids) > 1 for spellings in spoken.answers[index] for ids in spellings):
        sequences = tuple(ids for ids, *_ in spoken.answers[index])
        return AnswerAt(position, tuple(ids[0] for ids in sequences), among=answer.among, sequences=sequences)
    first = [tuple(dict.fromkeys(ids[0] for ids in spellings)) for spellings in spoken.answers[index]]
    also = tuple(more for _, *more in first)
    further = tuple(tuple(each) for each in also) if any(also) else ()
    return AnswerAt(position, tuple(own for own, *_ in first), further, answer.among)


def _lower_position(answer: Answer, task: Task, spoken: SpokenTask | None, file: NetworkFile) -> int | Position:
    if spoken is not None and spoken.prompt is not None:
        return answer.position or LAST
    if answer.position is None:
        return 0
    resolved = resolve_position(answer.position, task.tokens, file.facts)
    assert resolved is not None, "checked against the network"
    return resolved
