"""What searches for witnesses cost, in values computed, and how much of it all searches of a file may use together."""

from ....lang.expressions import Expression
from ...causal_model import CausalModel
from ...expressions import count_nodes
from ...sampling.relations import MOST_ROWS, Budget, TooLargeError

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
        return max(_FEWEST_RUNS, min(runs, self.left // run_cost(model, violation)))

    def sampled(self, model: CausalModel, violation: Expression, most: int) -> int:
        """How many runs may be computed in one search by sampling, `most` at most."""
        runs = _affordable(_cost(model) + count_nodes(violation), most)
        return max(_FEWEST_RUNS, min(runs, self.samples // (_SHARE * run_cost(model, violation))))

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


def run_cost(model: CausalModel, violation: Expression) -> int:
    """The same with what choosing the input costs, and what is looked for."""
    return _cost(model) + count_nodes(violation) + _INPUT * len(model.input_names)
