"""Typed placements -> whether every variable lies later in the computation than those that it depends on."""

from collections.abc import Mapping, Sequence
from math import inf, isnan, nan

from ...descent import descendants
from ...diagnostics import Label
from ...places import Placement, Region, Site
from ...program import Model
from ...scope import AlignmentView, Reporter
from ...sites.components import COMPONENTS
from ...sites.inner_sites import root_site


def check_order(
    placements: Sequence[Placement], model: Model, views: Mapping[str, AlignmentView | None], report: Reporter
) -> None:
    """A variable that depends on another lies strictly later, or an interchange of one would overwrite the other."""
    below = descendants(model)
    for child in placements:
        for parent in placements:
            if child.variable not in below[parent.variable]:
                continue
            latest, earliest = _depths(child, views)[1], _depths(parent, views)[0]
            one_site = isinstance(child.place, Region) and child.line == parent.line
            if not latest <= earliest and not one_site:  # depths that compare with nothing are the network's to order
                continue
            where = "not later than" if latest == earliest else "earlier than"
            places = f"`{child.place.text}` is {where} `{parent.place.text}`"
            report.error(
                "CS305",
                f"a child at its parent's site: `{child.variable}` depends on `{parent.variable}`, and "
                + ("one line gives them one site" if one_site else places),
                child.span,
                f"depends on `{parent.variable}`",
                related=[Label(parent.span, "the parent")],
                help=f"search for `{child.variable}` on a line of its own"
                if one_site
                else f"place `{child.variable}` in a later layer, or leave it out",
            )
            break


def _depths(placement: Placement, views: Mapping[str, AlignmentView | None]) -> tuple[float, float]:
    """When a placement's site is computed: the earliest of what it may be or is joined of, and the latest.

    A vector of several sites is set at each of them, so that what depends on it lies after its latest part.
    """
    place = placement.place
    if isinstance(place, Site):
        depths = [COMPONENTS[part.component].depth(part.layer) for part in root_site(place, views).parts]
        return (max(depths), min(depths)) if place.joined else (depths[0], depths[0])
    found: list[float] = []
    for part in place.parts:
        component = COMPONENTS[part.component]
        if not component.layered:
            found.append(component.stage)
        else:
            found += [component.depth(layer) for layer in part.layers] if part.layers is not None else [0, inf]
    return (nan, nan) if any(map(isnan, found)) else (min(found), max(found))
