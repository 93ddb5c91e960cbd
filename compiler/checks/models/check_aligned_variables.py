"""Aligned variables whose own interchange can never change the output, and pairs of them that always move together."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.program import Alignment, Program
from ...causal_model import CausalModel, Codes
from ...sampling.halves import halves_that_occur
from ...sampling.items import admitted_inputs
from ...sampling.layouts import tabulated
from ...sampling.open_spaces import open_spaces
from ...sampling.quick_look import look_quickly
from ...sampling.relations import TooLargeError
from ...sampling.spaces import SAMPLED
from .check_members import check_members

_SAMPLE = 4096


def check_aligned_variables(program: Program, model: CausalModel, variables: tuple[str, ...]) -> list[Diagnostic]:
    """Variables whose own interchange can never change the output, and pairs that always move together."""
    found: list[Diagnostic] = []
    named = [a for a in program.alignments.values() if a.model == model.name and a.variables == variables]
    found += check_members(model, variables, named)
    recipe = admitted_inputs(model, variables)
    look = look_quickly(recipe, None)
    if all(met.get("changing") for met in look.met):
        codes = model.run(look.bases, {})
        if not any(_is_bijection(np.stack([codes[v] for v in pair], axis=1)) for pair in combinations(variables, 2)):
            return found
    generator = np.random.Generator(np.random.Philox(key=2))
    spaces = open_spaces(recipe, None, 3)
    if not len(spaces.base):  # admitted inputs are too rare for a sampled pool: nothing can be said
        return found
    occurring, notes = halves_that_occur(recipe, spaces, generator)
    empty = [variables[index] for index, halves in occurring.items() if "changing" not in halves]
    if SAMPLED in (spaces.base.how, spaces.source.how) and not notes:
        notes = (f"{SAMPLED}: no base and source among many do",)
    never = "was not seen to change" if notes else "can never change"
    for variable in empty:
        own = tuple(note for note in notes if f"`{variable}`" in note or "halves of" not in note)
        for alignment in named:
            found.append(
                Diagnostic(
                    "CS420",
                    f"interchanging `{alignment.name}.{variable}` {never} the output of `{model.name}`",
                    Label(_placed(alignment, variable)),
                    notes=own or ("no base and source of the whole domain do: decided by enumeration",),
                    help=f"leave `{variable}` out of the alignment, or let the output depend on it",
                    severity="warning" if notes else "error",
                )
            )
    sample = spaces.base.draw(spaces.base.choose(np.zeros((_SAMPLE, 0), dtype=np.int64), generator), generator)
    codes = model.run(sample, {})
    for one, other in combinations([v for v in variables if v not in empty], 2):
        how = _move_together(model, codes, one, other)
        for alignment in named if how else ():
            found.append(
                Diagnostic(
                    "CS421",
                    f"`{one}` and `{other}` always move together: no pair of inputs "
                    + ("was found that tells them apart" if SAMPLED in how else "tells them apart"),
                    Label(_placed(alignment, other), f"`{other}` determines `{one}`, and `{one}` determines it"),
                    related=(Label(_placed(alignment, one), f"its twin `{one}`"),),
                    notes=(how,),
                    severity="warning" if SAMPLED in how else "error",
                    help=f"align one of them alone, or let `{one}` and `{other}` vary apart in the task's inputs",
                )
            )
    return found


def _move_together(model: CausalModel, sample: Mapping[str, Codes], one: str, other: str) -> str:
    """How it was decided that two variables are a bijection of each other on all admitted inputs; empty: they are not.

    `sample` holds codes of every variable on some admitted inputs.
    """
    if not _is_bijection(np.stack([sample[one], sample[other]], axis=1)):
        return ""
    try:
        layout = tabulated(model, model.require)
        nodes = layout.variables[one], layout.variables[other]
        solution = layout.graph.solve(nodes, layout.true, layout.extra)
    except TooLargeError:
        return f"{SAMPLED}: on {_SAMPLE:,} inputs balanced over their values"
    pairs = np.stack([solution.kept(node) for node in nodes], axis=1)
    return "decided by enumeration" if _is_bijection(pairs) else ""


def _is_bijection(pairs: Codes) -> bool:
    """Whether each value of either column goes with one value of the other; pairs [row, 2]."""
    return _determines(pairs[:, 0], pairs[:, 1]) and _determines(pairs[:, 1], pairs[:, 0])


def _determines(one: Codes, other: Codes) -> bool:
    """Whether each value of a column goes with one value of another; both [row].

    Asking for distinct values alone, without where they are, would import numpy's masked arrays.
    """
    _, first, group = np.unique(one, return_index=True, return_inverse=True)
    return bool((other[first][group] == other).all())


def _placed(alignment: Alignment, variable: str) -> Span:
    return next(p.span for p in alignment.placements if p.variable == variable)
