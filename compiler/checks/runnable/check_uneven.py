"""Which estimands run at positions that are not as many tokens in every prompt: token by token, by no found map."""

from ....lang.circuits import TopSites
from ....lang.claims import Accuracy, Estimand, Iia
from ....lang.effects import CircuitSubject, Effect, Mean, MeanOf, OnSource, Setting, Subject, Taken, VariableTarget
from ....lang.places import Position, Region, Site
from ....lang.program import Program
from ...lowering.lower_counterparts import places_of, uneven_positions
from ...lowering.lower_effects import stated_places
from ...prompts import SpokenTask


def find_uneven_obstacle(estimand: Estimand, program: Program, spoken: SpokenTask | None) -> str:
    """What of an estimand is not measured where prompts differ in their tokens; nothing where it is measured."""
    places = _places(estimand, program)
    found = uneven_positions(places, spoken)
    if not found or spoken is None:
        return ""
    text = f"`{found[0].text}`, which is not as many tokens in every prompt"
    counts = dict(spoken.counts)
    for position in found:
        if position.slot not in counts:
            return f"`{position.text}`, of which the inputs do not tell how many tokens it is"
    if any(isinstance(place, Region) for place in places if uneven_positions([place], spoken)):
        return f"a search at {text}"
    if any(place.joined for place in _of_these(places, found)):
        return f"a vector of several sites at {text}"
    match estimand:
        case Iia() if estimand.origin is not None:
            return f"sources of another network at {text}"
        case Iia():
            placements = program.alignments[estimand.alignment].placements
            learned = any(placement.under(estimand.via).learned for placement in placements)
            return f"maps that are learned beside {text}" if learned else ""
        case Effect():
            if isinstance(estimand.target, VariableTarget) and uneven_positions(_read(estimand, program), spoken):
                return f"the variable `{estimand.target.text}` read at {text}"
            return next((what for setting in estimand.settings if (what := _of_value(setting, text))), "")
    return f"what is read at {text}"


def _places(estimand: Estimand, program: Program) -> list[Site | Region]:
    """The places that an estimand names."""
    match estimand:
        case Accuracy() | Mean():
            return []
        case Effect():
            return [
                *(place for thing in estimand.things for place in _named(program, thing)),
                *_read(estimand, program),
            ]
    origin = estimand.origin if isinstance(estimand, Iia) else None
    read = (program.alignments[name] for name in (estimand.alignment, origin) if name is not None)
    return [place for alignment in read for place in places_of(alignment)]


def _named(program: Program, thing: Subject) -> tuple[Site | Region, ...]:
    """The places of a thing; of a circuit that is searched for, its region."""
    sites = program.circuits[thing.circuit].sites if isinstance(thing, CircuitSubject) else None
    return (sites.region,) if isinstance(sites, TopSites) else stated_places(program, thing)


def _read(effect: Effect, program: Program) -> list[Site | Region]:
    """Where the variable lies that an effect is on."""
    target = effect.target
    if not isinstance(target, VariableTarget):
        return []
    placed = [p for p in program.alignments[target.alignment].placements if p.variable == target.variable]
    return [place for each in placed for place in each.members or (each.place,)]


def _of_these(places: list[Site | Region], positions: list[Position]) -> list[Site]:
    sites = [place for place in places if isinstance(place, Site)]
    return [site for site in sites if any(p in (part.positions or ()) for part in site.parts for p in positions)]


def _of_value(setting: Setting, text: str) -> str:
    """What of a value needs as many tokens in all prompts: means and draws are over inputs, others of other places."""
    for portion in setting.value.portions:
        match portion.value:
            case MeanOf():
                return f"a mean at {text}"
            case OnSource(shuffled=True):
                return f"`shuffled` units at {text}"
            case Taken(subject=subject, network=network) if network is not None or subject != setting.subject:
                return f"a value of another place or network at {text}"
            case OnSource() | Taken():
                continue
        return f"`noise` at {text}"
    return ""
