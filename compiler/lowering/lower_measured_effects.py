"""From an effect to its measurement: what it sets and holds as places in a network, over bases and sources."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from ...lang.circuits import TopSites
from ...lang.effects import (
    CircuitSubject,
    Effect,
    Mean,
    MetricTarget,
    OnSource,
    RestSubject,
    Subject,
    Taken,
    VariablesSubject,
)
from ...lang.places import Placement, Region, Site
from ...lang.program import Alignment, FitSettings, Program
from ...lang.show_estimands import show_effect, show_mean
from ..causal_model import CausalModel
from ..experiments import Measurement, NetworkFile
from ..groundings import Place, Search, ground
from ..sampling.items import Half, Recipe
from ..terms import (
    CORRECT,
    Agree,
    Apart,
    Candidate,
    Cell,
    Differ,
    Expectation,
    Found,
    Gain,
    ModelWorld,
    NetworkWorld,
    interchange,
)
from .lower_alignments import lower_search
from .lower_counterparts import lower_counterparts
from .lower_effects import (
    aligned_names,
    handle_of,
    lower_effect,
    lower_mean,
    sites_of,
    sites_of_subject,
    stated_places,
)
from .lower_encoding import lower_encoding
from .lower_fittings import lower_fitting
from .lower_metrics import lower_metric
from .lower_recipes import find_pairs, item_counts, lower_recipe, models_of
from .lower_rests import at_tokens, place_rests
from .lower_searches import CANDIDATE, place_circuits, region_places
from .model_of_inputs import UNTOLD, model_of_inputs
from .random_circuits import place_random
from .read_here import read_here

Term = TypeVar("Term")

CELLS = ""
"""Under what name the places of sites are looked for, among those of alignments."""


def lower_measured_effect(
    program: Program,
    models: Mapping[str, CausalModel],
    networks: Mapping[str, NetworkFile],
    effect: Effect,
    candidates: tuple[Place, ...] = (),
    beside: tuple[Place, ...] = (),
) -> Measurement:
    """The measurement of an effect that can be run; of one that a circuit is searched by, `it` is its last variable.

    Random circuits are drawn from what the effect does not name, and from nothing that lies `beside`.

    Of one aligned variable the items are those of its interchange; else a source's correct output differs from the
    base's in half of the items. Of a task without a model it is any input.
    """
    named = aligned_names(effect)
    aligned = [program.alignments[name] for name in named]
    model = models[aligned[0].model] if aligned else _model_of(program, models, effect.task)
    (first, *others) = [setting.subject for setting in effect.settings]
    alone = not others and isinstance(first, VariablesSubject) and len(first.variables) == 1
    items_of = first.variables if alone and isinstance(first, VariablesSubject) else (model.output,)
    pairs = find_pairs(program, effect.pairs, effect.task)
    file = networks[effect.network]
    searches = {alignment.name: lower_search(program, alignment, models, file) for alignment in aligned}
    learned = [each for each in aligned if _is_learned(searches[each.name])]
    fitting = None
    if learned:  # at most one: the variables of what is fitted come first
        fitting = lower_fitting(program, models, networks, learned[0], searches[learned[0].name], effect.network)
    cells = dict(_cells(program, effect))
    if cells:
        sites = Alignment("", model.name, effect.network, tuple(cells.values()), FitSettings(), effect.pairs)
        searches[CELLS] = lower_search(program, sites, {**models, model.name: model}, file, task=effect.task)
    names, places = tuple[str, ...](), tuple[Place, ...]()
    for alignment in (*learned, *(each for each in aligned if each not in learned)):
        names += tuple(handle_of(alignment.name, variable, named) for variable in alignment.variables)
        places += _first_places(searches[alignment.name], len(places))
    if cells:
        names, places = (*names, *cells), (*places, *_first_places(searches[CELLS], len(places)))
    if candidates:
        names, places = (*names, CANDIDATE), (*places, replace(candidates[0], variable=len(names)))
    spoken = file.spoken.get(effect.task)
    fed = len(program.tasks[effect.task].tokens) if spoken is None else spoken.positions
    positions = file.facts.positions(fed)
    metric = effect.target.name if isinstance(effect.target, MetricTarget) else CORRECT
    term = name_cells(lower_effect(program, effect))
    score = term.score
    assert isinstance(score, Gain | Differ | Apart)
    score, found, rankings = place_circuits(
        program,
        networks,
        score,
        len(names),
        lambda by, tried: lower_measured_effect(program, models, networks, by, tried),
    )
    names, places = (*names, *found), (*places, *found.values())
    controls = program.settings.controls
    known = dict(zip(names, places, strict=True))

    def region(found: Found) -> tuple[Place, ...]:
        sites = program.circuits[found.name].sites
        assert isinstance(sites, TopSites)
        return region_places(program, networks, sites)

    drawn = place_random(score, known, beside, file.facts, region, controls.random, program.settings.seed)
    names, places, score = (*names, *drawn.cells), (*places, *drawn.cells.values()), drawn.score
    placed = {name: at_tokens(place, spoken) for name, place in zip(names, places, strict=True)}
    own = [[names[variable] for variable in draw] for draw in drawn.draws]
    left = place_rests(score, effect.rest, placed, own, file.facts, positions)
    further = tuple(replace(place, variable=len(names) + index) for index, place in enumerate(left.places.values()))
    names, places, score = (*names, *left.places), (*places, *further), left.score
    draws = tuple((*draw, *map(names.index, held)) for draw, held in zip(drawn.draws, left.draws, strict=True))
    return Measurement(
        text=show_effect(effect),
        estimand=effect.kind,
        pairs=pairs.name,
        term=replace(term, score=read_here(score)),
        network=effect.network,
        random=effect.random,
        recipe=_untold(
            lower_recipe(
                program,
                models,
                model,
                items_of,
                ((0,),),
                pairs,
                counterparts=lower_counterparts(set_to_source(program, effect), file.spoken.get(effect.task)),
            )
        ),
        count=item_counts(program, pairs)[2],
        encoding=lower_encoding(program, effect.task, file),
        variables=names,
        grounding=ground(places) if places else None,
        metric=lower_metric(program, effect.task, metric, file),
        fitting=fitting,
        rankings=rankings,
        draws=draws or ((),) * (controls.random * any(setting.turned for setting in effect.settings)),
        lacking=drawn.lacking,
        others=tuple(
            (name, lower_encoding(program, effect.task, networks[name]))
            for name in dict.fromkeys(value.network for value in effect.taken if isinstance(value, Taken))
            if name is not None
        ),
    )


def place_subjects(
    program: Program,
    models: Mapping[str, CausalModel],
    networks: Mapping[str, NetworkFile],
    network: str,
    task: str,
    subjects: tuple[Subject, ...],
) -> tuple[Place, ...]:
    """Where things lie, or may: stated sites, alternatives of regions, and aligned variables."""
    found = list[Place]()
    file = networks[network]
    for site in dict.fromkeys(site for subject in subjects for site in sites_of_subject(program, subject)):
        model = model_of_inputs(program.tasks[task])
        placed = Alignment("", model.name, network, (Placement(site.text, site),), FitSettings(), None)
        found += lower_search(program, placed, {model.name: model}, file, task=task).places((0,))
    for subject in subjects:
        if isinstance(subject, VariablesSubject) or (isinstance(subject, RestSubject) and subject.kind == "alignment"):
            name = subject.alignment if isinstance(subject, VariablesSubject) else subject.of
            lines = lower_search(program, program.alignments[name], models, file).lines
            found += (place for line in lines for alternative in line for place in alternative)
        elif isinstance(subject, CircuitSubject) and isinstance(
            sites := program.circuits[subject.circuit].sites, TopSites
        ):
            found += region_places(program, networks, sites)
    return tuple(found)


def lower_measured_mean(
    program: Program, models: Mapping[str, CausalModel], networks: Mapping[str, NetworkFile], mean: Mean
) -> Measurement:
    """The measurement of a mean over bases; `correct` is agreement with the model, as `accuracy` is."""
    model = _model_of(program, models, mean.task)
    pairs = find_pairs(program, mean.pairs, mean.task)
    world, file = NetworkWorld(mean.network, random=mean.random), networks[mean.network]
    agree = Agree(interchange(world, (), model.output), interchange(ModelWorld(model.name), (), model.output))
    metric = lower_metric(program, mean.task, mean.metric, file)
    return Measurement(
        text=show_mean(mean),
        estimand="mean",
        pairs=pairs.name,
        term=lower_mean(mean) if metric is not None else Expectation(agree, f"inputs of pairs {pairs.name}"),
        network=mean.network,
        random=mean.random,
        recipe=_untold(lower_recipe(program, models, model, (), ((),), pairs)),
        count=item_counts(program, pairs)[2],
        encoding=lower_encoding(program, mean.task, file),
        metric=metric,
    )


def _is_learned(search: Search) -> bool:
    return search.open or ground(search.places((0,) * len(search.lines))).learned


def _first_places(search: Search, before: int) -> tuple[Place, ...]:
    """The first alternative of every line, its variables counted after so many others."""
    places = search.places((0,) * len(search.lines))
    return tuple(replace(place, variable=before + place.variable) for place in places)


def _model_of(program: Program, models: Mapping[str, CausalModel], task: str) -> CausalModel:
    """A model of the task, by whose output items are drawn; its inputs alone where it has none."""
    known = models_of(program, models, task)
    return known[0] if known else model_of_inputs(program.tasks[task])


def _untold(recipe: Recipe) -> Recipe:
    """The recipe; of inputs alone bases and sources are drawn uniformly, and every source goes with every base."""
    if recipe.model.output != UNTOLD:
        return recipe
    halves: tuple[Half, ...] = ("keeping",) if recipe.variables else recipe.halves
    return replace(recipe, halves=halves, cells=recipe.cells or ())


def set_to_source(program: Program, effect: Effect) -> Iterator[Site | Region]:
    """The places that an effect sets to their own values on the source."""
    for setting in effect.settings:
        if any(isinstance(portion.value, OnSource) for portion in setting.value.portions):
            yield from stated_places(program, setting.subject)


def name_cells(term: Term) -> Term:
    """The term with each cell as a variable of its site's name, and `it`: a grounding then says where they are."""
    named: Term = _named(term)
    return named


def _named(node: Any) -> Any:
    if isinstance(node, Cell):
        return node.site
    if isinstance(node, Candidate):
        return CANDIDATE
    if isinstance(node, tuple):
        return tuple(_named(part) for part in node)
    if not is_dataclass(node) or isinstance(node, type):
        return node
    return replace(node, **{f.name: _named(getattr(node, f.name)) for f in fields(node)})


def _cells(program: Program, effect: Effect) -> Iterator[tuple[str, Placement]]:
    """Each site as the place of a variable of its name."""
    for site in sites_of(program, effect):
        yield site.text, Placement(site.text, site)
