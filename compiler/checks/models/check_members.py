"""Members of a family that are placed apart: whether interchanges give them joint values that no input has.

From an alignment's variables to a warning with the first such values. The counterfactual is that of the causal model's
equations all the same, but a network that was trained on inputs alone need not compute it.
"""

import math
from collections.abc import Sequence

import numpy as np

from ....lang.diagnostics import Diagnostic, Label
from ....lang.families import families_of
from ....lang.program import Alignment
from ...causal_model import CausalModel, Codes
from ...sampling.layouts import tabulated
from ...sampling.relations import Budget, TooLargeError
from ...sampling.spaces import SAMPLED
from .check_agreement import random_inputs

_MOST_ROWS = 1 << 19
_INPUTS_A_VALUE = 64
"""How many sampled inputs there must be for each pair of values, if one that none of them has is to tell something."""


def check_members(model: CausalModel, variables: tuple[str, ...], named: Sequence[Alignment]) -> list[Diagnostic]:
    """CS423 for the members of each family that could be placed as one; `named` are the alignments of the variables."""
    found: list[Diagnostic] = []
    whole = dict(model.families)
    for name, family in families_of(variables).items():
        members = tuple(variable for variable in variables if variable in family.members)
        missing = _first_missing(model, members) if name in whole and len(members) > 1 else None
        if missing is None:
            continue
        chosen, values, count, of, how = missing
        given = [f"`{each}` = {model.domains[each].show(value)}" for each, value in zip(chosen, values, strict=True)]
        for alignment in named:
            spans = list(dict.fromkeys(p.span for p in alignment.placements if p.variable in chosen))
            found.append(
                Diagnostic(
                    "CS423",
                    f"members of `{name}` are interchanged apart, and {count:,} of their {of:,} joint values are those "
                    "of no input",
                    Label(spans[-1]),
                    related=tuple(Label(span) for span in spans[:-1]),
                    notes=(f"for one, {' with '.join(given)}: {how}",),
                    help=f"place `{name}` by its name, as one variable: an interchange then takes all members from one "
                    "source; apart, the network is asked for what no input shows it",
                    severity="warning",
                )
            )
    return found


def _first_missing(
    model: CausalModel, members: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[int, ...], int, int, str] | None:
    """Variables with joint values of no input: the first such values, how many there are of how many, how it is known.

    Of all members where their joint values can be tabulated, else of the first two of which some are missing.
    """
    pairs = [(one, other) for index, one in enumerate(members) for other in members[index + 1 :]]
    large = False
    for chosen in dict.fromkeys((members, *pairs)):
        try:
            joint = _joint_values(model, chosen)
        except TooLargeError:
            large = True
            continue
        single = [np.unique(column) for column in joint.T]
        of = math.prod(len(values) for values in single)
        if len(joint) < of:
            return chosen, _first_absent(joint, single), of - len(joint), of, "decided by enumeration"
        if chosen == members:
            return None
    return _first_unseen(model, pairs, random_inputs(model, 0)) if large else None


def _first_unseen(
    model: CausalModel, pairs: Sequence[tuple[str, str]], inputs: Codes
) -> tuple[tuple[str, ...], tuple[int, ...], int, int, str] | None:
    """The same of the first two variables of which no sampled input has some values that single ones do have."""
    codes = model.run(inputs, {})
    for chosen in pairs:
        columns = np.stack([codes[name] for name in chosen], axis=1)
        single = [np.unique(column) for column in columns.T]
        of = math.prod(len(values) for values in single)
        if of * _INPUTS_A_VALUE > len(inputs):
            continue
        joint = np.unique(columns, axis=0)
        if len(joint) < of:
            how = f"{SAMPLED}: on none of {len(inputs):,} inputs"
            return chosen, _first_absent(joint, single), of - len(joint), of, how
    return None


def _joint_values(model: CausalModel, variables: tuple[str, ...]) -> Codes:
    """What variables are together on some admitted input; distinct, shape [tuple, variable]. Raises TooLargeError."""
    layout = tabulated(model, model.require)
    nodes = [layout.variables[name] for name in variables]
    solution = layout.graph.solve(nodes, layout.true, layout.extra, Budget(_MOST_ROWS))
    return np.unique(np.stack([solution.kept(node) for node in nodes], axis=1), axis=0)


def _first_absent(joint: Codes, single: Sequence[Codes]) -> tuple[int, ...]:
    """The first combination of the single values that is no row of `joint`, in lexicographic order."""
    ranks = [np.searchsorted(values, column) for values, column in zip(single, joint.T, strict=True)]
    counted = np.arange(len(joint) + 1)  # the combinations in their order, one more than there are rows
    digits: list[Codes] = []
    for values in reversed(single):
        counted, digit = np.divmod(counted, len(values))
        digits.append(digit)
    digits.reverse()
    differs = np.any([digit[:-1] != rank for digit, rank in zip(digits, ranks, strict=True)], axis=0)
    first = int(np.flatnonzero(np.append(differs, True))[0])
    return tuple(int(values[digit[first]]) for values, digit in zip(single, digits, strict=True))
