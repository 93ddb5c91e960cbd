"""Items: from a recipe to bases, sources, sets and halves, drawn as the language says and repeatable item by item.

This file holds the types; `draw_items.py` draws from a population, `enumerate_items.py` runs through the whole domain.
"""

from dataclasses import field
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...lang.domains import BOOL
from ...lang.expressions import Apply, Expression, in_role
from ...lang.later import LATER
from ...lang.record import record
from ..causal_model import CausalModel, Codes

Split = Literal["fit", "select", "test"]
Half = Literal["changing", "keeping", "exposed"]
"""`exposed` items keep the output although a source of the set has another one: on these a leak could show."""
FEWEST_ITEMS = 200
"""Of fewer test items no bound is decided."""


@record
class HeldOut:
    """Input codes kept out of `fit` and `select`; `codes` None: each value's split is drawn by hash."""

    input: str
    codes: tuple[int, ...] | None


@record
class Counterparts:
    """Sources have as many tokens as their base at some `positions`: `counts` of an input are how many, in order."""

    positions: tuple[str, ...]
    counts: tuple[Expression, ...]

    @property
    def where(self) -> tuple[Expression, ...]:
        """The same as conditions on a base and a source together."""
        return tuple(Apply("==", (in_role(each, "base"), in_role(each, "source")), BOOL) for each in self.counts)


@record
class Recipe:
    """A population of items: everything that their law depends on, and nothing else.

    `variables` are the aligned variables in order of declaration (empty for `accuracy`: an item is then a base alone);
    `sets` the interchanged sets, as indices into `variables`; `where` conditions on single inputs (base and every
    source alike) or, where their variables carry a role, on a base and a source together, over inputs only (model
    variables are substituted away before). `halves` are those that count: `changing` and `keeping`, or the one
    that an estimand names. `cells` are the variables by whose values inputs are balanced; with none (`()`) inputs are
    drawn uniformly, and None stands for the aligned variables and the output.
    """

    model: CausalModel
    variables: tuple[str, ...]
    sets: tuple[tuple[int, ...], ...]
    where: tuple[Expression, ...]
    held_out: tuple[HeldOut, ...]
    shares: tuple[float, float, float]
    seed: int
    halves: tuple[Half, ...] = ("changing", "keeping")
    cells: tuple[str, ...] | None = None
    counterparts: Counterparts | None = field(default=None, metadata=LATER)
    """Where it lets only some sources go with a base since their prompts differ; its conditions are among `where`."""


def admitted_inputs(model: CausalModel, variables: tuple[str, ...] = ()) -> Recipe:
    """The model's admitted inputs, and every single variable as a set."""
    sets = tuple((i,) for i in range(len(variables))) or ((),)
    return Recipe(model, variables, sets, (), (), (0.0, 0.0, 1.0), 0)


@record
class Items:
    """A batch of items.

    `inputs` are codes, shape [item, role, input], role 0 the base and role j the source of variable j-1; `cell` is the
    index of (set, half) in `Population.cells`, shape [item]. `multiplicity`, shape [item], tells how many items of the
    whole domain each one stands for (None: itself alone).
    """

    inputs: Codes
    cell: npt.NDArray[np.int64]
    multiplicity: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def bases(self) -> Codes:
        """The bases, shape [item, input]."""
        return self.inputs[:, 0]

    def source(self, variable: int) -> Codes:
        """The sources of one variable, shape [item, input]."""
        return self.inputs[:, 1 + variable]


@record
class Undefined:
    """Of `of` items the interchange leaves `count` without an output; they are not drawn.

    `exact` where these are all items of the sets that count, else they are drawn at random, whatever their half.
    """

    count: int
    of: int
    exact: bool

    @property
    def text(self) -> str:
        """In words, for a reader of results."""
        what = "items" if self.exact else "random bases and sources"
        return f"the interchange leaves the output without a value on {self.count:,} of {self.of:,} {what}: not drawn"
