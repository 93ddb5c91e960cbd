"""Work that halves its batch where memory does not hold it, and goes on."""

from collections.abc import Callable

import torch
from torch import Tensor

from .errors import EnvironmentProblem

_SAID = ("can't allocate memory", "not enough memory", "out of memory")


def by_halves(run: Callable[[slice], Tensor], start: int, stop: int) -> Tensor:
    """What `run` makes of the items start .. stop-1, joined along the first axis: in two halves where they do not fit.

    Raises:
        EnvironmentProblem: one item alone does not fit.
    """
    try:
        return run(slice(start, stop))
    except (RuntimeError, MemoryError) as problem:
        if not is_out_of_memory(problem):
            raise
        fail_at_one(stop - start)
    middle = (start + stop) // 2
    return torch.cat([by_halves(run, start, middle), by_halves(run, middle, stop)])


def is_out_of_memory(problem: Exception) -> bool:
    """Whether a failure is that of an allocation, on any device."""
    named = isinstance(problem, torch.OutOfMemoryError | MemoryError)
    return named or any(said in str(problem) for said in _SAID)


def fail_at_one(items: int) -> None:
    """Give up where nothing is left to halve; what a failed run has left behind is freed.

    Raises:
        EnvironmentProblem: there is one item, or none.
    """
    if items < 2:
        message = "the device's memory does not hold a run of one input"
        raise EnvironmentProblem("CS548", message, "choose a device with more memory, or shorter prompts")
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
