"""The gallery's causal models against plain Python, on every input and under every interchange of some variables."""

import itertools
from collections.abc import Callable
from pathlib import Path

import cspec
import numpy as np
import pytest
from cspec.cli.workflow import check
from cspec.compiler.causal_model import CausalModel

FOLDER = Path(cspec.__file__).parent / "specs" / "causal_models"
SPECS = {path.stem: check(path) for path in FOLDER.glob("*.cspec")}


def add(a0: int, a1: int, b0: int, b1: int) -> tuple[int, ...]:
    total = 10 * (a1 + b1) + a0 + b0
    return total % 10, total // 10 % 10, total // 100


def balance(*brackets: int) -> tuple[int]:
    text = "".join("()"[bracket] for bracket in brackets)
    while "()" in text:
        text = text.replace("()", "")
    return (int(not text),)


TRUTH: dict[str, Callable[..., tuple[int, ...]]] = {
    "addition_with_carries": add,
    "sorting": lambda *digits: tuple(sorted(digits)),
    "dyck": balance,
}
MODELS = [(name, model) for name, checked in SPECS.items() for model in checked.models]


def every_input(model: CausalModel) -> np.ndarray:
    return np.array(list(itertools.product(*(range(domain.size) for domain in model.input_domains))))


def outputs_of(model: CausalModel, codes: np.ndarray) -> np.ndarray:
    """The values of the outputs, shape [item, output]."""
    parts = model.domains[model.output].parts or (model.domains[model.output],)
    columns = []
    for part in parts:
        codes, digit = np.divmod(codes, part.size)
        columns.append(digit + part.low)
    return np.stack(columns, axis=1)


def test_every_spec_has_its_truth() -> None:
    assert set(SPECS) == set(TRUTH)
    assert not any(checked.warnings for checked in SPECS.values())


@pytest.mark.parametrize(("spec", "name"), MODELS)
def test_every_input_gives_what_python_gives(spec: str, name: str) -> None:
    model = SPECS[spec].models[name]
    inputs = every_input(model)
    found = outputs_of(model, model.output_of(inputs))
    assert np.array_equal(found, [TRUTH[spec](*row) for row in inputs.tolist()])


def test_a_carry_of_another_sum_adds_one_to_the_next_column_or_not() -> None:
    model = SPECS["addition_with_carries"].models["by_column"]
    inputs = every_input(model)
    for carry in (0, 1):
        setting = {"carry[0]": (np.full(len(inputs), carry), np.ones(len(inputs), dtype=bool))}
        found = outputs_of(model, model.run(inputs, setting)[model.output])
        a0, a1, b0, b1 = inputs.T
        tens = a1 + b1 + carry
        assert np.array_equal(found, np.stack([(a0 + b0) % 10, tens % 10, tens // 10], axis=1))


def test_a_depth_of_another_word_shifts_all_that_follow() -> None:
    model = SPECS["dyck"].models["by_depth"]
    inputs = every_input(model)
    steps = 1 - 2 * inputs
    for depth in range(-4, 5, 2):
        code = depth - model.domains["depth[3]"].low
        setting = {"depth[3]": (np.full(len(inputs), code), np.ones(len(inputs), dtype=bool))}
        found = model.run(inputs, setting)[model.output]
        before, after = steps[:, :3].cumsum(axis=1), depth + steps[:, 4:].cumsum(axis=1)
        wanted = (before >= 0).all(axis=1) & (after >= 0).all(axis=1) & (after[:, -1] == 0) & (depth >= 0)
        assert np.array_equal(found, wanted)


def test_ranks_of_other_digits_put_these_into_the_order_of_those() -> None:
    model = SPECS["sorting"].models["by_rank"]
    generator = np.random.Generator(np.random.Philox(0))
    bases, sources = generator.integers(0, 10, (2, 2000, 5))
    ranks = model.run(sources, {})
    everywhere = np.ones(len(bases), dtype=bool)
    setting = {f"rank[{i}]": (ranks[f"rank[{i}]"], everywhere) for i in range(5)}
    found = outputs_of(model, model.run(bases, setting)[model.output])
    order = np.argsort(sources, axis=1, kind="stable")
    assert np.array_equal(found, np.take_along_axis(bases, order, axis=1))
