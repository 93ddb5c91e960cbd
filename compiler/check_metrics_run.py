"""Which metrics an engine can read from a run of a network, and which not."""

from ..lang.metrics import Lookup, Reading, parts_of
from ..lang.program import Task
from .experiments import NetworkFile
from .network_facts import TransformerFacts

ENCODERS = ("bert",)
"""Architectures in which every position reads every other one."""


def find_metric_obstacle(name: str, task: Task, file: NetworkFile | None) -> str:
    """What of a metric no engine reads; nothing where it is read. `file` is None where the network is not known."""
    spoken = None if file is None else file.spoken.get(task.name)
    answers = () if spoken is None else spoken.answers
    several = any(len(ids) > 1 for answer in answers for code in answer for ids in code)
    expression = task.metrics[name].expression
    readings = [part for part in parts_of(expression) if isinstance(part, Reading)]
    by_answer = any(isinstance(part, Lookup) and "answer" in part.keys for part in parts_of(expression))
    if readings and len(task.answers) > 1:
        return f"the metric `{name}`, which reads a text beside several answers"
    if by_answer and several:
        return f"the metric `{name}`, whose table is read by an answer of several tokens"
    encoder = file is not None and isinstance(file.facts, TransformerFacts) and file.facts.architecture in ENCODERS
    if encoder and any(reading.function == "logprob" for reading in readings):
        return f"the metric `{name}`: `logprob` on a network that reads a text's tokens beforehand"
    return ""
