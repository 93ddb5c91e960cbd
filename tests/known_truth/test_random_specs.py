"""Claims made at random, counted over the whole domain by cspec and, item by item, by plain Python."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from .meaning import Counts
from .random_specs import draw_claims, draw_spec
from .tools import verify


def counts(quantity: dict[str, Any]) -> dict[tuple[tuple[str, ...], str], tuple[int, int]]:
    """Right and all, by set and half; the set of `x -> y` is x."""
    named = ((tuple(name.split(" -> ")[0] for name in cell["set"]), cell) for cell in quantity["cells"])
    return {(chosen, cell["half"]): (cell["right"], cell["n"]) for chosen, cell in named}


@pytest.mark.parametrize("seed", range(5))
def test_every_number_is_what_plain_python_counts(seed: int, tmp_path: Path) -> None:
    claims = draw_claims(spec := draw_spec(seed), seed, 10)
    done = verify(spec.write(tmp_path, claims), tmp_path / "store", "--engine", ("fused", "hooks")[seed % 2])
    for index, (text, expected) in enumerate(claims.items()):
        found, meant = done.quantity(f"c{index}"), expected()
        assert Fraction(found["exact"]) == (meant.mean if isinstance(meant, Counts) else meant), text
        if isinstance(meant, Counts):
            assert counts(found) == dict(meant.cells), text
