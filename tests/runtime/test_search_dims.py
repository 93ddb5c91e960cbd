"""Searching dims, with scores whose best choice is known."""

from collections.abc import Callable

import pytest
import torch
from cspec.runtime.fitting.objective import Score
from cspec.runtime.fitting.search_dims import choose_greedily, choose_windows
from torch import Tensor

SCATTERED = [0, -1, 1, 0, -1, -1, 1, 1, 0]
TOGETHER = [-1, 0, 0, 0, -1, -1, 1, 1, 1]


def hits(wanted: list[int]) -> Callable[[Tensor], Score]:
    """The share of dims that are with the block that they belong to; those with another count against it."""

    def score(owner: Tensor) -> Score:
        truth = torch.tensor(wanted)
        right, wrong = (owner >= 0) & (owner == truth), (owner >= 0) & (owner != truth)
        return Score(float(right.sum() - wrong.sum()) / len(wanted), 0.0)

    return score


@pytest.mark.parametrize("wanted", [SCATTERED, TOGETHER])
def test_greedy_selection_finds_dims_wherever_they_are(wanted: list[int]) -> None:
    assert choose_greedily(9, (3, 3), hits(wanted)).tolist() == wanted


def test_windows_find_dims_that_stand_together() -> None:
    assert choose_windows(9, (3, 3), hits(TOGETHER)).tolist() == TOGETHER


def test_windows_leave_room_for_the_blocks_to_come() -> None:
    """The first block's best place, in the middle, would leave no three dims in a row."""
    middle = hits([-1, 0, 0, 0, -1, 1])
    owner = choose_windows(6, (3, 3), middle)
    assert sorted(owner.tolist()) == [0, 0, 0, 1, 1, 1]
    assert owner.tolist() == [0, 0, 0, 1, 1, 1]


def test_blocks_of_different_sizes() -> None:
    wanted = [1, 0, -1, 1, 1, -1]
    assert choose_greedily(6, (1, 3), hits(wanted)).tolist() == wanted
    assert choose_windows(6, (4, 1), hits([1, 0, 0, 0, 0, -1])).tolist() == [1, 0, 0, 0, 0, -1]


def test_equal_agreement_is_decided_by_the_loss_and_then_by_order() -> None:
    assert Score(0.5, 2.0) < Score(0.6, 3.0)
    assert Score(0.5, 2.0) < Score(0.5, 1.0)
    assert not Score(0.5, 1.0) < Score(0.5, 1.0)
    assert choose_greedily(4, (1,), lambda owner: Score(0.5, float(owner[2] < 0))).tolist() == [-1, -1, 0, -1]
    assert choose_greedily(4, (1,), lambda owner: Score(0.5, 1.0)).tolist() == [0, -1, -1, -1]
