"""Variables in layers whose attention and MLP read the same stream: what lies in one cannot depend on the other.

The order of sites that every transformer has is checked without a network; this is what only its configuration says.
"""

from collections.abc import Mapping

from ....lang.descent import descendants
from ....lang.diagnostics import Diagnostic, Label
from ....lang.places import Placement, Region, Site
from ....lang.program import Alignment, Model
from ..root_place import root_place
from .check_positions import FedNetwork

ATTENTION = frozenset({"q", "k", "v", "head_out", "attn_out"})
MLP = frozenset({"mlp_act", "mlp_out"})


def check_branches(
    alignment: Alignment, model: Model, network: FedNetwork, alignments: Mapping[str, Alignment]
) -> list[Diagnostic]:
    """CS305 for a variable in the MLP of a layer of which a variable that it depends on is in the attention.

    A place that is searched is left to the search: some other alternative may be right.
    """
    if not network.facts.parallel:
        return []
    below = descendants(model)
    sites = [(placement, root_place(placement, alignments)) for placement in alignment.placements]
    found = []
    for child, lower in sites:
        for parent, upper in sites:
            if child.variable not in below[parent.variable] or isinstance(lower, Region) or isinstance(upper, Region):
                continue
            if _layers(lower, MLP) & _layers(upper, ATTENTION):
                found.append(_report(child, parent, network))
                break
    return found


def _layers(site: Site, components: frozenset[str]) -> set[int | None]:
    return {part.layer for part in site.parts if part.component in components}


def _report(child: Placement, parent: Placement, network: FedNetwork) -> Diagnostic:
    return Diagnostic(
        "CS305",
        f"a child beside its parent: in `{network.name}`, `{child.place.text}` does not read `{parent.place.text}`",
        Label(child.span, f"depends on `{parent.variable}`"),
        related=(Label(parent.span, "the parent"),),
        notes=("attention and MLP of a layer read the same stream there",),
        help=f"place `{child.variable}` in `resid_post` or a later layer, or leave it out",
    )
