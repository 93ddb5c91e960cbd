"""The model's interpreter of counterfactual terms: a query and a batch of items in, codes of the output out."""

from collections.abc import Mapping
from dataclasses import field, replace

import numpy as np
import numpy.typing as npt

from ..lang.record import record
from .causal_model import CausalModel, Codes
from .hold_children import copy_for_readers, edge_name
from .sampling.draw_items import Population
from .sampling.items import Items
from .terms import CodeOf, Handle, ModelWorld, OutputOf, Run, Value, ValueOf


@record
class Batch:
    """Items as both interpreters read them.

    `inputs` are what each world reads (the model: codes, shape [item, role, input]; a network: token ids, shape
    [item, role, position]), `members` tells which variables are in each item's set S, shape [item, variable], and
    `variables` names its columns. `fixed` are values that are the same for every item, such as means, as features of
    their frame in a network, shape [group, feature].
    """

    inputs: npt.NDArray[np.int64]
    members: npt.NDArray[np.bool_]
    variables: tuple[str, ...]
    fixed: Mapping[Value, npt.NDArray[np.float32]] = field(default_factory=dict)
    drawn: Mapping[tuple[str, Value], npt.NDArray[np.float32]] = field(default_factory=dict)
    """Values of each item's own by the handle that is set to them, as features of its frame, [item, group, feature]."""
    forced: npt.NDArray[np.int64] | None = None
    """Tokens that a network is fed after the prompt whose answer is read, shape [item, token], -1 for none."""
    further: int | None = None
    """At how many positions after the first one logits are read; None: at as many as the task's answers need."""

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: npt.NDArray[np.int64] | slice) -> "Batch":
        """The items of these rows."""
        forced = None if self.forced is None else self.forced[rows]
        drawn = {key: value[rows] for key, value in self.drawn.items()}
        return replace(self, inputs=self.inputs[rows], members=self.members[rows], drawn=drawn, forced=forced)


def members_of(population: Population, items: Items) -> npt.NDArray[np.bool_]:
    """Which variables are in each item's set, shape [item, variable]."""
    recipe = population.recipe
    table = np.zeros((len(population.cells), len(recipe.variables)), dtype=bool)
    for row, cell in enumerate(population.cells):
        table[row, list(recipe.sets[cell.set_index])] = True
    members: npt.NDArray[np.bool_] = table[items.cell]
    return members


def model_batch(population: Population, items: Items) -> Batch:
    """Items as the causal model reads them."""
    return Batch(items.inputs, members_of(population, items), population.recipe.variables)


def evaluate_in_model(query: OutputOf | ValueOf, model: CausalModel, batch: Batch) -> Codes:
    """The codes of the query's variable for every item, shape [item].

    Runs that occur more than once in the term are computed once. Raises ValueError for a term of another world, and for
    what a causal model has not: cells, numbers, means.
    """
    done: dict[Run, dict[str, Codes]] = {}

    def run(term: Run) -> dict[str, Codes]:
        if not isinstance(term.world, ModelWorld):
            raise ValueError("a network's term cannot be evaluated in a causal model")
        if term not in done:
            copied, interventions = model, {}
            for assignment in term.assignments:
                target = _variable(assignment.target)
                where = np.ones(len(batch), dtype=bool)
                if term.within_set:
                    where = batch.members[:, batch.variables.index(target)]
                if assignment.readers is not None:
                    copied = copy_for_readers(copied, target, assignment.readers)
                    target = edge_name(target, *assignment.readers)
                interventions[target] = (value(assignment.value), where)
            done[term] = copied.run(batch.inputs[:, term.input], interventions)
        return done[term]

    def value(term: Value) -> Codes:
        match term:
            case ValueOf(variable=handle, run=inner, through=None):
                return run(inner)[_variable(handle)]
            case CodeOf(code=code):
                return np.full(len(batch), code, dtype=np.int64)
        raise ValueError(f"a {type(term).__name__} has no value in a causal model")

    return run(query.run)[_variable(query.variable)]


def _variable(handle: Handle) -> str:
    if not isinstance(handle, str):
        raise ValueError("a causal model has variables only")
    return handle
