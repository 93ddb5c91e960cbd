"""What links read of a base: sources are counted once for each of its values, and not for each base.

`base.correct != source.correct` reads one bit of its base, however many inputs make it up. So links are split into
readings, the largest expressions over the base alone, and what is asked of these and of a source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...lang.expressions import Apply, Expression, Variable, variables_of, without_role
from ...lang.record import record
from ..causal_model import CausalModel, Codes
from ..expressions import evaluate


@record
class Links:
    """Conditions on a base and a source together, by what they read.

    `readings` are expressions over bare input names. `conditions` read them as the variables `names`, and the inputs
    of a source, whose columns are `of_source`, by their bare names.
    """

    readings: tuple[Expression, ...]
    conditions: tuple[Expression, ...]
    of_source: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the conditions read for the readings."""
        return tuple(_name(index) for index in range(len(self.readings)))

    @property
    def read_inputs(self) -> bool:
        """Whether every reading is an input as it stands."""
        return all(isinstance(reading, Variable) for reading in self.readings)


def split_links(model: CausalModel, conditions: Sequence[Expression]) -> Links:
    """The readings of conditions over inputs: single inputs in their order, then what is made of inputs, as written.

    What is made of single inputs that are read anyway is no reading of its own.
    """
    largest = [expression for condition in conditions for expression in _over_base(condition)[0]]
    single = {expression.name for expression in largest if isinstance(expression, Variable)}
    made = [expression for expression in largest if not single.issuperset(v.name for v in variables_of(expression))]
    inputs = zip(model.input_names, model.input_domains, strict=True)
    readings = dict.fromkeys((Variable(name, domain) for name, domain in inputs if name in single))
    numbers: dict[Expression, int] = {reading: number for number, reading in enumerate(readings)}
    places: dict[int, int] = {}
    for expression in made:
        places[id(expression)] = numbers.setdefault(without_role(expression), len(numbers))
    by_name = {reading.name: number for number, reading in enumerate(readings)}
    of_source = {v.name for condition in conditions for v in variables_of(condition) if v.role == "source"}
    return Links(
        tuple(numbers),
        tuple(_in_terms_of(condition, by_name, places) for condition in conditions),
        tuple(index for index, name in enumerate(model.input_names) if name in of_source),
    )


def read(model: CausalModel, readings: Sequence[Expression], inputs: Codes) -> Codes:
    """Readings of inputs (codes, shape [item, input]), each counted from its domain's low; shape [item, reading]."""
    named = zip(model.input_names, model.input_domains, strict=True)
    values = {name: inputs[:, index] + domain.low for index, (name, domain) in enumerate(named)}
    found = np.empty((len(inputs), len(readings)), dtype=np.int64)
    for index, reading in enumerate(readings):
        found[:, index] = evaluate(reading, values, len(inputs)) - reading.domain.low
    return found


def _over_base(expression: Expression) -> tuple[list[Expression], set[str | None]]:
    """The largest expressions in one that read the base alone, left to right; and the roles that it reads."""
    if isinstance(expression, Variable):
        return [expression] if expression.role == "base" else [], {expression.role}
    if not isinstance(expression, Apply):
        return [], set()
    parts = [_over_base(argument) for argument in expression.arguments]
    roles = {role for _, part in parts for role in part}
    return [expression] if roles == {"base"} else [each for found, _ in parts for each in found], roles


def _in_terms_of(expression: Expression, by_name: Mapping[str, int], places: Mapping[int, int]) -> Expression:
    """A condition that reads its readings as variables: single inputs by their name, others by where they stand."""
    if id(expression) in places:
        return Variable(_name(places[id(expression)]), expression.domain)
    if isinstance(expression, Variable):
        is_read = expression.role == "base"
        return Variable(_name(by_name[expression.name]) if is_read else expression.name, expression.domain)
    if isinstance(expression, Apply):
        return replace(expression, arguments=tuple(_in_terms_of(a, by_name, places) for a in expression.arguments))
    return expression


def _name(index: int) -> str:
    return f"reading {index}"
