"""Witnesses: a reachable state of a model in which an expression is true, or the proof that there is none.

Reachable are admitted inputs, each without intervention or with variables of an alignment set to values that they have
on some admitted input. Exact by listing runs or by tables without whole inputs; where both are too many, by sampling.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...lang.domains import BOOL
from ...lang.expressions import Apply, Expression, variables_of
from ...lang.record import record
from ..causal_model import CausalModel, Codes
from ..definedness import condition_of
from ..expressions import count_nodes, evaluate
from ..sampling.relations import MOST_ROWS, Budget, TooLargeError
from ..sampling.spaces import Layout, holds, list_inputs, tabulated

SAMPLES = 1_000_000
_BATCH, _FEW, _VALUES = 1 << 16, 1 << 10, 1 << 23
LISTED = 1 << 17
"""Runs of a model that are listed at once; above, tables are tried first."""
MOST_LISTED = 10_000_000
"""Runs that are listed where tables grow too large; above, runs are sampled."""
MOST_WORK = 1_000_000_000
"""Values that listing or sampling may compute: of a model with very long equations, fewer runs are looked at."""
_ROW, _NODE, _INPUT = 64, 1024, 16
"""What a row of a table costs, an operation that is written into one, and an input that is chosen, in values that a run
computes."""
_FEWEST_ROWS, _FEWEST_RUNS = 1 << 14, 64
_LARGE = 1 << 20
"""Values of an input that tables may hold, about."""
_SHARE = 4
"""One search may use one part in so many of what is left for a file."""

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


@record
class Undecided:
    """No witness among so many samples: no proof either."""

    samples: int


class Effort:
    """What all searches of a file may cost together, in values computed: the later of very many get less of it.

    Proofs, by listing and by tables, have their own, and samples have theirs. It counts work, not time, so that a file
    is judged alike wherever it is checked.
    """

    def __init__(self, values: int = 3 * MOST_WORK, samples: int = MOST_WORK) -> None:
        self.left, self.half = values, values // 2
        self.samples = samples  # which prove nothing, and so may cost less

    def listed(self, model: CausalModel, violation: Expression, most: int) -> int:
        """How many runs may be computed to list them all, `most` at most: by the first searches as many as by one."""
        runs = _affordable(_cost(model) + count_nodes(violation), most)
        if self.left > self.half:
            return runs
        return max(_FEWEST_RUNS, min(runs, self.left // _run_cost(model, violation)))

    def sampled(self, model: CausalModel, violation: Expression, most: int) -> int:
        """How many runs may be computed in one search by sampling, `most` at most."""
        runs = _affordable(_cost(model) + count_nodes(violation), most)
        return max(_FEWEST_RUNS, min(runs, self.samples // (_SHARE * _run_cost(model, violation))))

    def tables(self, model: CausalModel) -> Budget:
        """Rows for the tables of one search, to be paid when it is done. Raises TooLargeError where none are left."""
        self.left -= _NODE * _cost(model) + _INPUT * sum(min(d.size, _LARGE) for d in model.input_domains)
        if self.left < 0:
            raise TooLargeError
        return Budget(max(_FEWEST_ROWS, min(MOST_ROWS, self.left // (_SHARE * _ROW))))

    def pay(self, budget: Budget, before: int) -> None:
        """Take off the rows of tables that a search used of those that its budget had before."""
        self.left -= _ROW * (before - budget.left)


def affordable(model: CausalModel, most: int) -> int:
    """How many runs of a model may be computed at once, `most` at most."""
    return _affordable(_cost(model), most)


def _affordable(cost: int, most: int) -> int:
    return max(1, min(most, MOST_WORK // cost))


def _cost(model: CausalModel) -> int:
    """The values that a run computes, with those that tell whether its input is admitted."""
    return model.operations + sum(map(count_nodes, model.require))


def _run_cost(model: CausalModel, violation: Expression) -> int:
    """The same with what choosing the input costs, and what is looked for."""
    return _cost(model) + count_nodes(violation) + _INPUT * len(model.input_names)


def find_witness(
    model: CausalModel,
    aligned: Sequence[tuple[str, ...]],
    violation: Expression,
    shown: Expression,
    effort: Effort | None = None,
) -> Witness | Undecided | None:
    """A reachable state in which `violation` is true: without intervention, else under some set of an alignment.

    What is undefined is not used: a state counts only where `shown` has a value. `effort` is shared with other
    searches.
    """
    effort = effort or Effort()
    model = _as_far_as_read(model, [violation, shown])
    sampled: list[int] = []
    condition = condition_of(shown, model.hidden)
    if condition is not None:
        violation = Apply("and", (condition, violation), BOOL)
    for variables in dict.fromkeys([(), *aligned]):
        set_before = tuple(v for v in variables if _matters(model, v, violation))
        if variables and not set_before:
            continue
        try:
            witness = _find_exactly(model, set_before, violation, shown, effort)
        except TooLargeError:
            runs = effort.sampled(model, violation, SAMPLES)
            witness = _find_by_samples(model, set_before, violation, shown, runs, effort)
            sampled += [runs] if witness is None else []
        if witness is not None:
            return witness
    return Undecided(min(sampled)) if sampled else None


def _as_far_as_read(model: CausalModel, expressions: Sequence[Expression]) -> CausalModel:
    """The model without the variables that the expressions do not depend on: its runs cost less, and tell the same.

    A model that may be undefined is kept whole, since all its variables tell which inputs are admitted.
    """
    if model.hidden:
        return model
    members = dict(model.families)
    waiting = [v.name for expression in expressions for v in variables_of(expression)]
    read: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in read:
            read.add(name)
            waiting += [*model.parents.get(name, ()), *members.get(name, ())]
            waiting += [model.family_of[name]] if name in model.family_of else []
    return replace(
        model,
        mechanisms=tuple(mechanism for mechanism in model.mechanisms if mechanism.name in read),
        families=tuple(family for family in model.families if family[0] in read),
    )


def _matters(model: CausalModel, variable: str, violation: Expression) -> bool:
    """Whether the expression depends on the variable, directly or through other mechanisms."""
    waiting = [v.name for v in variables_of(violation)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += model.guarded.parents.get(name, ())
    return variable in seen


def _find_exactly(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression, effort: Effort
) -> Witness | None:
    """By listing every run, or by tables without whole inputs where runs are many. Raises TooLargeError."""
    try:
        return _find_by_listing(model, variables, violation, shown, effort, LISTED)
    except TooLargeError:
        pass
    try:
        budget = effort.tables(model)
        rows = budget.left
        try:
            return _find_by_tables(model, variables, violation, shown, budget)
        finally:
            effort.pay(budget, rows)
    except TooLargeError:
        return _find_by_listing(model, variables, violation, shown, effort, MOST_LISTED)


def _find_by_tables(
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


def _find_by_listing(
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
    effort.left -= runs * _run_cost(model, violation)
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


def _find_by_samples(
    model: CausalModel, variables: Sequence[str], violation: Expression, shown: Expression, most: int, effort: Effort
) -> Witness | None:
    generator = np.random.Generator(np.random.Philox(key=1))
    looked_at = 0
    while looked_at < most:  # what is common shows in a few runs
        size = min(max(1, _VALUES // len(model.input_domains)) if looked_at else _FEW, most - looked_at, _BATCH)
        looked_at += size
        effort.samples -= size * _run_cost(model, violation)
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
