"""Checks of what `cae` needs: variables that determine the output, and maps whose complement is a subspace.

From a typed program and its models to diagnostics.
"""

from collections.abc import Mapping

from ...lang.claims import Reading
from ...lang.diagnostics import Diagnostic, Label
from ...lang.places import Site
from ...lang.program import Program
from ..causal_model import CausalModel


def check_readings(program: Program, models: Mapping[str, CausalModel]) -> tuple[Diagnostic, ...]:
    """Every `cae` of every claim."""
    estimands = [
        (term.estimand, claim.span)
        for claim in program.claims.values()
        for part in claim.parts
        for term in (*part.left.terms, *part.right.terms)
    ]
    found = [
        problem
        for estimand, _ in estimands
        if isinstance(estimand, Reading) and estimand.kind == "cae"
        for problem in _check_cae(program, models, estimand)
    ]
    return tuple(dict.fromkeys(found))


def _check_cae(program: Program, models: Mapping[str, CausalModel], estimand: Reading) -> list[Diagnostic]:
    alignment = program.alignments[estimand.alignment]
    label, found = Label(estimand.span), []
    model = models[alignment.model]
    if path := _path_around(model, set(alignment.variables)):
        found.append(
            Diagnostic(
                "CS437",
                f"`cae` needs variables that determine the output, and `{alignment.name}` leaves a way around them",
                label,
                notes=("the way is " + " -> ".join(f"`{name}`" for name in path),),
                help="align a variable on that way, too",
            )
        )
    families = [estimand.via[0]] if estimand.via is not None else [p.family for p in alignment.placements]
    nested = any(isinstance(p.place, Site) and p.place.inside is not None for p in alignment.placements)
    if nested or any(family.name == "revnet" for family in families):
        found.append(
            Diagnostic(
                "CS438",
                "`cae` needs maps whose blocks are subspaces, so that the rest is one, too",
                label,
                help="use `identity`, `rotation` or another linear family, at the network's own sites",
            )
        )
    return found


def _path_around(model: CausalModel, aligned: set[str]) -> tuple[str, ...]:
    """A path from an input to the output that meets no aligned variable; empty where there is none."""
    waiting: list[tuple[str, ...]] = [(model.output,)]
    seen = set(aligned)
    while waiting:
        path = waiting.pop()
        if path[0] in seen:
            continue
        seen.add(path[0])
        if path[0] in model.input_names:
            return path
        waiting += [(parent, *path) for parent in model.parents[path[0]]]
    return ()
