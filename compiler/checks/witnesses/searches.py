"""A model and an expression -> a state in which it is true: by tables, by listing every run, or by sampling runs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ....lang.expressions import Expression
from ....lang.record import record
from ...causal_model import CausalModel, Codes
from ...expressions import evaluate
from ...sampling.conditions import holds
from ...sampling.layouts import Layout, tabulated
from ...sampling.list_inputs import list_inputs
from ...sampling.relations import Budget, TooLargeError
from .effort import Effort, run_cost

_BATCH, _FEW, _VALUES = 1 << 16, 1 << 10, 1 << 23

Setting = tuple[Codes, npt.NDArray[np.bool_]]
"""The codes that a variable is set to, and in which runs; each of shape [run]."""


@record
class Witness:
    """An input (codes), the values that variables were set to, the value found, and how the search went."""

    inputs: np.ndarray[tuple[int], np.dtype[np.int64]]
    setting: dict[str, int]
    value: int
    how: str
    low: int
    high: int
    """The lowest and highest value that the search found."""


def find_by_tables(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression, budget: Budget
) -> Witness | None:
    """By enumeration: every variable either keeps its own value or takes one that it has on some admitted input."""
    layout = tabulated(model, model.require)
    graph = layout.graph
    environment = dict(layout.inputs)
    choices: dict[str, tuple[int, int]] = {}
    settled = {truth: name for name in variables for truth in model.settles(name)}
    for mechanism in model.guarded.mechanisms:
        node = graph.expression(model.guarded.equation(mechanism.name, variables), environment)
        if mechanism.name in variables:
            choices[mechanism.name] = graph.leaf(np.arange(2)), graph.leaf(_natural(layout, mechanism.name))
            node = graph.apply("if", (*choices[mechanism.name], node))
        elif mechanism.name in settled:
            node = graph.apply("or", (choices[settled[mechanism.name]][0], node))
        environment[mechanism.name] = node
    value = graph.expression(shown, environment)
    true = (*layout.true, graph.expression(violation, environment))
    solution = graph.solve([value], true, layout.extra, budget)
    if not len(solution.elimination.table):
        return None
    values = solution.kept(value)
    assigned = solution.elimination.draw(np.zeros(1, dtype=np.int64), np.random.Generator(np.random.Philox(key=0)))
    setting = {}
    for name, (choice, leaf) in choices.items():
        if choice in assigned and solution.decode(assigned, choice)[0]:
            setting[name] = int(solution.decode(assigned, leaf)[0])
    how = "decided by enumeration"
    inputs = layout.decode(solution, assigned)[0]
    return Witness(inputs, setting, int(values[0]), how, int(values.min()), int(values.max()))


def _natural(layout: Layout, variable: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The values that a variable has on admitted inputs, sorted. Raises TooLargeError."""
    node = layout.variables[variable]
    return np.unique(layout.graph.solve([node], layout.true, layout.extra).kept(node))


def find_by_listing(
    model: CausalModel,
    variables: Sequence[str],
    violation: Expression,
    shown: Expression,
    effort: Effort,
    most: int,
) -> Witness | None:
    """By running every input with every setting; each variable keeps its own value or takes one that it has somewhere.

    Raises TooLargeError above `most` runs, or where they would cost too much.
    """
    most = effort.listed(model, violation, most)
    if math.prod(domain.size for domain in model.input_domains) > most:
        raise TooLargeError
    choices = _occurring(model, variables)
    sizes = [len(codes) + 1 for codes in choices]
    settings = math.prod(sizes)
    runs = settings * math.prod(domain.size for domain in model.input_domains)
    if runs > most:
        raise TooLargeError
    effort.left -= runs * run_cost(model, violation)
    found: list[Witness] = []
    for inputs in list_inputs(model, model.require, _BATCH):
        for low in range(0, len(inputs) * settings, _BATCH):
            row, *picked = np.unravel_index(
                np.arange(low, min(low + _BATCH, len(inputs) * settings)), [len(inputs), *sizes]
            )
            setting = {
                variable: (codes[np.minimum(pick, len(codes) - 1)], pick < len(codes))
                for variable, codes, pick in zip(variables, choices, picked, strict=True)
            }
            witness = _witness(model, inputs[row], setting, violation, shown, "decided by enumeration")
            found += [] if witness is None else [witness]
    if not found:
        return None
    return replace(found[0], low=min(w.low for w in found), high=max(w.high for w in found))


def _occurring(model: CausalModel, variables: Sequence[str]) -> list[Codes]:
    """The codes that each variable has on some admitted input."""
    seen: dict[str, Codes] = {variable: np.zeros(0, dtype=np.int64) for variable in variables}
    for inputs in list_inputs(model, model.require, _BATCH) if variables else ():
        natural = model.run(inputs, {})
        seen = {variable: np.union1d(codes, natural[variable]) for variable, codes in seen.items()}
    return list(seen.values())


def _witness(
    model: CausalModel,
    inputs: Codes,
    setting: Mapping[str, Setting],
    violation: Expression,
    shown: Expression,
    how: str,
) -> Witness | None:
    """The first of some runs (inputs [run, input], settings [run]) in which `violation` is true."""
    codes = model.run_guarded(inputs, setting)
    values = {name: column + model.guarded.domains[name].low for name, column in codes.items()}
    hits = np.flatnonzero(evaluate(violation, values, len(inputs)))
    if not len(hits):
        return None
    at = evaluate(shown, values, len(inputs))[hits]
    chosen = {v: int(to[hits[0]]) + model.domains[v].low for v, (to, where) in setting.items() if where[hits[0]]}
    return Witness(inputs[hits[0]], chosen, int(at[0]), how, int(at.min()), int(at.max()))


def find_by_samples(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression, most: int, effort: Effort
) -> Witness | None:
    generator = np.random.Generator(np.random.Philox(key=1))
    looked_at = 0
    while looked_at < most:  # what is common shows in a few runs
        size = min(max(1, _VALUES // len(model.input_domains)) if looked_at else _FEW, most - looked_at, _BATCH)
        looked_at += size
        effort.samples -= size * run_cost(model, violation)
        inputs = _random_inputs(model, size, generator)
        setting: dict[str, Setting] = {}
        sources = _random_inputs(model, size if variables else 0, generator)
        if len(sources):
            natural = model.run(sources, {})
            setting = {
                v: (generator.choice(natural[v], len(inputs)), generator.random(len(inputs)) < 0.5) for v in variables
            }
        witness = _witness(model, inputs, setting, violation, shown, "found by sampling")
        if witness is not None:
            return witness
    return None


def _random_inputs(model: CausalModel, count: int, generator: np.random.Generator) -> Codes:
    """Those of so many random inputs that are admitted; codes, shape [input, column]."""
    inputs = np.stack([generator.integers(0, d.size, count) for d in model.input_domains], axis=1)
    return inputs[holds(model, model.require, inputs)]
