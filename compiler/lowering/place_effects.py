"""Where everything that an effect sets, holds and reads lies in a network: one variable of its grounding each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from ...lang.circuits import TopSites
from ...lang.effects import CircuitSubject, Effect, RestSubject, SiteSubject, Subject, Taken, VariablesSubject
from ...lang.places import Placement, Site
from ...lang.program import Alignment, FitSettings, Program
from ...lang.record import record
from ..causal_model import CausalModel
from ..experiments import Fitting, NetworkFile, Ranking
from ..groundings import Place, Search, ground
from ..terms import Apart, Candidate, Cell, Differ, Expectation, Found, Gain, rewrite
from .lower_alignments import lower_search
from .lower_effects import aligned_names, handle_of, lower_effect, sites_of, sites_of_subject
from .lower_fittings import lower_fitting
from .lower_rests import at_tokens, place_rests
from .lower_searches import CANDIDATE, Measure, place_circuits, region_places
from .model_of_inputs import model_of_inputs
from .random_circuits import place_random
from .read_here import read_here

Term = TypeVar("Term")
Models = Mapping[str, CausalModel]
Networks = Mapping[str, NetworkFile]

CELLS = ""
"""Under what name the places of sites are looked for, among those of alignments."""


@record
class Named:
    """What an effect names, as variables with their places, and the fit of the maps among them."""

    variables: tuple[str, ...]
    places: tuple[Place, ...]
    fitting: Fitting | None


@record
class PlacedEffect:
    """The term of an effect over variables, and where each lies.

    Attributes:
        term: of two runs, in which circuits and rests are set cell by cell.
        variables: what is named first, then cells of searched circuits, of random ones, and of rests.
        rankings: how the searched circuits are chosen.
        draws: of each random circuit that is drawn, the indices of its variables.
        lacking: why there is no random circuit, where there is none.
    """

    term: Expectation
    variables: tuple[str, ...]
    places: tuple[Place, ...]
    rankings: tuple[Ranking, ...]
    draws: tuple[tuple[int, ...], ...]
    lacking: str


class Sites:
    """Where the sites and alignments of one network and task lie, each found once: a graph's effects name the same."""

    def __init__(self, program: Program, networks: Networks, network: str, task: str) -> None:
        self.program, self.file, self.network, self.task = program, networks[network], network, task
        self.known: dict[tuple[str, int], Place] = {}
        self.searches: dict[str, Search] = {}

    def search(self, name: str, models: Models) -> Search:
        """Where an alignment's variables lie, or may."""
        if name not in self.searches:
            self.searches[name] = lower_search(self.program, self.program.alignments[name], models, self.file)
        return self.searches[name]

    def place(self, site: Site, variable: int = 0) -> Place:
        """A site as the place of a variable of this index."""
        if (site.text, variable) not in self.known:
            model = model_of_inputs(self.program.tasks[self.task])
            sites = (Placement(site.text, site),)
            alone = Alignment(CELLS, model.name, self.network, sites, FitSettings(), None)
            search = lower_search(self.program, alone, {model.name: model}, self.file, task=self.task)
            (place,) = search.places((0,))
            self.known[site.text, variable] = replace(place, variable=variable)
        return self.known[site.text, variable]


def place_named(
    program: Program,
    models: Models,
    networks: Networks,
    effect: Effect,
    candidates: tuple[Place, ...],
    sites: Sites,
) -> Named:
    """The variables of the alignments that are named, those of what is fitted first; then sites; then `it`."""
    named = aligned_names(effect)
    aligned = [program.alignments[name] for name in named]
    searches = {name: sites.search(name, models) for name in named}
    learned = [each for each in aligned if _is_learned(searches[each.name])]
    fitting = None
    if learned:  # at most one
        fitting = lower_fitting(program, models, networks, learned[0], searches[learned[0].name], effect.network)
    variables, places = tuple[str, ...](), tuple[Place, ...]()
    for alignment in (*learned, *(each for each in aligned if each not in learned)):
        variables += tuple(handle_of(alignment.name, variable, named) for variable in alignment.variables)
        places += _first_places(searches[alignment.name], len(places))
    cells = {site.text: site for site in sites_of(program, effect)}
    places += tuple(sites.place(site, len(places) + index) for index, site in enumerate(cells.values()))
    variables += tuple(cells)
    if candidates:
        variables, places = (*variables, CANDIDATE), (*places, replace(candidates[0], variable=len(variables)))
    return Named(variables, places, fitting)


