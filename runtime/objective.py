"""The objective of a fit: that the intervened network gives the label which the causal model gives."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import parametrize

from ..compiler.experiments import Encoding
from ..compiler.interpret_terms import Batch
from ..compiler.terms import OutputOf
from .answers import answer_loss, compare
from .engines import Engine
from .errors import EnvironmentProblem

MICRO_BATCH = 8192


@dataclass(frozen=True)
class Labelled:
    """Items as a network reads them, with what the causal model says of them.

    `labels` are the codes of the counterfactual output, shape [item]; `values` for each variable of the fit its codes
    in the base's own run, shape [item] each.
    """

    batch: Batch
    labels: Tensor
    values: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Tensor) -> "Labelled":
        """The items of these rows."""
        return Labelled(self.batch.take(rows.numpy()), self.labels[rows], tuple(codes[rows] for codes in self.values))


@dataclass(frozen=True)
class Score:
    """How well maps do on items: the share that the network gets right among the declared answers, the mean loss."""

    agreement: float
    loss: float

    def __lt__(self, other: "Score") -> bool:
        """Worse: less agreement or, at equal agreement, more loss."""
        return (self.agreement, -self.loss) < (other.agreement, -other.loss)


@dataclass(frozen=True)
class Objective:
    """A query on an engine, and the items of `fit` and `select` to put it to."""

    engine: Engine
    query: OutputOf
    encoding: Encoding
    fit: Labelled
    select: Labelled

    def loss(self, items: Labelled) -> Tensor:
        """The mean cross-entropy to the labels, a scalar with gradients with respect to the maps.

        Raises:
            EnvironmentProblem: it is not finite.
        """
        with parametrize.cached():
            loss = answer_loss(self.engine.logits(self.query, items.batch), items.labels, self.encoding)
        if not bool(torch.isfinite(loss)):
            raise EnvironmentProblem("CS508", "the fit's loss is not finite", "lower the rate of `fit`")
        return loss

    def score(self, items: Labelled) -> Score:
        """The score of the present maps."""
        right, loss = 0, 0.0
        with torch.no_grad(), parametrize.cached():
            for start in range(0, len(items), MICRO_BATCH):
                part = items.take(torch.arange(start, min(start + MICRO_BATCH, len(items))))
                logits = self.engine.logits(self.query, part.batch)
                right += int(compare(logits, part.labels, self.encoding).among.sum())
                loss += float(answer_loss(logits, part.labels, self.encoding)) * len(part)
        return Score(right / len(items), loss / len(items))

    def without(self, variables: tuple[str, ...]) -> "Objective":
        """The same objective on the items whose sets hold none of these variables; on all where a split has no such."""
        narrowed = []
        for items in (self.fit, self.select):
            columns = [items.batch.variables.index(variable) for variable in variables]
            rows = torch.from_numpy(np.flatnonzero(~items.batch.members[:, columns].any(1)))
            narrowed.append(items.take(rows) if len(rows) else items)
        return replace(self, fit=narrowed[0], select=narrowed[1])
