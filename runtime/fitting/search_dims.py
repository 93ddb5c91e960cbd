"""Search: which dims of a site carry the variables, without gradients. Two searches, both reported."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ...compiler.budgets import SUBSAMPLE
from ..maps.chosen_dims import ChosenDims
from ..progress import Progress
from .objective import Objective, Score


@dataclass(frozen=True)
class FoundDims:
    """What one search found: its name, the block that owns each dim (-1: none), its score on `select`, its cost."""

    what: str
    owner: Tensor
    select: Score
    tried: int


def search_dims(
    objective: Objective, chosen: ChosenDims, generator: torch.Generator, progress: Progress
) -> tuple[FoundDims, ...]:
    """Greedy selection dim by dim (as Sutter et al. 2025, arXiv 2507.08802, choose neurons), and the best windows.

    Each costs up to dim runs of the subsample for every dim, or block, that it places.
    """
    rows = torch.randperm(len(objective.fit), generator=generator)[:SUBSAMPLE]
    items = objective.ask(objective.fit.take(rows))
    tried = 0

    def score(owner: Tensor) -> Score:
        nonlocal tried
        tried += 1
        progress.advance()
        chosen.choose(owner)
        return objective.score(items)

    found = []
    for what, search in (("greedy", choose_greedily), ("window", choose_windows)):
        tried = 0
        owner = search(len(chosen.owner), chosen.sizes, score)
        chosen.choose(owner)
        found.append(FoundDims(what, owner, objective.score(objective.on_select), tried))
    return tuple(found)


def choose_greedily(dim: int, sizes: tuple[int, ...], score: Callable[[Tensor], Score]) -> Tensor:
    """Give one dim at a time to each block in turn, the one that scores best; the first of equals. Shape [dim]."""
    owner = torch.full((dim,), -1)
    for turn in range(max(sizes)):
        for block, size in enumerate(sizes):
            if turn < size:
                owner = _best([_placed(owner, [i], block) for i in range(dim) if owner[i] < 0], score)
    return owner


def choose_windows(dim: int, sizes: tuple[int, ...], score: Callable[[Tensor], Score]) -> Tensor:
    """Give each block in turn the contiguous dims that score best and leave room for the rest. Shape [dim]."""
    owner = torch.full((dim,), -1)
    for block, size in enumerate(sizes):
        windows = [
            _placed(owner, range(start, start + size), block)
            for start in range(dim - size + 1)
            if bool((owner[start : start + size] < 0).all())
        ]
        owner = _best([window for window in windows if _have_room(window, sizes[block + 1 :])], score)
    return owner


def _best(candidates: list[Tensor], score: Callable[[Tensor], Score]) -> Tensor:
    scores = [score(candidate) for candidate in candidates]
    top = 0
    for index, found in enumerate(scores):
        if scores[top] < found:
            top = index
    return candidates[top]


def _placed(owner: Tensor, dims: range | list[int], block: int) -> Tensor:
    placed = owner.clone()
    placed[list(dims)] = block
    return placed


def _have_room(owner: Tensor, sizes: tuple[int, ...]) -> bool:
    """Whether windows of these sizes fit in turn between what is taken, each as far left as it can stand."""
    for size in sizes:
        free = [i for i in range(len(owner) - size + 1) if bool((owner[i : i + size] < 0).all())]
        if not free:
            return False
        owner = _placed(owner, range(free[0], free[0] + size), 0)
    return True