def place_effect(
    program: Program,
    networks: Networks,
    effect: Effect,
    named: Named,
    beside: tuple[Place, ...],
    measure: Measure,
) -> PlacedEffect:
    """What is chosen for an effect, beside what it names: searched circuits, random ones, and what either leaves.

    Random circuits are drawn from what the effect does not name, and from nothing that lies `beside`. `measure` lowers
    the score that a circuit is searched by.
    """
    file, controls = networks[effect.network], program.settings.controls
    term = name_cells(lower_effect(program, effect))
    score = term.score
    assert isinstance(score, Gain | Differ | Apart)
    variables, places = named.variables, named.places
    score, found, rankings = place_circuits(program, networks, score, len(variables), measure)
    variables, places = (*variables, *found), (*places, *found.values())

    def region(circuit: Found) -> tuple[Place, ...]:
        sites = program.circuits[circuit.name].sites
        assert isinstance(sites, TopSites)
        return region_places(program, networks, sites)

    known = dict(zip(variables, places, strict=True))
    others = [networks[name].facts for name in _networks_of_random(effect)]
    drawn = place_random(score, known, beside, file.facts, region, controls.random, program.settings.seed, others)
    variables, places = (*variables, *drawn.cells), (*places, *drawn.cells.values())

    spoken = file.spoken.get(effect.task)
    fed = len(program.tasks[effect.task].tokens) if spoken is None else spoken.positions
    at = {name: at_tokens(place, spoken) for name, place in zip(variables, places, strict=True)}
    own = [[variables[variable] for variable in draw] for draw in drawn.draws]
    left = place_rests(drawn.score, effect.rest, at, own, file.facts, file.facts.positions(fed))
    further = (replace(place, variable=len(variables) + i) for i, place in enumerate(left.places.values()))
    variables, places = (*variables, *left.places), (*places, *further)
    draws = tuple((*draw, *map(variables.index, held)) for draw, held in zip(drawn.draws, left.draws, strict=True))
    draws = draws or ((),) * (controls.random * any(setting.turned for setting in effect.settings))
    return PlacedEffect(replace(term, score=read_here(left.score)), variables, places, rankings, draws, drawn.lacking)


def place_subjects(
    program: Program, models: Models, networks: Networks, subjects: tuple[Subject, ...], sites: Sites
) -> tuple[Place, ...]:
    """Where things lie, or may: stated sites, alternatives of regions, and aligned variables."""
    stated = (site for subject in subjects for site in sites_of_subject(program, subject))
    found = [sites.place(site) for site in dict.fromkeys(stated)]
    for subject in subjects:
        if isinstance(subject, VariablesSubject) or (isinstance(subject, RestSubject) and subject.kind == "alignment"):
            name = subject.alignment if isinstance(subject, VariablesSubject) else subject.of
            lines = sites.search(name, models).lines
            found += (place for line in lines for alternative in line for place in alternative)
        elif isinstance(subject, CircuitSubject) and isinstance(
            searched := program.circuits[subject.circuit].sites, TopSites
        ):
            found += region_places(program, networks, searched)
    return tuple(found)


def _networks_of_random(effect: Effect) -> tuple[str, ...]:
    """The other networks in which random circuits take values."""
    taken = [p.value for setting in effect.settings for p in setting.value.portions if isinstance(p.value, Taken)]
    random = (each for each in taken if isinstance(each.subject, CircuitSubject | SiteSubject) and each.subject.random)
    return tuple(dict.fromkeys(each.network for each in random if each.network is not None))


def name_cells(term: Term) -> Term:
    """The term with each cell as a variable of its site's name, and `it`: a grounding then says where they are."""
    return rewrite(term, Cell | Candidate, lambda handle: handle.site if isinstance(handle, Cell) else CANDIDATE)


def _is_learned(search: Search) -> bool:
    return search.open or ground(search.places((0,) * len(search.lines))).learned


def _first_places(search: Search, before: int) -> tuple[Place, ...]:
    """The first alternative of every line, its variables counted after so many others."""
    places = search.places((0,) * len(search.lines))
    return tuple(replace(place, variable=before + place.variable) for place in places)
