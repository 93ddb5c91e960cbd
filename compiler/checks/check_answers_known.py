"""Proof that whatever reads the answer of a task knows what is right: a task that is asked for it has a model."""

from collections.abc import Iterator
from typing import TypeGuard

from ...lang.circuits import TopSites
from ...lang.claims import Accuracy, Estimand
from ...lang.diagnostics import Diagnostic, Label, Span
from ...lang.effects import Effect, Mean, MetricTarget, OutputTarget, Target
from ...lang.metrics import CORRECT
from ...lang.program import Program


def check_answers_known(program: Program) -> tuple[Diagnostic, ...]:
    """An error for each task without a model of which something reads the answer."""
    modelled = {model.task for model in program.models.values()}
    asked: dict[str, Span] = {}
    for task, span in _read(program):
        asked.setdefault(task, span)
    return tuple(
        Diagnostic(
            "CS424",
            f"task `{task}` has no model, so that it is not known which answers are right",
            Label(program.tasks[task].span),
            related=(Label(span, "asks for right answers"),),
            notes=("a model says what the right answer to each input is, and items are drawn by it",),
            help=f"add `model NAME for {task} {{ ... }}` with an equation for the output, or read a metric of the task",
        )
        for task, span in asked.items()
        if task not in modelled
    )


def _read(program: Program) -> Iterator[tuple[str, Span]]:
    """The task of each answer that is read, and where."""
    for claim in program.claims.values():
        yield from ((e.task, e.span) for e in claim.estimands if _reads_answer(e))
    for circuit in program.circuits.values():
        if isinstance(circuit.sites, TopSites) and _reads_answer(circuit.sites.score):
            yield circuit.sites.score.task, circuit.sites.score.span
    for graph in program.graphs.values():
        yield from ((graph.task, node.span) for node in graph.nodes if _is_answer(node.target))


def _reads_answer(estimand: Estimand) -> TypeGuard[Accuracy | Mean | Effect]:
    match estimand:
        case Accuracy():
            return True
        case Mean():
            return estimand.metric == CORRECT.name
        case Effect():
            return _is_answer(estimand.target)
        case _:
            return False


def _is_answer(target: Target) -> bool:
    return isinstance(target, OutputTarget) or (isinstance(target, MetricTarget) and target.name == CORRECT.name)
