"""The causal model as a function of whole batches: inputs and interventions in, values of every variable out."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..lang.domains import Domain
from ..lang.expressions import Expression, variables_of
from ..lang.program import Mechanism, Model, Task
from ..lang.record import record
from ..lang.tuples import part_values
from .definedness import guard_mechanisms
from .expressions import Column, canonical, count_nodes, evaluate

Codes = npt.NDArray[np.int64]
"""Integer codes: the index of a value in its variable's domain."""
Interventions = Mapping[str, tuple[Codes, npt.NDArray[np.bool_]]]
"""For a variable, the codes to set and in which runs; each of shape [run]."""


@record
class CausalModel:
    """A deterministic structural causal model over finite domains.

    `mechanisms` stand in topological order and define every variable but the inputs; `require` are the conditions
    that admitted inputs satisfy. `families` are variables that are tuples of others, each with its members' names: the
    members are read from the tuple, so that setting it sets them all. `rivals` are the models of the same task that may
    be undefined: an input is admitted only where each of them is defined, and this one.
    """

    name: str
    input_names: tuple[str, ...]
    input_domains: tuple[Domain, ...]
    mechanisms: tuple[Mechanism, ...]
    output: str
    require: tuple[Expression, ...] = ()
    families: tuple[tuple[str, tuple[str, ...]], ...] = ()
    rivals: tuple["CausalModel", ...] = ()

    @cached_property
    def domains(self) -> dict[str, Domain]:
        """The domain of every variable, inputs first."""
        inputs = dict(zip(self.input_names, self.input_domains, strict=True))
        return inputs | {mechanism.name: mechanism.domain for mechanism in self.mechanisms}

    @cached_property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """The variables that each mechanism reads, in order of first occurrence."""
        return {m.name: tuple(dict.fromkeys(v.name for v in variables_of(m.expression))) for m in self.mechanisms}

    @cached_property
    def operations(self) -> int:
        """How many columns a run computes: the constants, variables and operations of all its equations."""
        return 1 + sum(count_nodes(mechanism.expression) for mechanism in self.guarded.mechanisms)

    @cached_property
    def family_of(self) -> dict[str, str]:
        """The family that each member belongs to."""
        return {member: family for family, members in self.families for member in members}

    @cached_property
    def own_equations(self) -> dict[str, Expression]:
        """What computes each variable where no family is set: a member by its own equation, not from the tuple."""
        equations = {mechanism.name: mechanism.expression for mechanism in self.mechanisms}
        for family, members in self.families:
            parts = part_values(equations[family], self.domains[family])
            equations |= dict(zip(members, parts, strict=True))
        return equations

    @cached_property
    def own_parents(self) -> dict[str, tuple[str, ...]]:
        """What every variable is computed of where no family is set: a family of its members."""
        families = dict(self.families)
        return {
            name: families.get(name) or tuple(dict.fromkeys(v.name for v in variables_of(equation)))
            for name, equation in self.own_equations.items()
        }

    def equation(self, name: str, setting: Collection[str]) -> Expression:
        """What computes a variable where those of `setting` are set (itself not among them)."""
        if self.family_of.get(name) in setting:
            return next(m.expression for m in self.mechanisms if m.name == name)
        return self.own_equations[name]

    @cached_property
    def canonical(self) -> str:
        """One text per meaning: domains, mechanisms and requirements, without names of models and without spans."""
        inputs = [f"{n}:{d.low}+{d.size}" for n, d in zip(self.input_names, self.input_domains, strict=True)]
        mechanisms = [f"{m.name}:{m.domain.low}+{m.domain.size}={canonical(m.expression)}" for m in self.mechanisms]
        conditions = [f"require {canonical(e)}" for e in self.require]
        conditions += [f"defined in ({rival.canonical})" for rival in self.rivals]
        return "; ".join([*inputs, *mechanisms, *conditions, self.output])

    @cached_property
    def _guarded(self) -> tuple[tuple[Mechanism, ...], dict[str, str]]:
        return guard_mechanisms(self.mechanisms, self.own_equations, self.families)

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden truth value of each variable that may lack a value; empty where every run is defined."""
        return self._guarded[1]

    @cached_property
    def guarded(self) -> "CausalModel":
        """The model with its hidden truth values as variables; itself where it has none."""
        return replace(self, mechanisms=self._guarded[0]) if self.hidden else self

    @cached_property
    def partial(self) -> tuple["CausalModel", ...]:
        """Itself and its rivals, as far as they may be undefined."""
        return (*((self,) if self.hidden else ()), *self.rivals)

    def settles(self, name: str) -> tuple[str, ...]:
        """The hidden truth values that hold where a variable is set: its own, and of a family its members'."""
        names = (name, *dict(self.families).get(name, ()))
        return tuple(self.hidden[each] for each in names if each in self.hidden)

    def run(self, inputs: Codes, interventions: Interventions) -> dict[str, Codes]:
        """Run the model on a batch.

        Args:
            inputs: codes of the inputs, shape [item, input].
            interventions: for a variable, the codes to set (shape [item]) and on which items to set them (shape
                [item]); elsewhere its own mechanism computes it.

        Returns:
            The codes of every variable, inputs included, each of shape [item]. A value that leaves its declared
            domain gives a code outside 0 .. size-1: the checker proves beforehand that this cannot happen. What has
            no value has any code, and so has what reads it.
        """
        values: dict[str, Column] = {}
        codes: dict[str, Codes] = {}
        for index, (name, domain) in enumerate(zip(self.input_names, self.input_domains, strict=True)):
            codes[name] = inputs[:, index]
            values[name] = codes[name] + domain.low
        for mechanism in self.mechanisms:
            computed = evaluate(mechanism.expression, values, len(inputs)) - mechanism.domain.low
            if mechanism.name in interventions:
                to, where = interventions[mechanism.name]
                computed = np.where(where, to, computed)
            codes[mechanism.name] = computed
            values[mechanism.name] = computed + mechanism.domain.low
        return codes

    def run_guarded(self, inputs: Codes, interventions: Interventions) -> dict[str, Codes]:
        """The same with the hidden truth values among the variables: 1 where a variable has a value, or is set."""
        if not self.hidden:
            return self.run(inputs, interventions)
        setting = dict(interventions)
        for name, (_, where) in interventions.items():
            for truth in self.settles(name):
                everywhere = where | setting[truth][1] if truth in setting else where
                setting[truth] = np.ones(len(inputs), dtype=np.int64), everywhere
        return self.guarded.run(inputs, setting)

    def outcome(self, inputs: Codes, interventions: Interventions) -> Codes:
        """The output's codes under interventions, shape [item]; -1 where the output has no value."""
        codes = self.run_guarded(inputs, interventions)
        if self.output not in self.hidden:
            return codes[self.output]
        outcome: Codes = np.where(codes[self.hidden[self.output]] != 0, codes[self.output], -1)
        return outcome

    def is_defined(self, inputs: Codes) -> npt.NDArray[np.bool_]:
        """Whether every variable of this model and of its rivals has a value on each input; shape [item]."""
        defined = np.ones(len(inputs), dtype=bool)
        for model in self.partial:
            for has_value in model.values_there(inputs).values():
                defined &= has_value
        return defined

    def values_there(self, inputs: Codes) -> dict[str, npt.NDArray[np.bool_]]:
        """For each variable of this model that may lack a value, whether it has one on each input; shape [item]."""
        codes = self._truths.run(inputs, {})
        return {name: codes[truth] != 0 for name, truth in self.hidden.items()}

    @cached_property
    def _truths(self) -> "CausalModel":
        """The hidden truth values, and of the variables those alone that they read."""
        needed = set(self.hidden.values())
        kept: list[Mechanism] = []
        for mechanism in reversed(self.guarded.mechanisms):
            if mechanism.name in needed:
                kept.append(mechanism)
                needed.update(v.name for v in variables_of(mechanism.expression))
        return replace(self, mechanisms=tuple(reversed(kept)), families=(), rivals=())

    def output_of(self, inputs: Codes) -> Codes:
        """The output's codes without any intervention, shape [item]."""
        return self.run(inputs, {})[self.output]

    def admits(self, inputs: Codes) -> npt.NDArray[np.bool_]:
        """Whether each input (shape [item, input]) satisfies every `require`, and is defined; shape [item]."""
        values = {
            name: inputs[:, index] + domain.low
            for index, (name, domain) in enumerate(zip(self.input_names, self.input_domains, strict=True))
        }
        admitted = np.ones(len(inputs), dtype=bool)
        for condition in self.require:
            admitted &= evaluate(condition, values, len(inputs)) != 0
        return admitted & self.is_defined(inputs)

    def show_input(self, codes: Codes) -> str:
        """One input as a user writes it: `w = 3, x = 3`."""
        shown = zip(self.input_names, codes.tolist(), strict=True)
        return ", ".join(f"{name} = {self.show_value(name, code)}" for name, code in shown)

    def show_value(self, variable: str, code: int) -> str:
        """A code of a variable as a user writes the value."""
        domain = self.domains[variable]
        return domain.show(domain.low + code)

    def read_value(self, variable: str, text: str) -> int:
        """The code of a value as a user writes it; the inverse of `show_value`, but not for tuples.

        Raises:
            ValueError: the text is no value of the variable.
        """
        domain = self.domains[variable]
        code = int(text) - domain.low if domain.labels is None else domain.labels.index(text)
        if not 0 <= code < domain.size:
            raise ValueError(f"`{text}` is no value of `{variable}`")
        return code


def share_population(models: Mapping[str, CausalModel], tasks: Mapping[str, str]) -> dict[str, CausalModel]:
    """The models of each task (`tasks`: by model) with those that may be undefined as rivals of all others."""
    return {
        name: replace(
            model,
            rivals=tuple(
                other for key, other in models.items() if key != name and tasks[key] == tasks[name] and other.hidden
            ),
        )
        for name, model in models.items()
    }


def lower_inputs(task: Task) -> CausalModel:
    """A task's inputs and what it requires of them, without any equation: every run is defined."""
    return CausalModel(
        name=task.name,
        input_names=tuple(declared.name for declared in task.inputs),
        input_domains=tuple(declared.domain for declared in task.inputs),
        mechanisms=(),
        output="",
        require=task.require,
    )


def lower_model(model: Model, task: Task) -> CausalModel:
    """A checked model and its task as one causal model."""
    assert task.output is not None, "a task without an output has no models"
    return replace(
        lower_inputs(task),
        name=model.name,
        mechanisms=model.mechanisms,
        output=task.output.name,
        families=tuple(model.families.items()),
    )
