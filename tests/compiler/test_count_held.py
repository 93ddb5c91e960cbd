"""What objects hold: the bytes of the arrays that they lead to, each once."""

import numpy as np
from cspec.compiler.pricing.count_held import count_held
from cspec.compiler.sampling.relations import Relation, narrowed


def test_arrays_count_once_and_views_as_what_they_are_of() -> None:
    codes = np.arange(1000)
    own, shared = (
        Relation((0,), (codes,), np.ones(1000)),
        Relation((0, 1), (codes, codes[::2].repeat(2)), np.ones(1000)),
    )
    assert count_held([own]) == 16_000
    assert count_held([own, {"again": own}, [codes[:3]]]) == 16_000
    assert count_held([own, shared]) == 32_000


def test_a_narrow_table_of_equal_weights_is_its_codes() -> None:
    table = narrowed(Relation((0, 1), (np.arange(1000), np.arange(1000) % 7), np.ones(1000)), {0: 1000, 1: 7})
    assert 3_000 <= count_held([table]) <= 3_100


def test_what_is_not_ours_is_not_looked_into() -> None:
    class Other:
        array = np.ones(10)

        def __init__(self) -> None:
            self.held = np.ones(100)

    assert count_held([Other(), "text", None, 5]) == 0
