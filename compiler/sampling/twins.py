"""A model beside itself under an interchange, as nodes of one graph."""

from collections.abc import Mapping, Sequence

from ...lang.expressions import Expression
from ...lang.record import record
from ..causal_model import CausalModel
from ..expressions import Column
from .allowed import Allowed
from .layouts import Layout, tabulated


@record
class Twin:
    """A model beside itself under an interchange: on the same base, with some variables set to leaves of their own."""

    layout: Layout
    set_to: Mapping[str, int]
    intervened: Mapping[str, int]
    """The node of every variable under the interchange."""
    differs: int
    """The node that is 1 where the interchange changes the output."""
    defined: int
    """The node that is 1 where the output has a value under the interchange."""


def open_twin(
    model: CausalModel, conditions: Sequence[Expression], allowed: Sequence[Allowed], values: Mapping[str, Column]
) -> Twin:
    """The twin in which the variables of `values` (what each may be set to, sorted) are set."""
    layout = tabulated(model, conditions, allowed)
    graph = layout.graph
    set_to = {name: graph.leaf(column) for name, column in values.items()}
    settled = {truth: graph.constant(1) for name in set_to for truth in model.settles(name)}
    intervened = graph.model(model.guarded, layout.inputs, set_to | settled)
    differs = graph.apply("!=", (layout.variables[model.output], intervened[model.output]))
    truth = model.hidden.get(model.output)
    return Twin(layout, set_to, intervened, differs, graph.constant(1) if truth is None else intervened[truth])
