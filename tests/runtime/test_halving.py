"""Batches that memory does not hold: halves give the same as the whole."""

import pytest
import torch
from cspec.runtime.errors import EnvironmentProblem
from cspec.runtime.halving import by_halves
from torch import Tensor

OUT = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes"


@pytest.mark.parametrize("room", [1, 2, 3, 7, 100])
def test_halves_are_joined_in_order(room: int) -> None:
    tried: list[int] = []

    def run(rows: slice) -> Tensor:
        tried.append(rows.stop - rows.start)
        if tried[-1] > room:
            raise RuntimeError(OUT)
        return torch.arange(100)[rows] ** 2

    assert torch.equal(by_halves(run, 3, 40), torch.arange(3, 40) ** 2)
    assert tried[0] == 37
    assert all(size <= max(37, room) for size in tried)


def test_one_item_that_does_not_fit_is_an_error_by_its_code() -> None:
    def run(_: slice) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(EnvironmentProblem) as caught:
        by_halves(run, 0, 8)
    assert caught.value.code == "CS548"


def test_other_failures_are_not_taken_for_it() -> None:
    def run(_: slice) -> Tensor:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        by_halves(run, 0, 8)
