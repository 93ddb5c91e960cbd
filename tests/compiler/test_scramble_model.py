"""The scrambled model: a fixed random function of the same parents with the same marginal."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from cspec.cli.workflow import check
from cspec.compiler.causal_model import CausalModel
from cspec.compiler.controls.scramble_model import scramble_model
from cspec.compiler.pipeline import check_spec
from cspec.compiler.sampling.draw_items import open_population
from cspec.compiler.sampling.items import Recipe
from cspec.lang.diagnostics import Source
from cspec.lang.domains import BOOL, integers
from cspec.lang.expressions import Apply, Variable
from cspec.lang.program import Mechanism

EIGHT = integers(3, 10)


def equality(domain=EIGHT) -> CausalModel:
    def equal(a: str, b: str, of=domain) -> Apply:
        return Apply("==", (Variable(a, of), Variable(b, of)), BOOL)

    left, right = Mechanism("left", BOOL, equal("w", "x")), Mechanism("right", BOOL, equal("y", "z"))
    same = Mechanism("same", BOOL, equal("left", "right", BOOL))
    return CausalModel("both", tuple("wxyz"), (domain,) * 4, (left, right, same), "same")


def inputs(model: CausalModel) -> np.ndarray:
    sizes = [d.size for d in model.input_domains]
    return np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)


def test_the_marginal_is_the_same_and_the_function_is_another() -> None:
    model = equality()
    scrambled = scramble_model(model, ("left", "right"), 7)
    assert scrambled is not None
    before, after = model.run(inputs(model), {}), scrambled.run(inputs(model), {})
    for name in ("left", "right"):
        assert before[name].sum() == after[name].sum() > 0
        assert np.mean(before[name] == after[name]) < 0.9
    assert np.mean(after["left"] == after["right"]) < 1
    assert np.array_equal(after["same"], (after["left"] == after["right"]).astype(int))


def test_a_scrambled_variable_reads_its_own_parents_and_nothing_else() -> None:
    scrambled = scramble_model(equality(), ("left",), 7)
    assert scrambled is not None
    grid = inputs(scrambled)
    left = scrambled.run(grid, {})["left"].reshape(8, 8, 64)
    assert (left == left[:, :, :1]).all()


def test_an_empty_batch_has_no_values() -> None:
    scrambled = scramble_model(equality(), ("left",), 7)
    assert scrambled is not None
    assert scrambled.run(np.zeros((0, 4), dtype=np.int64), {})["same"].shape == (0,)


def test_it_is_fixed_by_the_seed() -> None:
    model = equality()
    one, same, other = (scramble_model(model, ("left",), seed) for seed in (1, 1, 2))
    grid = inputs(model)
    values = [m.run(grid, {})["left"] for m in (one, same, other) if m is not None]
    assert np.array_equal(values[0], values[1])
    assert not np.array_equal(values[0], values[2])
    assert one is not None
    assert other is not None
    assert one.canonical == same.canonical != other.canonical  # type: ignore[union-attr]


SUMS = """
task t {
  input  w, x: 0..9
  require w + x <= 9 and x != 0
  output s: 3..12
  tokens [w, x]
  answer s: index
}
model m for t {
  total: 0..9 = w + x
  half[0]: -9..0 = 0 - w // x
  half[1]: 1..9 = x
  s = total + 3
}
"""


def test_it_stays_in_its_domains_where_joint_values_of_parents_are_met_by_no_input() -> None:
    """The sum of two numbers below 10 reaches 18 once they are scrambled, and one is divided by 0."""
    model = check_spec(Source(Path("spec.cspec"), SUMS)).models["m"]
    scrambled = scramble_model(model, ("total", "half"), 7)
    assert scrambled is not None
    before, after = model.run(inputs(model), {}), scrambled.run(inputs(model), {})
    assert set(before["total"].tolist()) == set(range(19))
    for name, domain in model.domains.items():
        assert ((after[name] >= 0) & (after[name] < domain.size)).all(), name
    assert np.array_equal(after["half"], after["half[0]"] + 10 * after["half[1]"])
    assert np.array_equal(np.sort(after["total"]), np.sort(before["total"] % 10))


def test_too_few_joint_values_are_refused() -> None:
    assert scramble_model(equality(integers(0, 2)), ("left",), 1) is None
    assert scramble_model(equality(), ("same",), 1) is None


def test_items_of_a_scrambled_model_are_drawn_exactly() -> None:
    domain = integers(0, 299)
    model = scramble_model(equality(domain), ("left", "right"), 3)
    assert model is not None
    recipe = Recipe(model, ("left", "right"), ((0,), (1,), (0, 1)), (), (), (0.6, 0.2, 0.2), 0)
    population = open_population(recipe)
    assert not any("by sampling" in note for note in population.notes)
    items = population.draw("fit", 4000).items
    codes = model.run(items.bases, {})
    shares = np.bincount(codes["left"] * 2 + codes["right"]) / 4000
    assert np.allclose(shares, 0.25, atol=0.05)


SORTING = """
type number = 1..4
task sorting {
  input  x[3]: number
  require all(x[i] != x[j] for i in 1..2 for j in 0..i - 1)
  output sort[3]: number
  tokens [x]
  answer sort @ {x}: index
}
model program for sorting {
  for i in 0..2 {
    tokens[i]     = x[i]
    target_pos[i] = count(tokens[j] < tokens[i] for j in 0..2)
    sort[i]       = sum(tokens[j] for j in 0..2 where target_pos[j] == i)
  }
}
"""


@pytest.mark.parametrize("variables", [("sort",), ("target_pos",), ("tokens",), ("target_pos", "sort")])
def test_values_stay_in_their_domains_where_no_input_leads(tmp_path: Path, variables: tuple[str, ...]) -> None:
    """Two numbers that are sent to one place would add up to one that is no number, and to no code of the output."""
    spec = tmp_path / "sorting.cspec"
    spec.write_text(SORTING, encoding="utf-8")
    model = check(spec).models["program"]
    scrambled = scramble_model(model, variables, 1)
    assert scrambled is not None
    grid = np.array(list(permutations(range(4), 3)))
    before, after = model.run(grid, {}), scrambled.run(grid, {})
    for name, domain in scrambled.domains.items():
        assert 0 <= after[name].min() <= after[name].max() < domain.size, name
    digits = [after[f"sort[{i}]"] for i in range(3)]
    assert np.array_equal(after["sort"], digits[0] + 4 * digits[1] + 16 * digits[2])
    assert not np.array_equal(before["sort"], after["sort"])
