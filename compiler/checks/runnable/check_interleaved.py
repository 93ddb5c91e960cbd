"""Vectors of sites at several layers with other variables between them: what a run sets there has no one meaning."""

from collections.abc import Iterator, Mapping
from math import inf, isnan, nan

from ....lang.diagnostics import Diagnostic, Label
from ....lang.effects import Effect, VariablesSubject
from ....lang.places import Region, Site
from ....lang.program import Alignment
from ....lang.sites.components import COMPONENTS
from ..root_place import root_place


def find_interleaved(
    alignment: Alignment, alignments: Mapping[str, Alignment], exchanged: bool
) -> Iterator[Diagnostic]:
    """An error for each vector of several layers between whose parts another variable may lie.

    The vector is taken from a run in which what lies before all of it is set; what lies after all of it changes it not.
    In between, the parts would be those of different runs. Whole sites that are only `exchanged` need no such run.
    """
    placed = [(placement, root_place(placement, alignments)) for placement in alignment.placements]
    for placement, place in placed:
        if exchanged and placement.family.name == "identity" and placement.sizes == (None,):
            continue
        if isinstance(place, Region) or len({_activation(part) for part in place.parts}) == 1:
            continue
        first, last = _depths(place)
        for other, there in placed:
            if there == place:
                continue
            earliest, latest = _depths(there)
            if not (latest <= first or earliest >= last):
                message = (
                    f"the vector of several layers of `{placement.variable}`, between which `{other.variable}` may lie,"
                    " is checked, and no engine of this version runs it"
                )
                yield Diagnostic(
                    "CS519",
                    message,
                    Label(placement.place.span),
                    (Label(other.place.span, f"`{other.variable}` is here"),),
                    help="place other variables before all parts of the vector or after them, or in another alignment",
                )
                break


def sets_layers_beside(estimand: Effect, alignments: Mapping[str, Alignment]) -> bool:
    """Whether an effect sets a vector of several layers beside something else, which may lie in between."""
    named = {subject.alignment for subject in estimand.subjects if isinstance(subject, VariablesSubject)}
    places = [root_place(placement, alignments) for name in named for placement in alignments[name].placements]
    scattered = any(isinstance(p, Site) and len({_activation(part) for part in p.parts}) > 1 for p in places)
    return scattered and len(estimand.subjects) > 1


def _activation(part: Site) -> object:
    return part.component, part.layer, part.module


def _depths(place: Site | Region) -> tuple[float, float]:
    """When a place is computed: the earliest and the latest. Modules have `nan`, which compares with nothing."""
    if isinstance(place, Site):
        depths = [COMPONENTS[part.component].depth(part.layer) for part in place.parts]
    else:
        depths = [d for part in place.parts for d in _region_depths(part)]
    return (nan, nan) if any(map(isnan, depths)) else (min(depths), max(depths))


def _region_depths(region: Region) -> list[float]:
    component = COMPONENTS[region.component]
    if not component.layered:
        return [component.depth(None)]
    return [-inf, inf] if region.layers is None else [component.depth(layer) for layer in region.layers]
