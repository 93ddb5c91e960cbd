"""Trainings as tensors and a document, from which they go on as if nothing had happened."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from .adam import Adam
from .fit_reports import TracePoint
from .training import Training

COUNTED = ("select", "losses", "stale", "perfect")
"""What is written down of a training as it is."""


@dataclass(frozen=True)
class TrainingState:
    """All trainings of a batch after so many steps: those that are `going`, by their indices, and those that ended.

    `averages` are the optimiser's, of what the going ones train.
    """

    taken: int
    going: tuple[int, ...]
    averages: tuple[Tensor, ...]
    tensors: Mapping[str, Tensor]
    """Parameters `now.TRAINING.MAP.NAME` of the going ones, and `best.TRAINING.MAP.NAME` of all."""
    reports: Sequence[Mapping[str, Any]]
    """Scores, counts and traces of all."""


def read_trainings(
    taken: int, trainings: Sequence[Training], going: Sequence[Training], optimizer: Adam
) -> TrainingState:
    """What trainings are between two steps."""
    left = tuple(number for number, one in enumerate(trainings) if any(one is other for other in going))
    tensors: dict[str, Tensor] = {}
    for number, one in enumerate(trainings):
        for place, state in enumerate(one.states):
            tensors.update({f"best.{number}.{place}.{name}": tensor for name, tensor in state.items()})
        for place, feature_map in enumerate(one.trained if number in left else ()):
            for name, parameter in feature_map.named_parameters():
                tensors[f"now.{number}.{place}.{name}"] = parameter.detach().clone()
    reports = [
        {**{name: getattr(one, name) for name in COUNTED}, "trace": [asdict(point) for point in one.trace]}
        for one in trainings
    ]
    return TrainingState(taken, left, optimizer.averages, tensors, reports)


@torch.no_grad()
def resume_trainings(state: TrainingState, trainings: Sequence[Training]) -> list[Training]:
    """Lead trainings that have just started to where they were; returns those that are still going."""
    for number, (one, report) in enumerate(zip(trainings, state.reports, strict=True)):
        for name in COUNTED:
            setattr(one, name, report[name])
        one.trace = [TracePoint(**point) for point in report["trace"]]
        one.states = tuple(
            {name: state.tensors[f"best.{number}.{place}.{name}"] for name in best}
            for place, best in enumerate(one.states)
        )
        if number not in state.going:
            continue
        for place, feature_map in enumerate(one.trained):
            for name, parameter in feature_map.named_parameters():
                parameter.copy_(state.tensors[f"now.{number}.{place}.{name}"])
        for _ in range(state.taken):
            next(one.batches)
    return [trainings[number] for number in state.going]


def write_state(state: TrainingState) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and a document, for the store."""
    averages = {f"average.{number}": average for number, average in enumerate(state.averages)}
    document = {"taken": state.taken, "going": state.going, "reports": state.reports, "averages": len(averages)}
    return {**state.tensors, **averages}, document


def read_state(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> TrainingState:
    """The inverse of `write_state`."""
    averages = tuple(tensors[f"average.{number}"] for number in range(document["averages"]))
    return TrainingState(document["taken"], tuple(document["going"]), averages, tensors, document["reports"])
