"""How much a check computes: of a model with very long equations, fewer runs are looked at, and it is said how many."""

from pathlib import Path

import numpy as np
import pytest
from cspec.compiler.checks.models import check_definedness
from cspec.compiler.checks.witnesses import effort
from cspec.compiler.pipeline import check_spec
from cspec.lang import Source

SPEC = """
task t {
  input x: 0..99_999
  output y: bool
  tokens [x]
  answer y: { false: 0, true: 1 }
}
model m for t {
  p = the i in 0..%d where i == x // %d
  y = p > 3
}
"""


def left_out(candidates: int, most: int, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """What is said of the inputs that are left out, and how many values were computed for it."""
    monkeypatch.setattr(effort, "MOST_WORK", most)
    computed = 0
    once = check_definedness.CausalModel.values_there

    def counted(model: check_definedness.CausalModel, inputs: np.ndarray) -> dict[str, np.ndarray]:
        nonlocal computed
        computed += len(inputs) * model.operations
        return once(model, inputs)

    monkeypatch.setattr(check_definedness.CausalModel, "values_there", counted)
    text = SPEC % (candidates - 1, 50_000 // candidates)
    (said,) = check_spec(Source(Path("spec.cspec"), text)).left_out
    return said.text, computed


def test_short_equations_are_decided_by_enumeration(monkeypatch: pytest.MonkeyPatch) -> None:
    said, _ = left_out(10, 10**9, monkeypatch)
    assert said == "t: 50,000 of 100,000 inputs are left out, where `m.p` has no value"


def test_long_ones_by_sampling_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 10**7
    said, computed = left_out(100, most, monkeypatch)
    assert " random inputs are left out, where `m.p` has no value" in said
    share = int(said.split()[1].replace(",", "")) / int(said.split()[3].replace(",", ""))
    assert share == pytest.approx(0.5, abs=0.02)
    assert 0 < computed <= 3 * most
