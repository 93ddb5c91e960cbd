"""Interchange counterfactuals of a causal model a second, in batches, against one at a time in plain Python.

The model adds two numbers of two digits with a carry; an item takes the first carry from a source and asks for all
three digits of the sum. The plain evaluator runs the same equations as the checked program has, value by value.
"""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cspec
import numpy as np

from .report import Row, median_processor_seconds

SPEC = Path(cspec.__file__).parent / "specs" / "causal_models" / "addition_with_carries.cspec"
MODEL, VARIABLE = "by_column", "carry[0]"
WANTED = 5e6
BATCH = 1 << 15
NAIVE = 2000


def measure() -> list[Row]:
    """Counterfactuals a second for one core, the plain evaluator's, and bytes an item at two batch sizes."""
    from cspec.cli.workflow import check

    model = check(SPEC).models[MODEL]
    generator = np.random.Generator(np.random.Philox(0))
    bases, sources = (
        np.stack([generator.integers(0, d.size, BATCH) for d in model.input_domains], axis=1) for _ in range(2)
    )
    ours = BATCH / median_processor_seconds(lambda: interchange(model, bases, sources), 20)
    plain = NAIVE / median_processor_seconds(lambda: naive_interchange(model, bases[:NAIVE], sources[:NAIVE]), 3)
    assert np.array_equal(
        interchange(model, bases, sources)[:NAIVE], naive_interchange(model, bases[:NAIVE], sources[:NAIVE])
    )
    rows = [Row("counterfactuals, batch", ours, "1/s", WANTED, plain, "peer: one at a time in plain Python")]
    for copies in (8, 80):
        peak = peak_bytes(model, np.tile(bases, (copies, 1)), np.tile(sources, (copies, 1)))
        rows.append(Row(f"peak memory, {copies * BATCH:,} items", peak / (copies * BATCH), "bytes/item"))
    return rows


def interchange(model: Any, bases: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """The output's codes on the bases with the variable as on the sources; inputs [item, input], codes [item]."""
    values = model.run(sources, {})[VARIABLE]
    output: np.ndarray = model.run(bases, {VARIABLE: (values, np.ones(len(bases), dtype=bool))})[model.output]
    return output


def peak_bytes(model: Any, bases: np.ndarray, sources: np.ndarray) -> int:
    """The most memory that an interchange takes beside its inputs."""
    tracemalloc.start()
    interchange(model, bases, sources)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def naive_interchange(model: Any, bases: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """The same, one item at a time."""
    found = []
    for base, source in zip(bases.tolist(), sources.tolist(), strict=True):
        value = naive_run(model, source, {})[VARIABLE]
        found.append(naive_run(model, base, {VARIABLE: value})[model.output] - model.domains[model.output].low)
    return np.array(found)


def naive_run(model: Any, inputs: list[int], setting: dict[str, int]) -> dict[str, int]:
    """Every variable's value on one input."""
    values = {n: code + d.low for n, d, code in zip(model.input_names, model.input_domains, inputs, strict=True)}
    for mechanism in model.mechanisms:
        values[mechanism.name] = setting.get(mechanism.name, naive_value(mechanism.expression, values))
    return values


def naive_value(expression: Any, values: dict[str, int]) -> int:
    """The value of an expression by recursion."""
    match type(expression).__name__:
        case "Constant":
            return int(expression.value)
        case "Variable":
            return values[expression.name]
    if expression.operator == "if":
        condition, then, otherwise = expression.arguments
        return naive_value(then if naive_value(condition, values) else otherwise, values)
    return OPERATIONS[expression.operator](*(naive_value(argument, values) for argument in expression.arguments))


OPERATIONS: dict[str, Callable[..., int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "==": lambda a, b: int(a == b),
    ">=": lambda a, b: int(a >= b),
}
