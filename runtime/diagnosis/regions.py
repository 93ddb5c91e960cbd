"""Regions: where in the space of inputs network and model agree, found by a small decision tree.

The tree (CART: Breiman, Friedman, Olshen, Stone 1984) is grown on every other item to separate agreement from
disagreement; all that is said of its leaves is measured on the remaining items.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...compiler.causal_model import CausalModel, Codes
from ..statistics.intervals import clopper_pearson
from .diagnosis import Region, Regions
from .predicates import Facet, Predicate, count_predicates, list_facets, satisfies

DEPTH = 3
FEWEST = 50
"""A leaf has at least so many items, or `SMALLEST` of them all, whichever is more."""
SMALLEST = 0.02
GAIN = 0.02
"""By how much the tree must foretell agreement better than its more frequent value does."""
ALPHA = 0.05

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Leaf:
    """A region by its predicates (all hold), and whether items in it mostly agree."""

    predicates: tuple[Predicate, ...]
    agrees: bool


def find_regions(model: CausalModel, inputs: Codes, variables: tuple[str, ...], agree: Bools) -> Regions:
    """Regions of agreement and disagreement; none where they foretell agreement hardly better than the majority.

    Args:
        model: the causal model, whose variables the regions speak of.
        inputs: codes, shape [item, role, input]; the base stands in for sources that are not used.
        variables: the aligned variables, one for each source.
        agree: whether network and model agree, shape [item].
    """
    facets = list_facets(model, inputs, variables)
    grown, held = np.arange(0, len(agree), 2), np.arange(1, len(agree), 2)
    fewest = max(FEWEST, int(np.ceil(SMALLEST * len(grown))))
    leaves = _grow(facets, agree, grown, fewest, ())
    inside = [_inside(facets, leaf, held) for leaf in leaves]
    foretold = sum(int((agree[rows] == leaf.agrees).sum()) for leaf, rows in zip(leaves, inside, strict=True))
    right, n = int(agree[held].sum()), len(held)
    majority, accuracy = (max(right, n - right) / n, foretold / n) if n else (1.0, 1.0)
    if accuracy < majority + GAIN:
        return Regions(accuracy, majority, ())
    found = [_measure(model, leaf, agree[rows]) for leaf, rows in zip(leaves, inside, strict=True) if len(rows)]
    return Regions(accuracy, majority, tuple(sorted(found, key=lambda region: region.estimate)))


def _grow(
    facets: list[Facet], agree: Bools, rows: Rows, fewest: int, above: tuple[Predicate, ...]
) -> tuple[_Leaf, ...]:
    """The leaves below a node; one alone where all of them would say the same."""
    leaf = _Leaf(above, bool(2 * agree[rows].sum() >= len(rows)))
    split = _best_split(facets, agree, rows, fewest) if len(above) < DEPTH else None
    if split is None:
        return (leaf,)
    facet, predicate = split
    leaves: tuple[_Leaf, ...] = ()
    for side in (predicate, replace(predicate, holds=False)):
        leaves += _grow(facets, agree, rows[satisfies(facet, side)[rows]], fewest, (*above, side))
    return (leaf,) if len({below.agrees for below in leaves}) == 1 else leaves


def _best_split(facets: list[Facet], agree: Bools, rows: Rows, fewest: int) -> tuple[Facet, Predicate] | None:
    """The predicate that leaves the least Gini impurity, the first of equals; None where none leaves less."""
    n, right = len(rows), int(agree[rows].sum())
    least, best = _impurity(np.array([n]), np.array([right]))[0] - 1e-9, None
    for facet in facets:
        counted = count_predicates(facet, rows, agree)
        impurity = _impurity(counted.n, counted.right) + _impurity(n - counted.n, right - counted.right)
        impurity[(counted.n < fewest) | (n - counted.n < fewest)] = np.inf
        if len(impurity) and impurity.min() < least:
            least, best = impurity.min(), (facet, counted.predicates[int(impurity.argmin())])
    return best


def _impurity(n: Rows, right: Rows) -> npt.NDArray[np.float64]:
    """Gini impurity times the number of items, without its factor 2: n p (1 - p), for each split's one side."""
    impurity: npt.NDArray[np.float64] = right * (n - right) / np.maximum(n, 1)
    return impurity


def _inside(facets: list[Facet], leaf: _Leaf, rows: Rows) -> Rows:
    """Those of the rows that lie in a leaf."""
    by_name = {(facet.variable, facet.source_of): facet for facet in facets}
    for predicate in leaf.predicates:
        rows = rows[satisfies(by_name[predicate.variable, predicate.source_of], predicate)[rows]]
    return rows


def _measure(model: CausalModel, leaf: _Leaf, agree: Bools) -> Region:
    right, n = int(agree.sum()), len(agree)
    interval = clopper_pearson(right, n, ALPHA)
    where = tuple(predicate.show(model) for predicate in leaf.predicates)
    return Region(where, right, n, right / n, interval.low, interval.high)
