"""Scores of effects: a network with and without what an effect sets, on the same bases and sources, item by item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...compiler.causal_model import Codes
from ...compiler.experiments import Encoding
from ...compiler.interpret_terms import Batch
from ...compiler.plan import EvaluateStep
from ...compiler.sampling.items import Items
from ...compiler.terms import (
    REST_AT,
    Amount,
    Apart,
    Assignment,
    CodeOf,
    Differ,
    Gain,
    MetricOf,
    OutputOf,
    Plus,
    Query,
    RandomVector,
    Resampled,
    Run,
    Value,
    ValueOf,
)
from ..engines import Engine
from ..engines.feed import Feed
from ..errors import EngineRefusal
from ..metrics import Judging, read_metric, score_metric
from .answers import compare, declared_best, near_ties, said_class
from .encode import encode
from .natural import Natural
from .other_networks import NO_OTHERS, Other, elsewhere
from .score_variables import score_variable
from .set_values import Setting


@dataclass(frozen=True)
class EffectScores:
    """Scores over all classes and among the declared answers, and items near a tie; each of shape [item].

    `range` bounds the scores, which are 0 or 1 where `binary`.
    """

    values: Tensor
    among: Tensor
    near: Tensor
    range: tuple[float, float]
    binary: bool
    read_right: Tensor | None = None
    """Whether the variable that is read is read right of the base as it is; None where none is read."""
    clipped: Tensor | None = None
    """Items of which a value was cut to the metric's bounds; None where no value can lie outside."""


def score_effect(
    step: EvaluateStep,
    items: Items,
    engine: Engine,
    encoding: Encoding,
    natural: Natural | None,
    judging: Judging,
    first: int = 0,
    others: Mapping[str, Other] = NO_OTHERS,
    draw: int | None = None,
) -> EffectScores:
    """The scores of an effect's or a mean's term on items.

    A gain of the answer's value is always among the declared answers. `first` is the index of the first item in its
    stream; `others` are the networks that values are read in; of random circuits and vectors every item has those of
    the same `draw`, or (None) each the next.
    """
    score = step.score
    assert isinstance(score, Gain | Differ | Apart | Amount)
    turns = _turns(step, first, len(items), draw)
    setting = Setting(step, engine, natural, first, elsewhere(others, items), turns)
    feeding = _Feeding(list(items.inputs.swapaxes(0, 1)), step.model.input_names, setting.draw_codes)
    queries = (score.query,) if isinstance(score, Amount) else (score.left, score.right)
    runs = [feeding.feed(query.run) for query in queries]
    fed = Items(np.stack(feeding.inputs, axis=1), items.cell)
    batch = Batch(encode(fed, encoding), _in_turn(step, turns), step.variables)
    if encoding.prompt is not None and any(name.startswith(REST_AT) for name in step.variables):
        Feed(encoding).check_alike(*torch.from_numpy(batch.inputs).unbind(1))
    batch = setting.fill(batch, runs)
    if step.metric is not None:
        metric, output = step.metric, step.model.output
        read = [read_metric(metric, run, output, batch, fed.inputs, engine, encoding, judging) for run in runs]
        found = score_metric(score, read, metric.range)
        return EffectScores(found.values, found.values, found.near, found.range, False, clipped=found.clipped)
    if not isinstance(score, Amount) and isinstance(score.left, ValueOf):
        read_at = (runs[0], runs[1])
        variable = score_variable(step, score.left, read_at, batch, items, engine, setting.natural)
        return EffectScores(
            variable.values, variable.values, variable.near, variable.range, variable.binary, variable.read_right
        )
    assert not isinstance(score, Amount), "a mean of `correct` is agreement with the model"
    right = step.model.output_of(items.bases)
    if isinstance(score.left, MetricOf):  # of several tokens each is read after those of the correct answer before it
        batch = replace(batch, forced=encoding.force(right))
    logits = [engine.logits(OutputOf(step.model.output, run), batch) for run in runs]
    labels = torch.from_numpy(right)
    after, before = (_read(score.left, one, labels, encoding, step) for one in logits)
    near = after.near | before.near
    if isinstance(score, Differ):
        over_all = (after.over_all != before.over_all).any(1)
        among = (after.among != before.among).any(1)
        return EffectScores(over_all.float(), among.float(), near, (0.0, 1.0), True)
    gains = [(a - b)[:, 0].float() for a, b in ((after.over_all, before.over_all), (after.among, before.among))]
    if isinstance(score, Apart):
        return EffectScores(gains[0].abs(), gains[1].abs(), near, (0.0, 1.0), True)
    reach = 1.0 if isinstance(score.left, MetricOf) else float(step.model.domains[step.model.output].size - 1)
    return EffectScores(gains[0], gains[1], near, (-reach, reach), False)


