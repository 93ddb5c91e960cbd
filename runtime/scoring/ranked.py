"""What a ranking hands on: the score of every place that a circuit may be chosen from, and the table of a circuit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...compiler.plan import Candidate, EvaluateStep, FoundCircuit, Plan, RankStep
from ..fitting.fit_reports import SearchRow


@dataclass(frozen=True)
class Ranked:
    """The mean score of each place; None where it shares units with what is set or held beside it."""

    scores: tuple[float | None, ...]

    def best(self, count: int) -> tuple[int, ...]:
        """The indices of the best places, the best first; of equals the first. Fewer where fewer have a score."""
        scored = [(-score, index) for index, score in enumerate(self.scores) if score is not None]
        return tuple(index for _, index in sorted(scored)[:count])


def read_ranked(document: Mapping[str, Any]) -> Ranked:
    """A ranking as the store keeps it."""
    return Ranked(tuple(document["scores"]))


def ranked_table(
    plan: Plan, candidate: Candidate, evaluate: EvaluateStep, ranked: Mapping[str, Ranked]
) -> tuple[SearchRow, ...]:
    """Everything that was scored for an evaluation's circuits, in the regions' order."""
    return tuple(
        SearchRow((circuit.name,), place.text, score, 0, index in best)
        for circuit, step, found, best in _searches(plan, candidate, evaluate, ranked)
        for index, (place, score) in enumerate(zip(step.places, found.scores, strict=True))
    )


def chosen_cells(
    plan: Plan, candidate: Candidate, evaluate: EvaluateStep, ranked: Mapping[str, Ranked]
) -> tuple[str, ...]:
    """The cells of an evaluation's circuits, the best first: the cells' order tells which is set to what."""
    return tuple(
        step.places[index].text for _, step, _, best in _searches(plan, candidate, evaluate, ranked) for index in best
    )


def _searches(
    plan: Plan, candidate: Candidate, evaluate: EvaluateStep, ranked: Mapping[str, Ranked]
) -> Iterator[tuple[FoundCircuit, RankStep, Ranked, tuple[int, ...]]]:
    """Each circuit of an evaluation, how it was searched for, what its places scored, and which are the best."""
    for key, circuit in zip(candidate.ranks, evaluate.circuits, strict=True):
        step = plan.step(key)
        assert isinstance(step, RankStep)
        yield circuit, step, ranked[key], ranked[key].best(len(circuit.variables))
