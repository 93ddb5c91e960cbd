"""How many inputs look-ups by `the` leave out of a task: from its models to a count, or the error that none is left."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ....lang.diagnostics import Diagnostic, Label
from ....lang.families import family_name
from ....lang.program import Program, Task
from ....lang.record import record
from ...causal_model import CausalModel, Codes
from ...definedness import condition_of
from ...experiments import Experiment
from ...sampling.conditions import holds
from ...sampling.items import Undefined
from ...sampling.layouts import tabulated
from ...sampling.list_inputs import list_inputs
from ...sampling.populations import Populations
from ...sampling.relations import TooLargeError
from ..witnesses.effort import affordable
from ..witnesses.find_witness import LISTED, MOST_LISTED

_BATCH = 1 << 16
_SAMPLES = 1 << 20
ENUMERATED = "decided by enumeration"
_EXACT = 2**53
"""Counts by tables are exact up to here."""


@record
class LeftOut:
    """Of `of` inputs of a task that satisfy every `require`, `count` leave some model undefined.

    `variables` may lack a value, as `model.variable`. Where not `exact`, both numbers are of a random sample.
    """

    task: str
    count: int
    of: int
    variables: tuple[str, ...]
    exact: bool

    @property
    def text(self) -> str:
        """In words: `task: 5 of 9 inputs are left out, where `model.variable` has no value`."""
        sampled = "" if self.exact else " random"
        names = " or ".join(f"`{name}`" for name in self.variables)
        return f"{self.task}: {self.count:,} of {self.of:,}{sampled} inputs are left out, where {names} has no value"


def check_definedness(program: Program, task: Task, models: Iterable[CausalModel]) -> list[Diagnostic]:
    """CS225 at the first variable with which no input of the task is left. `models` are those of the task."""
    partial = [model for model in models if model.hidden]
    if not partial:
        return []
    found = _first_without_input(partial)
    if found is None:
        return []
    model, variable, note = found
    span = next(m.span for m in program.models[model.name].mechanisms if m.name == variable)
    return [
        Diagnostic(
            "CS225",
            f"`{variable}` has a value on no input of `{task.name}`",
            Label(span, "its look-up has no answer, or several"),
            notes=(note,),
            help="`the` needs exactly one value for which its `where` holds: change it, or what `require` admits",
        )
    ]


def count_left_out(program: Program, models: Mapping[str, CausalModel]) -> tuple[LeftOut, ...]:
    """For each task of which some inputs are left out, how many."""
    found: list[LeftOut] = []
    for task in program.tasks.values():
        partial = [models[name] for name, model in program.models.items() if model.task == task.name]
        partial = [model for model in partial if model.hidden]
        if partial:
            names = tuple(f"{m.name}.{name}" for m in partial for name in _look_ups(m))
            count, of, exact = _count(partial[0])
            if count:
                found.append(LeftOut(task.name, count, of, names, exact))
    return tuple(found)


def find_undrawn(experiments: Iterable[Experiment], populations: Populations) -> tuple[tuple[str, Undefined], ...]:
    """Each estimand, as written, of which some items have no output, with how many."""
    found: dict[str, Undefined] = {}
    for experiment in experiments:
        for quantity in experiment.quantities:
            measurement = quantity.measurement
            undefined = populations.open(measurement.recipe, experiment.claim.exhaustively).undefined
            if undefined is not None:
                found.setdefault(measurement.text, undefined)
    return tuple(found.items())


def _first_without_input(partial: list[CausalModel]) -> tuple[CausalModel, str, str] | None:
    """The first variable with which no input is left, and how that was found out."""
    domain = math.prod(d.size for d in partial[0].input_domains)
    if domain > LISTED:
        try:
            return _first_by_tables(partial)
        except TooLargeError:
            pass
    alone, exact = inputs_alone(partial[0]), domain <= _most(partial, MOST_LISTED)
    samples = _most(partial, _SAMPLES)
    variables = [(model, variable) for model in partial for variable in model.hidden]
    met = [False] * len(variables)
    for inputs in list_inputs(alone, alone.require, _BATCH) if exact else _samples(alone, samples):
        left = holds(alone, alone.require, inputs)
        values = {model.name: model.values_there(inputs) for model in partial}
        for index, (model, variable) in enumerate(variables):
            left = left & values[model.name][variable]
            met[index] |= bool(left.any())
        if all(met):
            return None
    model, variable = variables[met.index(False)]
    return model, variable, ENUMERATED if exact else f"by sampling: none of {samples:,} random inputs is left"


def _first_by_tables(partial: list[CausalModel]) -> tuple[CausalModel, str, str] | None:
    """The same without listing inputs. Raises TooLargeError."""
    layout = tabulated(inputs_alone(partial[0]), partial[0].require)
    truths: list[tuple[CausalModel, str, int]] = []
    for model in partial:
        nodes = layout.graph.model(model.guarded, layout.inputs, {})
        truths += [(model, variable, nodes[truth]) for variable, truth in model.hidden.items()]

    def leave(count: int) -> bool:
        true = (*layout.true, *(node for _, _, node in truths[:count]))
        return layout.graph.solve([], true, layout.extra).elimination.total > 0

    some, none = 0, len(truths)  # so many variables, from the first on, leave an input, and leave none
    if leave(none):
        return None
    while none - some > 1:
        middle = (some + none) // 2
        some, none = (middle, none) if leave(middle) else (some, middle)
    model, variable, _ = truths[none - 1]
    return model, variable, ENUMERATED


def _count(model: CausalModel) -> tuple[int, int, bool]:
    """How many inputs are left out, of how many, and whether all were counted. `model` is any that may be undefined."""
    alone = inputs_alone(model)
    domain = math.prod(d.size for d in model.input_domains)
    if domain > LISTED:
        try:
            layouts = [tabulated(each, model.require) for each in (alone, model)]
            of, left = (round(each.graph.solve([], each.true, each.extra).elimination.total) for each in layouts)
            if of <= _EXACT:
                return of - left, of, True
        except TooLargeError:
            pass
    exact = domain <= _most(model.partial, MOST_LISTED)
    samples = _most(model.partial, _SAMPLES)
    of = left = 0
    for inputs in list_inputs(alone, model.require, _BATCH) if exact else _samples(model, samples):
        admitted = inputs[holds(alone, model.require, inputs)]
        of += len(admitted)
        left += int(model.is_defined(admitted).sum())
    return of - left, of, exact


def inputs_alone(model: CausalModel) -> CausalModel:
    """The model's inputs and what a task requires of them, without any equation: every run is defined."""
    return replace(model, mechanisms=(), families=(), rivals=())


def _most(models: Iterable[CausalModel], most: int) -> int:
    """How many inputs of a task may be looked at, `most` at most, each by all of some models."""
    return min(affordable(model, most) for model in models)


def _samples(model: CausalModel, count: int) -> Iterator[Codes]:
    generator = np.random.Generator(np.random.Philox(key=0))
    for low in range(0, count, _BATCH):
        size = min(_BATCH, count - low)
        yield np.stack([generator.integers(0, d.size, size) for d in model.input_domains], axis=1)


def _look_ups(model: CausalModel) -> tuple[str, ...]:
    """The variables with a look-up of their own; of a family, the family."""
    own = [name for name, equation in model.own_equations.items() if condition_of(equation, {}) is not None]
    tuples = {family for family, _ in model.families}
    return tuple(dict.fromkeys(family_name(name) for name in own if name not in tuples))
