"""Numbers of a graph: how their intervals are made is settled before any value is known."""

from fractions import Fraction

import pytest
import torch
from cspec.runtime.graphs.measure_numbers import Scored, measure_paths
from cspec.runtime.scoring.scores import CellCount, Scores
from cspec.runtime.statistics.intervals import clopper_pearson, paired_difference
from cspec.runtime.statistics.sequences import mean_sequence

ALPHA, N, GAINED, LOST = 0.05, 400, 60, 20


def gains() -> Scores:
    values = torch.tensor([1.0] * GAINED + [-1.0] * LOST + [0.0] * (N - GAINED - LOST))
    cells = (CellCount((), None, Fraction(1), N, GAINED - LOST, GAINED - LOST, 0, GAINED + LOST),)
    return Scores(cells, values, values, None, None, None, None, (), 0, (-1.0, 1.0), binary=False)


@pytest.mark.parametrize("whole", [True, False])
def test_values_that_happen_to_be_whole_are_not_counted(whole: bool) -> None:
    """A metric that may lie between 0 and 1 has its sequence, even where it was 0 or 1 on every item."""
    values = gains().values
    assert values is not None
    plain = values.double().numpy()
    sequences = mean_sequence(plain, -1, 1, ALPHA), mean_sequence(abs(plain), 0, 1, ALPHA)
    counted = paired_difference(GAINED, LOST, N, ALPHA), clopper_pearson(GAINED + LOST, N, ALPHA)
    found = measure_paths(Scored("key", gains()), None, None, ALPHA, 0, whole).total
    assert found.effect is not None
    for row, expected in zip((found.effect, found.change), counted if whole else sequences, strict=True):
        assert (row.low, row.high) == (expected.low, expected.high)
