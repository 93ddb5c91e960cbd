"""Predicates on items: what can be said of one in the causal model's own variables, on its base and on its sources.

A variable that is not interchanged takes its value from the base, which then counts as its source.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...compiler.causal_model import CausalModel, Codes

FEW = 16
"""Domains of more values are compared by order alone."""


@dataclass(frozen=True)
class Facet:
    """One variable of the causal model in one role of the items: `source_of` is None for the base.

    `codes` has shape [item]. With `ordered`, values may be compared by order; with `listed`, one by one.
    """

    variable: str
    source_of: str | None
    codes: Codes
    ordered: bool
    listed: bool


@dataclass(frozen=True)
class Predicate:
    """`variable == code` or `variable <= code` in one role, or (`holds` False) its negation."""

    variable: str
    source_of: str | None
    relation: Literal["==", "<="]
    code: int
    holds: bool = True

    def show(self, model: CausalModel) -> str:
        """In words: `left is true on the base`, `x <= 3 on the source of left`."""
        domain = model.domains[self.variable]
        holds, code = self.holds, self.code
        if domain.is_boolean and not holds:
            holds, code = True, 1 - code
        value = model.show_value(self.variable, code)
        if self.relation == "<=":
            said = f"{self.variable} {'<=' if holds else '>'} {value}"
        else:
            said = f"{self.variable} {'is' if holds else 'is not'} {value}"
        if self.source_of is None:
            return f"{said} on the base"
        return f"{said} on {'its source' if self.source_of == self.variable else f'the source of {self.source_of}'}"


def list_facets(model: CausalModel, inputs: Codes, variables: tuple[str, ...]) -> list[Facet]:
    """Everything that predicates may speak of: the model's variables before its inputs, the base before the sources.

    Args:
        model: the causal model.
        inputs: codes, shape [item, role, input]; the base stands in for sources that are not used.
        variables: the aligned variables, one for each source.
    """
    computed = tuple(mechanism.name for mechanism in model.mechanisms)
    runs = [model.run(inputs[:, role], {}) for role in range(1 + len(variables))]
    return [
        facet
        for names in (computed, model.input_names)
        for role, source_of in enumerate((None, *variables))
        for name in names
        if (facet := _facet(model, name, source_of, runs[role][name])) is not None
    ]


def _facet(model: CausalModel, name: str, source_of: str | None, codes: Codes) -> Facet | None:
    """None where nothing can be said: one value, or many without an order."""
    domain = model.domains[name]
    ordered = domain.is_integer and not domain.parts and domain.size > 2
    listed = domain.size <= FEW
    return Facet(name, source_of, codes, ordered, listed) if domain.size > 1 and (ordered or listed) else None


@dataclass(frozen=True)
class Counted:
    """A facet's predicates on some items: how many satisfy each, and how many of these agree; shape [predicate]."""

    predicates: tuple[Predicate, ...]
    n: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]


def count_predicates(facet: Facet, rows: npt.NDArray[np.int64], agree: npt.NDArray[np.bool_]) -> Counted:
    """The predicates of a facet that split these rows, with their counts; `agree` has shape [item]."""
    values, index = np.unique(facet.codes[rows], return_inverse=True)
    n = np.bincount(index, minlength=len(values))
    right = np.bincount(index, weights=agree[rows], minlength=len(values)).astype(np.int64)
    said: list[Predicate] = []
    counts: list[npt.NDArray[np.int64]] = []
    if facet.listed and len(values) > 1:
        said += [Predicate(facet.variable, facet.source_of, "==", int(value)) for value in values]
        counts.append(np.stack([n, right]))
    if facet.ordered and len(values) > 1:
        said += [Predicate(facet.variable, facet.source_of, "<=", int(value)) for value in values[:-1]]
        counts.append(np.stack([n, right]).cumsum(1)[:, :-1])
    whole = np.concatenate([np.zeros((2, 0), dtype=np.int64), *counts], 1)
    return Counted(tuple(said), whole[0], whole[1])


def satisfies(facet: Facet, predicate: Predicate) -> npt.NDArray[np.bool_]:
    """Which items satisfy a predicate of this facet, shape [item]."""
    found = facet.codes == predicate.code if predicate.relation == "==" else facet.codes <= predicate.code
    satisfied: npt.NDArray[np.bool_] = found == predicate.holds
    return satisfied
