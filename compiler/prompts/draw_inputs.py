"""Inputs that a task admits, to render prompts of: all of them where they are few, else a sample."""

import math
from collections.abc import Mapping

import numpy as np

from ...lang.program import Task
from ..expressions import Column, evaluate

MOST = 100_000


def draw_inputs(task: Task) -> tuple[Mapping[str, Column], bool]:
    """Columns of values by input, one row for each admitted input, and whether these are all.

    None is drawn where no input of the sample is admitted. The sample is the same in every run.
    """
    sizes = [declared.domain.size for declared in task.inputs]
    every = math.prod(sizes) <= MOST
    if every:
        codes = np.unravel_index(np.arange(math.prod(sizes)), sizes)
    else:
        generator = np.random.Generator(np.random.Philox(key=0))
        codes = tuple(generator.integers(size, size=MOST) for size in sizes)
    columns = {d.name: c.astype(np.int64) + d.domain.low for d, c in zip(task.inputs, codes, strict=True)}
    count = min(math.prod(sizes), MOST)
    admitted = np.ones(count, dtype=bool)
    for condition in task.require:
        admitted &= evaluate(condition, columns, count) != 0
    return {name: column[admitted] for name, column in columns.items()}, every
