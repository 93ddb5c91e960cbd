"""Which modules are set and searched: those whose dims are known, and that nothing else is to be ordered with."""

from ....lang.circuits import TopSites
from ....lang.effects import CircuitSubject, Effect, Subject
from ....lang.places import Region, Site
from ....lang.program import Alignment, Program
from ...lowering.lower_effects import stated_places
from ...lowering.site_widths import site_width
from ...network_facts import NetworkFacts


def find_module_obstacle(effect: Effect, program: Program, facts: NetworkFacts | None) -> str:
    """What of an effect's modules is not set; nothing where it names none, or modules alone whose dims are known."""
    places = [place for thing in effect.things for place in _places(program, thing)]
    parts = [part for place in places for part in place.parts]
    modules = [part for part in parts if part.module is not None]
    if not modules:
        return ""
    if unknown := [part for part in modules if not is_known(part, [] if facts is None else [facts])]:
        return f"the site `{unknown[0].text}`, of which it is not known how wide it is: name its dims"
    if beside := [part.text for part in parts if part.module is None]:
        return f"`{modules[0].text}` beside `{beside[0]}`: which comes first is known to the network alone"
    return ""


def find_region_obstacle(alignment: Alignment, facts: list[NetworkFacts]) -> tuple[Region, str] | None:
    """A region of modules in which a variable is not searched for, and why."""
    for placement in alignment.placements:
        if not isinstance(placement.place, Region):
            continue
        for part in placement.place.parts:
            if part.module is None:
                continue
            if len(alignment.placements) > 1:
                return part, "with other variables, which lie earlier or later than modules whose order is not known"
            if not is_known(part, facts):
                return part, "of which it is not known how wide it is"
    return None


def is_known(site: Site | Region, facts: list[NetworkFacts]) -> bool:
    """Whether it is known which dims a module's site has."""
    if site.dims is not None and site.dims != "each":
        return True
    own = Site(site.component, None, module=site.module)
    return bool(facts) and all(site_width(own, each) is not None for each in facts)


def _places(program: Program, thing: Subject) -> tuple[Site | Region, ...]:
    sites = program.circuits[thing.circuit].sites if isinstance(thing, CircuitSubject) else None
    return (sites.region,) if isinstance(sites, TopSites) else stated_places(program, thing)
