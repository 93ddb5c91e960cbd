"""A metric's values on runs: logits after the prompts, and after texts that are fed behind them, become numbers."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...compiler.causal_model import Codes
from ...compiler.experiments import Encoding
from ...compiler.interpret_terms import Batch
from ...compiler.metrics import (
    ANSWER,
    Combined,
    Computed,
    FilledText,
    MetricTerm,
    Number,
    RunMetric,
    Scored,
    TokenRead,
    compute,
    show_values,
)
from ...compiler.terms import OutputOf, Run
from ..engines import Engine
from ..errors import EnvironmentProblem
from ..finite import require_finite
from ..near_ties import NEAR_TIE
from ..scoring.answers import declared_best, near_ties
from .awaiting import Missing
from .continue_texts import continue_texts
from .replies import Replies

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MetricValues:
    """A metric on runs, each tensor of shape [item]: float64 `values` within its bounds, `clipped` those that were not.

    `near` marks items whose two best answers are almost equal, where the metric reads the answer.
    """

    values: Tensor
    near: Tensor
    clipped: Tensor


@dataclass(frozen=True)
class Judging:
    """What a metric needs that reads tables by answers: those that were generated, and where to note missing rows."""

    missing: Missing
    replies: Replies | None = None


def rounding_of(metric: RunMetric) -> float:
    """What a value may be off by: as much as the logits that it is computed from; what tables hold is exact."""
    return NEAR_TIE if metric.reads else 0.0


def read_metric(
    metric: RunMetric,
    run: Run,
    output: str,
    batch: Batch,
    inputs: Codes,
    engine: Engine,
    encoding: Encoding,
    judging: Judging,
) -> MetricValues:
    """The metric's values on a run of each item.

    Args:
        metric: what is read.
        run: the run, with its assignments.
        output: the variable that a run's answer is called by in terms.
        batch: the items as the engine reads them.
        inputs: codes [item, role, input]; texts and rows are filled from the base's, role 0.
        engine: runs the network.
        encoding: how inputs become tokens, and where the answers are read.
        judging: told of rows that tables lack; the values of their items mean nothing then.

    Raises:
        EnvironmentProblem: logits are not finite, a text is no tokens of its own, or the metric is no number.
    """
    reader = _Reader(metric, OutputOf(output, run), batch, inputs, engine, encoding, judging)
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is cut to the bounds
        values = torch.from_numpy(reader.value(metric.term))
    if bool(values.isnan().any()):
        said, help = (
            f"metric `{metric.name}` is no number on some run",
            "keep what its tables hold and its factors smaller",
        )
        raise EnvironmentProblem("CS508", said, help)
    low, high = metric.range
    return MetricValues(values.clamp(low, high), reader.near, (values < low) | (values > high))


class _Reader:
    """Reads one metric: each run that it needs is made once."""

    def __init__(
        self,
        metric: RunMetric,
        query: OutputOf,
        batch: Batch,
        inputs: Codes,
        engine: Engine,
        encoding: Encoding,
        judging: Judging,
    ) -> None:
        self.metric, self.query, self.batch, self.engine, self.encoding = metric, query, batch, engine, encoding
        self.inputs, self.bases, self.judging = inputs, inputs[:, 0], judging
        self.columns = metric.columns(self.bases)
        self.near = torch.zeros(len(inputs), dtype=torch.bool)
        self._replies: list[str] | None = None
        self._tokens: dict[FilledText, Tensor] = {}
        self._plain: Tensor | None = None
        if metric.reads_answer:
            self.columns[ANSWER] = self._answers()

    def value(self, term: MetricTerm) -> Values:
        """The term's number for each item, before it is cut to the bounds; shape [item]."""
        count = len(self.bases)
        match term:
            case Number(value=value):
                return np.full(count, float(value))
            case Computed(expression=expression):
                return compute(expression, self.columns, count).astype(np.float64)
            case Scored(table=table, key=key):
                keys = self._generated() if key is None else show_values(key, self.columns, count)
                if lacking := [one for one in keys if one not in table.by_key]:
                    self.judging.missing.add(table, lacking)
                return np.array([float(table.by_key.get(one, "0")) for one in keys], dtype=np.float64)
            case TokenRead():
                read: Values = self._read(term).numpy()
                return read
            case Combined(operator=operator, operands=operands):
                return _combine(operator, [self.value(operand) for operand in operands])

    def _read(self, read: TokenRead) -> Tensor:
        """What is read of a text's tokens, float64 of shape [item]."""
        tokens = self._tokens_of(read.text)
        if read.function != "logprob" or tokens.shape[1] == 1:
            here, token = self._logits()[:, 0], tokens[:, :1]
            read_out = here if read.function == "logit" else here.log_softmax(1)
            found = read_out.gather(1, token)[:, 0]
            return found.exp() if read.function == "prob" else found
        forced = tokens[:, :-1].numpy()
        batch = replace(self.batch, forced=forced, further=forced.shape[1])
        log = _finite(self.engine.logits(self.query, batch)).double().cpu().log_softmax(2)
        said = log.gather(2, tokens.clamp(min=0)[:, :, None])[:, :, 0]
        return torch.where(tokens >= 0, said, torch.zeros_like(said)).sum(1)

    def _tokens_of(self, text: FilledText) -> Tensor:
        if text not in self._tokens:
            found = continue_texts(self.metric, text, self.bases, self.encoding)
            self._tokens[text] = torch.from_numpy(found)
        return self._tokens[text]

    def _logits(self) -> Tensor:
        """Where the answers are read, after the prompt: float64 [item, answer, class]."""
        if self._plain is None:
            logits = self.engine.logits(self.query, replace(self.batch, further=0))
            self._plain = _finite(logits).double().cpu()
        return self._plain

    def _generated(self) -> list[str]:
        """The text that each run generates."""
        if self._replies is None:
            replies, query = self.judging.replies, self.query
            assert replies is not None, "planned: where answers are generated they are kept"
            self._replies, near = replies.read(
                self.metric, query.run, query.variable, self.batch, self.inputs, self.engine
            )
            self.near |= near
        return self._replies

    def _answers(self) -> npt.NDArray[np.int64]:
        """The value of the output that each run gives: of each answer the best declared one."""
        logits, total, weight = self._logits(), torch.zeros(len(self.bases), dtype=torch.int64), 1
        assert self.metric.answer is not None
        for index, answer in enumerate(self.encoding.answers):
            total += weight * declared_best(logits[:, index], answer)
            weight *= len(answer.classes)
            self.near |= near_ties(logits[:, index], answer)
        return total.numpy() + self.metric.answer.low


def _combine(operator: str, operands: list[Values]) -> Values:
    if operator == "negate":
        return -operands[0]
    total = operands[0]
    for operand in operands[1:]:
        total = total + operand if operator == "+" else total - operand if operator == "-" else total * operand
    return total


def _finite(logits: Tensor) -> Tensor:
    require_finite(logits)
    return logits
