"""The inputs that a step runs, by role: drawn for the count, since they are drawn to run it, too."""

import math
from dataclasses import field

import numpy as np

from ...lang.record import record
from ..causal_model import Codes
from ..experiments import Encoding
from ..plan import EncodeStep, ItemsStep, Plan
from ..sampling.conditions import conditions_of
from ..sampling.draw_items import Population
from ..sampling.enumerate_items import count_items
from ..sampling.list_inputs import list_inputs
from .distinct_inputs import Hashes, hash_inputs

LISTED = 1 << 22
"""Of larger domains the inputs are not listed but counted, as if no other step ran them."""


@record
class Rows:
    """Items of an Encode step: how many, the population, and `drawn` [item, role, input] (None: a whole domain)."""

    encode: str
    count: int
    population: Population
    encoding: Encoding
    drawn: Codes | None
    _hashed: dict[int, Hashes | None] = field(default_factory=dict, repr=False, compare=False)

    def fed(self, encoding: Encoding) -> "Rows":
        """The same inputs as another network is fed them."""
        return Rows(self.encode, self.count, self.population, encoding, self.drawn)

    def hashes(self, role: int) -> Hashes | None:
        """The distinct inputs of a role; None where they are too many to list."""
        if role not in self._hashed:
            inputs = self._inputs(role)
            self._hashed[role] = None if inputs is None else hash_inputs(inputs, self.encoding)
        return self._hashed[role]

    @property
    def are_listed(self) -> bool:
        """Whether the inputs of every role are known, so that each distinct one counts once."""
        return self.drawn is not None or self.most <= LISTED

    def _inputs(self, role: int) -> Codes | None:
        if self.drawn is not None:
            return self.drawn[:, role]
        recipe = self.population.recipe
        if self.most > LISTED:
            return None
        conditions = conditions_of(recipe)
        listed = list(list_inputs(recipe.model, conditions.base if role == 0 else conditions.source, 1 << 18))
        none = np.zeros((0, len(recipe.model.input_names)), dtype=np.int64)
        return np.concatenate([none, *listed])

    @property
    def most(self) -> int:
        """How many inputs there are, conditions aside."""
        return math.prod(domain.size for domain in self.population.recipe.model.input_domains)


def open_rows(plan: Plan, encode_key: str, first: int = 0, count: int | None = None) -> Rows:
    """The items of a step from the index `first` on, `count` of the stream in all (None: as many as are planned)."""
    encode_step = plan.step(encode_key)
    assert isinstance(encode_step, EncodeStep)
    step = plan.step(encode_step.items)
    assert isinstance(step, ItemsStep)
    if step.split == "whole":
        return Rows(encode_key, count_items(step.population), step.population, encode_step.encoding, None)
    drawn = step.population.draw(step.split, step.count if count is None else count).items.inputs[first:]
    return Rows(encode_key, len(drawn), step.population, encode_step.encoding, drawn)


def open_natural(plan: Plan, encode_key: str) -> Rows:
    """The bases of drawn items, each once: inputs whose activations are taken for natural ones."""
    rows = open_rows(plan, encode_key)
    assert rows.drawn is not None, "natural inputs are of `fit`"
    bases = np.unique(rows.drawn[:, 0], axis=0)
    return Rows(encode_key, len(bases), rows.population, rows.encoding, bases[:, None])


def planned_count(plan: Plan, encode_key: str) -> int | None:
    """How many items a step asks for; None for a whole domain."""
    encode_step = plan.step(encode_key)
    assert isinstance(encode_step, EncodeStep)
    step = plan.step(encode_step.items)
    assert isinstance(step, ItemsStep)
    return None if step.split == "whole" else step.count
