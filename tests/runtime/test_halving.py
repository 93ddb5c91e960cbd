"""Batches that memory does not hold: halves give the same as the whole."""

import subprocess
import sys
from pathlib import Path

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


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the size of a process is read there")
def test_an_allocation_that_truly_fails_is_run_in_halves() -> None:
    """In a process that may take 200 MB more, 64 items of 8 MB each are too many at once."""
    script = """
import resource, torch
from cspec.runtime.halving import by_halves
torch.set_num_threads(1)
tried = []
def run(rows):
    tried.append(rows.stop - rows.start)
    return torch.ones(tried[-1], 1 << 21).sum(1)
run(slice(0, 1))
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (200 << 20),) * 2)
found = by_halves(run, 0, 64)
assert torch.equal(found, torch.full((64,), float(1 << 21))), found
assert tried[1] == 64 and max(tried[-2:]) < 32, tried
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