def _turns(step: EvaluateStep, first: int, items: int, draw: int | None) -> Codes:
    """Which draw of random circuits or vectors each item has, shape [item]: in turn, where all have not the same."""
    return np.arange(first, first + items) % max(1, len(step.draws)) if draw is None else np.full(items, draw)


def _in_turn(step: EvaluateStep, turns: Codes) -> npt.NDArray[np.bool_]:
    """Which variables each item sets where a run says so, shape [item, variable]: of random circuits its draw's."""
    members = np.ones((len(turns), len(step.variables)), dtype=bool)
    for index, variables in enumerate(step.draws):
        members[:, list(variables)] = (turns == index)[:, None]
    return members


# --- what is read ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """What a run says: `over_all` and `among` of shape [item, answer], `near` of shape [item]."""

    over_all: Tensor
    among: Tensor
    near: Tensor


def _read(query: Query, logits: Tensor, labels: Tensor, encoding: Encoding, step: EvaluateStep) -> _Reading:
    agreement = compare(logits, labels, encoding)
    if isinstance(query, MetricOf):  # `correct`, the one metric that is run
        return _Reading(agreement.over_all[:, None].long(), agreement.among[:, None].long(), agreement.near)
    said = [logits[:, index].cpu() for index in range(len(encoding.answers))]
    among = torch.stack([declared_best(one, answer) for one, answer in zip(said, encoding.answers, strict=True)], 1)
    near = agreement.near
    for one, answer in zip(said, encoding.answers, strict=True):
        near = near | near_ties(one, answer)
    if isinstance(step.score, Gain):
        return _Reading(among, among, near)
    over_all = [said_class(one, answer) for one, answer in zip(said, encoding.answers, strict=True)]
    return _Reading(torch.stack(over_all, 1), among, near)


# --- what is set -----------------------------------------------------------------------------------------------------


class _Feeding:
    """Runs whose inputs are set become runs on others: `inputs` holds the codes [item, input] of each role."""

    def __init__(self, inputs: list[Codes], names: tuple[str, ...], draw: Callable[[int, int, int], Codes]) -> None:
        self.inputs, self.names, self.draw = inputs, names, draw

    def feed(self, run: Run) -> Run:
        """The same run without assignments of inputs."""
        others: list[Assignment] = []
        fed: Codes | None = None
        for assignment in run.assignments:
            target = assignment.target
            if not isinstance(target, str) or target not in self.names:
                others.append(replace(assignment, value=self._value(assignment.value)))
                continue
            column = self.names.index(target)
            fed = self.inputs[run.input].copy() if fed is None else fed
            fed[:, column] = self._codes(assignment.value, column)
        if fed is None:
            return replace(run, assignments=tuple(others))
        self.inputs.append(fed)
        return replace(run, input=len(self.inputs) - 1, assignments=tuple(others))

    def _codes(self, value: Value, column: int) -> Codes | int:
        match value:
            case ValueOf(run=run):
                return self.inputs[self.feed(run).input][:, column]
            case CodeOf(code=code):
                return code
            case Resampled(draw=draw):
                return self.draw(column, draw, len(self.inputs[0]))
        raise EngineRefusal("an input takes its value on another input, or one of its own")

    def _value(self, value: Value) -> Value:
        match value:
            case ValueOf(run=run):
                return replace(value, run=self.feed(run))
            case Plus(left=left, right=right):
                return replace(value, left=None if left is None else self._value(left), right=self._value(right))
            case RandomVector(like=like):
                return replace(value, like=self._value(like))
        return value
