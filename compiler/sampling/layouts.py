"""A role's inputs as columns of a graph, for tables to be made of: listed in one column, or a column an input."""

from collections.abc import Sequence
from dataclasses import field

import numpy as np

from ...lang.expressions import Expression, Variable
from ...lang.record import record
from ..causal_model import CausalModel, Codes
from ..expressions import Column
from .allowed import Allowed
from .flatten import Graph, Solution, ranked
from .relations import Relation, relation


@record
class Layout:
    """A role's inputs as columns of a graph: listed (`members`, one row leaf) or one leaf an input."""

    graph: Graph
    model: CausalModel
    inputs: dict[str, int]
    """The nodes of the inputs' values: all of them, or where listed those that links read."""
    variables: dict[str, int]
    """The nodes of the aligned variables' and the output's values."""
    true: tuple[int, ...]
    extra: tuple[Relation, ...]
    members: Codes | None = None
    row: int = -1
    _solved: dict[tuple[str, ...], Solution] = field(default_factory=dict, repr=False, compare=False)

    def solve(self, law: tuple[str, ...]) -> Solution:
        """How many inputs have each value tuple of some variables, found once. Raises TooLargeError."""
        if law not in self._solved:
            self._solved[law] = self.graph.solve([self.variables[v] for v in law], self.true, self.extra)
        return self._solved[law]

    def leaves_of(self, readings: Sequence[Expression], codes: Codes) -> tuple[list[int], tuple[int, ...]]:
        """Leaves that hold what each reading may be (`codes`, shape [tuple, reading]), and what must be true for that.

        An input is its own leaf.
        """
        leaves, true = list[int](), list[int]()
        for index, reading in enumerate(readings):
            node = self.graph.expression(reading, self.inputs)
            if not isinstance(reading, Variable):
                leaf = self.graph.leaf(np.unique(codes[:, index]) + reading.domain.low)
                true.append(self.graph.apply("==", (leaf, node)))
                node = leaf
            leaves.append(node)
        return leaves, tuple(true)

    @property
    def decoded(self) -> tuple[int, ...]:
        """The columns that inputs are read from."""
        return (self.row,) if self.members is not None else tuple(self.inputs[n] for n in self.model.input_names)

    def decode(self, solution: Solution, assigned: dict[int, Column]) -> Codes:
        """Inputs from columns; codes, shape [item, input]."""
        if self.members is not None:
            return self.members[solution.decode(assigned, self.row)]
        pairs = zip(self.model.input_names, self.model.input_domains, strict=True)
        return np.stack([solution.decode(assigned, self.inputs[n]) - d.low for n, d in pairs], axis=1)


def tabulated(
    model: CausalModel,
    conditions: Sequence[Expression],
    allowed: Sequence[Allowed] | None = None,
) -> Layout:
    """One leaf an input; the model's mechanisms and the conditions as nodes. `allowed` None: every code of an input.

    What must be true are the conditions, and that the model and its rivals are defined. Raises TooLargeError where an
    input has too many values.
    """
    allowed = allowed or [Allowed(domain.size) for domain in model.input_domains]
    graph = Graph()
    inputs = {
        name: graph.leaf(some.codes() + domain.low)
        for name, domain, some in zip(model.input_names, model.input_domains, allowed, strict=True)
    }
    variables = graph.model(model.guarded, inputs, {})
    true = tuple(graph.expression(condition, inputs) for condition in conditions)
    for partial in model.partial:
        nodes = graph.model(partial.guarded, inputs, {})
        true += tuple(nodes[truth] for truth in partial.hidden.values())
    extra = tuple(relation((leaf,), (np.arange(len(graph.leaf_values(leaf))),)) for leaf in inputs.values())
    return Layout(graph, model, inputs, variables, true, extra)


def listed(model: CausalModel, members: Codes, law: Sequence[str], linked: Sequence[int]) -> Layout:
    """One leaf for the row among `members` (codes, shape [row, input]), related to what cells and links read."""
    graph = Graph()
    row = graph.leaf(np.arange(len(members)))
    codes = model.run(members, {})
    columns, ranks = [row], [np.arange(len(members))]
    variables, inputs = {}, {}
    for name in dict.fromkeys(law):
        distinct, rank = ranked(codes[name] + model.domains[name].low)
        variables[name] = graph.leaf(distinct)
        columns.append(variables[name])
        ranks.append(rank)
    for index in linked:
        distinct, rank = ranked(members[:, index] + model.input_domains[index].low)
        inputs[model.input_names[index]] = graph.leaf(distinct)
        columns.append(inputs[model.input_names[index]])
        ranks.append(rank)
    return Layout(graph, model, inputs, variables, (), (relation(columns, ranks),), members, row)
