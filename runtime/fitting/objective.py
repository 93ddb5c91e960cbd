"""The objective of a fit: that the intervened network gives the label which the causal model gives."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ...compiler.experiments import Encoding
from ...compiler.interpret_terms import Batch
from ...compiler.terms import OutputOf
from ..engines import Engine, Prepared
from ..halving import by_halves, fail_at_one, is_out_of_memory
from ..scoring.answers import answer_loss, answer_losses, right_among


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

    def for_networks(self, count: int) -> "Labelled":
        """The items for each of so many networks side by side: one after the other, told by a last column."""
        every = np.tile(np.arange(len(self)), count)
        again, owners = self.take(torch.from_numpy(every)), np.repeat(np.arange(count), len(self))
        column = np.broadcast_to(owners[:, None, None], (*again.batch.inputs.shape[:2], 1))
        inputs = np.concatenate([again.batch.inputs, column], 2)
        return replace(again, batch=replace(again.batch, inputs=inputs))


@dataclass(frozen=True)
class Asked:
    """Labelled items with the logits of the objective's query, of some of them at a time.

    `labels` shape [item]; `logits` takes items by their indices.
    """

    labels: Tensor
    logits: Prepared

    def __len__(self) -> int:
        return len(self.labels)


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

    def ask(self, items: Labelled) -> Asked:
        """Items that are to be asked again and again."""
        return Asked(items.labels, self.engine.prepare(self.query, items.batch, self.encoding.declared))

    @cached_property
    def narrowed(self) -> Encoding:
        """Where the logits of the declared classes are: a fit is about the declared answers alone."""
        return self.encoding.among_declared()

    @cached_property
    def on_fit(self) -> Asked:
        """The items of `fit`."""
        return self.ask(self.fit)

    @cached_property
    def on_select(self) -> Asked:
        """The items of `select`."""
        return self.ask(self.select)

    def descend(self, rows: Tensor, parameters: Sequence[Tensor], share: float = 1.0) -> list[float]:
        """For each restart the mean cross-entropy to the labels of its rows of `fit`, times a share.

        `rows` have shape [restart, item]. The gradients of all these are added. Where memory does not hold a batch, its
        halves' gradients are added one after the other.
        """
        before = [None if p.grad is None else p.grad.clone() for p in parameters]
        try:
            every = rows.flatten()
            losses = answer_losses(self.on_fit.logits(every), self.on_fit.labels.index_select(0, every), self.narrowed)
            # a gradient that is handed to `backward` has torch load its compiler
            (losses.sum() * (share / rows.shape[1])).backward()  # type: ignore[no-untyped-call]
            found: list[float] = (share * losses.detach().view(rows.shape).mean(1)).tolist()
            return found
        except (RuntimeError, MemoryError) as problem:
            if not is_out_of_memory(problem):
                raise
        for parameter, grad in zip(parameters, before, strict=True):
            parameter.grad = grad
        fail_at_one(rows.shape[1])
        halves = [
            self.descend(part, parameters, share * part.shape[1] / rows.shape[1]) for part in rows.tensor_split(2, 1)
        ]
        return [sum(parts) for parts in zip(*halves, strict=True)]

    @torch.no_grad()
    def score(self, items: Asked) -> Score:
        """The score of the present maps."""
        right, loss = 0, 0.0
        for logits, labels in self._answered(items):
            right += int(right_among(logits, labels, self.narrowed).sum())
            loss += float(answer_loss(logits, labels, self.narrowed)) * len(labels)
        return Score(right / len(items), loss / len(items))

    @torch.no_grad()
    def agreement(self, items: Asked) -> float:
        """The agreement of the present maps, without the loss."""
        answered = self._answered(items)
        return sum(int(right_among(*each, self.narrowed).sum()) for each in answered) / len(items)

    def _answered(self, items: Asked) -> Iterator[tuple[Tensor, Tensor]]:
        """Logits and labels of all items, as many at once as the engine runs."""
        for rows in torch.split(torch.arange(len(items)), self.engine.at_once):
            run = functools.partial(_take, items.logits, rows)
            yield by_halves(run, 0, len(rows)), items.labels[rows]

    def without(self, variables: tuple[str, ...]) -> "Objective":
        """The same objective on the items whose sets hold none of these variables; on all where a split has no such."""
        narrowed = []
        for items in (self.fit, self.select):
            columns = [items.batch.variables.index(variable) for variable in variables]
            rows = torch.from_numpy(np.flatnonzero(~items.batch.members[:, columns].any(1)))
            narrowed.append(items.take(rows) if len(rows) else items)
        return replace(self, fit=narrowed[0], select=narrowed[1])


def _take(logits: Prepared, rows: Tensor, some: slice) -> Tensor:
    return logits(rows[some])
