"""Joint values of variables that no admitted input gives them, and seen ones that they may be taken for.

From a causal model and some of its variables to a table over all of their joint values.
"""

import math
from collections.abc import Collection, Sequence

import numpy as np

from ..causal_model import CausalModel, Codes
from ..sampling.layouts import tabulated
from ..sampling.list_inputs import list_inputs
from ..sampling.relations import TooLargeError

_LISTED = 1 << 20
_BATCH = 1 << 16
_DRAWN = 4096
_INPUTS = 16
"""Inputs on which outputs are compared, where inputs enter them."""
_TRIED = 64
"""Seen values that an unseen one is compared with."""


class JointValues:
    """All joint values of some variables, by number: the code of the first variable is fastest.

    A part of the variables is `settable`; `part` and `rest` are numbers of what these and the others have, each with
    zero in the place of the other; shape [joint].
    """

    def __init__(self, model: CausalModel, names: Sequence[str], settable: Collection[str]) -> None:
        self.model, self.names = model, names
        sizes = [model.domains[name].size for name in names]
        self.strides = np.cumprod([1, *sizes])
        self.size = int(self.strides[-1])
        columns = np.unravel_index(np.arange(self.size), sizes, order="F")
        self.codes: dict[str, Codes] = dict(zip(names, columns, strict=True))
        self.part = self.numbers([self.codes[name] * (name in settable) for name in names])
        self.rest = np.arange(self.size) - self.part

    def numbers(self, columns: Sequence[Codes]) -> Codes:
        """The numbers of joint values; a column of codes for each variable, shape [row]."""
        total: Codes = np.stack(columns, axis=1) @ self.strides[:-1]
        return total

    def outputs(self, numbers: Codes, inputs: Codes) -> Codes:
        """The model's output on each input with the variables set; shape [input, row]."""
        count = len(inputs)
        everywhere = np.ones(len(numbers) * count, dtype=bool)
        setting = {name: (np.tile(codes[numbers], count), everywhere) for name, codes in self.codes.items()}
        outputs = self.model.run(np.repeat(inputs, len(numbers), axis=0), setting)[self.model.output]
        return outputs.reshape(count, len(numbers))


def take_for_others(values: JointValues, seen: Codes, more: bool) -> Codes:
    """By joint value, another one that it may be taken for: seen, with the same rest, and with another output.

    Of several it is the next in order, after the last the first; seen ones, and those without such another, are taken
    for themselves.

    Args:
        values: the joint values.
        seen: the numbers of those that some input gives, in order.
        more: the output depends on more than these values, and is to differ on one of a few inputs.
    """
    taken = np.arange(values.size)
    unseen = np.ones(values.size, dtype=bool)
    unseen[seen] = False
    inputs = _draw_inputs(values.model, _INPUTS if more else 1)
    known = seen[np.lexsort((values.part[seen], values.rest[seen]))]
    order = values.rest * values.size + values.part
    waiting, keys = np.flatnonzero(unseen), order[known]
    first = np.searchsorted(values.rest[known], values.rest, "left")
    count = np.searchsorted(values.rest[known], values.rest, "right") - first
    start = np.searchsorted(keys, order) - first
    for step in range(_TRIED):
        waiting = waiting[step < count[waiting]]
        if not len(waiting):
            break
        other = known[first[waiting] + (start[waiting] + step) % count[waiting]]
        differs = (values.outputs(waiting, inputs) != values.outputs(other, inputs)).any(axis=0)
        taken[waiting[differs]] = other[differs]
        waiting = waiting[~differs]
    return taken


def list_seen(values: JointValues) -> Codes:
    """The numbers of the joint values that some admitted input gives, in order. Raises TooLargeError."""
    model, names = values.model, values.names
    try:
        layout = tabulated(model, model.require)
        nodes = [layout.variables[name] for name in names]
        solution = layout.graph.solve(nodes, layout.true, layout.extra)
        kept = [solution.kept(node) - model.domains[name].low for name, node in zip(names, nodes, strict=True)]
        return np.unique(values.numbers(kept))
    except TooLargeError:
        if math.prod(domain.size for domain in model.input_domains) > _LISTED:
            raise
    found = np.zeros(0, dtype=np.int64)
    for inputs in list_inputs(model, model.require, _BATCH):
        codes = model.run(inputs, {})
        found = np.union1d(found, values.numbers([codes[name] for name in names]))
    return found


def _draw_inputs(model: CausalModel, count: int) -> Codes:
    """Admitted inputs (codes, shape [input, column]), drawn uniformly; any inputs where admitted ones are rare."""
    generator = np.random.Generator(np.random.Philox(key=0))
    drawn = np.stack([generator.integers(0, domain.size, _DRAWN) for domain in model.input_domains], axis=1)
    admitted = drawn[model.admits(drawn)]
    return (admitted if len(admitted) else drawn)[:count]
