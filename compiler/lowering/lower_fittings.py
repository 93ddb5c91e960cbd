"""From an alignment to how its maps are found: the population of all its sets, the search, and what lies around it."""

from collections.abc import Mapping

from ...lang.places import Site
from ...lang.program import Alignment, Program
from ..causal_model import CausalModel
from ..experiments import Fitting, NetworkFile
from ..groundings import Grounding, Search, ground
from .lower_alignments import lower_search
from .lower_recipes import all_sets, find_pairs, item_counts, lower_recipe


def lower_fitting(
    program: Program,
    models: Mapping[str, CausalModel],
    networks: Mapping[str, NetworkFile],
    alignment: Alignment,
    search: Search,
    network: str,
) -> Fitting:
    """How an alignment's maps are found on a network: on all non-empty sets of its variables."""
    model, variables = models[alignment.model], alignment.variables
    pairs = find_pairs(program, alignment.pairs, program.models[alignment.model].task)
    fit_count, select_count, _ = item_counts(program, pairs)
    return Fitting(
        recipe=lower_recipe(program, models, model, variables, all_sets(len(variables)), pairs),
        fit_count=fit_count,
        select_count=select_count,
        settings=alignment.fit,
        variables=variables,
        search=search,
        network=network,
        outer=_lower_outer(program, models, networks, alignment, network),
    )


def _lower_outer(
    program: Program,
    models: Mapping[str, CausalModel],
    networks: Mapping[str, NetworkFile],
    alignment: Alignment,
    network: str,
) -> tuple[Fitting, Grounding] | None:
    """The fitting of the alignment that some of this one's sites lie inside of."""
    places = [p.place for p in alignment.placements if isinstance(p.place, Site)]
    inside = {place.inside[0] for place in places if place.inside is not None}
    if not inside:
        return None
    outer = program.alignments[inside.pop()]
    search = lower_search(program, outer, models, networks[network])
    fitting = lower_fitting(program, models, networks, outer, search, network)
    return fitting, ground(search.places((0,) * len(search.lines)))
