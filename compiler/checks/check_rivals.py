"""Rivals that no declared intervention tells apart: from alignments of different models to diagnostics with the proof.

Two alignments predict the same where their variables can be matched so that every set of variables, interchanged with
the same base and the same sources, gives the same output in both models. A claim that sets one against the other is
then decided by nothing but the search.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice, permutations

import numpy as np

from ...lang.claims import Claim, Iia
from ...lang.diagnostics import Diagnostic, Label, Span
from ...lang.program import Alignment, Program
from ..causal_model import CausalModel, Codes
from ..lowering.lower_recipes import all_sets
from ..sampling.flatten import Graph
from ..sampling.layouts import tabulated
from ..sampling.relations import MOST_ROWS, Budget, TooLargeError, relation

_MOST_VARIABLES = 3
_MOST_PAIRS, _MOST_LOOKED_AT = 200, 100_000
_IN_FULL, _FEWEST_ROWS = 8, 1 << 14
"""Pairs that are each looked at as if they were the only ones, and rows of tables for each, however many there are."""

Pair = tuple[str, str]
"""A variable of the first model and its counterpart in the second."""


def check_rivals(program: Program, models: Mapping[str, CausalModel]) -> tuple[Diagnostic, ...]:
    """An error for each pair of alignments that are set against each other and always predict the same."""
    found: list[Diagnostic] = []
    opposed = _opposed(program)
    compared: dict[tuple[str, tuple[str, ...], str, tuple[str, ...]], tuple[Pair, ...] | None] = {}
    rows = max(MOST_ROWS // max(1, len(opposed) // _IN_FULL), _FEWEST_ROWS)
    for (first, second), (span, what) in opposed.items():
        one, other = program.alignments[first], program.alignments[second]
        key = one.model, one.variables, other.model, other.variables
        if key not in compared:
            if len(compared) == _MOST_PAIRS:
                found.append(_not_all(span))
                break
            compared[key] = find_twins(models[one.model], one.variables, models[other.model], other.variables, rows)
        matched = compared[key]
        if matched is None:
            continue
        twins = ", ".join(f"`{first}.{a}` with `{second}.{b}`" for a, b in matched)
        found.append(
            Diagnostic(
                "CS422",
                f"no interchange tells `{first}` and `{second}` apart: `{one.model}` and `{other.model}` predict the "
                "same output under each",
                Label(span, what),
                related=(Label(one.span, f"`{first}`"), Label(other.span, f"`{second}`")),
                notes=(f"matched are {twins}: decided by enumeration over all bases and sources",),
                help="align a variable on which the models differ, or drop one of the rivals",
            )
        )
    return tuple(found)


def _not_all(span: Span) -> Diagnostic:
    return Diagnostic(
        "CS224",
        f"whether interchanges tell rivals apart was decided for {_MOST_PAIRS} pairs of alignments only",
        Label(span, "the first pair that was left out"),
        help="compare fewer rivals in one file",
        severity="warning",
    )


def find_twins(
    first: CausalModel,
    ours: Sequence[str],
    second: CausalModel,
    theirs: Sequence[str],
    rows: int = MOST_ROWS,
) -> tuple[Pair, ...] | None:
    """A matching of the variables under which both models predict the same for every set; None if there is none.

    None, too, where it cannot be decided: for more than three variables, or where tables grow beyond so many rows.
    """
    if len(ours) != len(theirs) or len(ours) > _MOST_VARIABLES:
        return None
    try:
        for order in permutations(theirs):
            matched = tuple(zip(ours, order, strict=True))
            if all(not _differ(first, second, [matched[i] for i in chosen], rows) for chosen in all_sets(len(ours))):
                return matched
    except TooLargeError:
        pass
    return None


def _differ(first: CausalModel, second: CausalModel, matched: Sequence[Pair], rows: int) -> bool:
    """Whether some base and sources give different outputs, both defined, when the matched variables are interchanged.

    Of a source only the two variables' values matter, so that all pairs of these that occur together stand for the
    sources. Raises TooLargeError.
    """
    layout = tabulated(first, first.require)
    graph = layout.graph
    settings: tuple[dict[str, int], dict[str, int]] = ({}, {})
    relations = list(layout.extra)
    for pair in matched:
        values = _occurring_pairs(first, second, pair, rows)
        leaves, codes = [], []
        for name, column, setting in zip(pair, values, settings, strict=True):
            distinct, rank = np.unique(column, return_inverse=True)
            setting[name] = graph.leaf(distinct)
            leaves.append(setting[name])
            codes.append(rank.reshape(-1))
        relations.append(relation(leaves, codes))
    outputs, defined = [], []
    for model, setting in zip((first, second), settings, strict=True):
        settled = {truth: graph.constant(1) for name in setting for truth in model.settles(name)}
        nodes = graph.model(model.guarded, layout.inputs, setting | settled)
        outputs.append(nodes[model.output])
        defined += [nodes[model.hidden[model.output]]] if model.output in model.hidden else []
    differs = graph.apply("!=", outputs)
    return graph.solve([], (*layout.true, *defined, differs), relations, Budget(rows)).elimination.total > 0


def _occurring_pairs(first: CausalModel, second: CausalModel, pair: Pair, rows: int) -> tuple[Codes, Codes]:
    """The values that two variables have together on admitted inputs; each of shape [pair]."""
    layout = tabulated(first, first.require)
    graph: Graph = layout.graph
    nodes = layout.variables[pair[0]], graph.model(second, layout.inputs, {})[pair[1]]
    solution = graph.solve(nodes, layout.true, layout.extra, Budget(rows))
    return solution.kept(nodes[0]), solution.kept(nodes[1])


def _opposed(program: Program) -> dict[Pair, tuple[Span, str]]:
    """Pairs of alignments of different models that a claim sets against each other, or that name the same places."""
    found: dict[Pair, tuple[Span, str]] = {}
    for claim in program.claims.values():
        for pair in _differences(claim):
            found.setdefault(pair, (claim.span, "sets one against the other"))
    alike: dict[object, list[Alignment]] = {}
    for alignment in program.alignments.values():
        alike.setdefault((alignment.network, _places(alignment)), []).append(alignment)
    found = {pair: where for pair, where in found.items() if _are_rivals(program, pair)}
    pairs = (pair for group in alike.values() for pair in combinations(group, 2))
    for one, other in islice(pairs, _MOST_LOOKED_AT):
        if (other.name, one.name) not in found and _are_rivals(program, (one.name, other.name)):
            found.setdefault((one.name, other.name), (other.span, "at the same places"))
    return found


def _are_rivals(program: Program, pair: Pair) -> bool:
    one, other = (program.models[program.alignments[name].model] for name in pair)
    return one.name != other.name and one.task == other.task


def _differences(claim: Claim) -> Iterator[Pair]:
    """Alignments whose whole IIA enters a comparison with opposite signs."""
    for part in claim.parts:
        signed = [(term, 1) for term in part.left.terms] + [(term, -1) for term in part.right.terms]
        named = [
            (term.estimand.alignment, sign * term.numerator)
            for term, sign in signed
            if isinstance(term.estimand, Iia) and term.estimand.only is None and not term.estimand.random
        ]
        for (one, plus), (other, minus) in permutations(named, 2):
            if plus > 0 > minus:
                yield one, other


def _places(alignment: Alignment) -> tuple[str, ...]:
    return tuple(placement.place.text for placement in alignment.placements)
