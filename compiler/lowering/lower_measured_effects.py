"""From an effect to its measurement: what it sets and holds as places in a network, over bases and sources."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...lang.effects import Effect, Mean, MetricTarget, OnSource, Taken, VariablesSubject
from ...lang.places import Region, Site
from ...lang.program import Program
from ...lang.show_estimands import show_effect, show_mean
from ..causal_model import CausalModel
from ..experiments import Measurement, NetworkFile
from ..groundings import Place, ground
from ..sampling.items import Half, Recipe
from ..terms import CORRECT, Agree, Expectation, ModelWorld, NetworkWorld, interchange
from .lower_counterparts import lower_counterparts
from .lower_effects import aligned_names, lower_mean, stated_places
from .lower_encoding import lower_encoding
from .lower_metrics import lower_metric
from .lower_recipes import find_pairs, item_counts, lower_recipe, models_of
from .model_of_inputs import UNTOLD, model_of_inputs
from .place_effects import Sites, place_effect, place_named


def lower_measured_effect(
    program: Program,
    models: Mapping[str, CausalModel],
    networks: Mapping[str, NetworkFile],
    effect: Effect,
    candidates: tuple[Place, ...] = (),
    beside: tuple[Place, ...] = (),
    sites: Sites | None = None,
) -> Measurement:
    """The measurement of an effect that can be run; of one that a circuit is searched by, `it` is its last variable.

    Random circuits are drawn from what the effect does not name, and from nothing that lies `beside`. `sites` are those
    of its network and task that were placed for other effects.

    Of one aligned variable the items are those of its interchange; else a source's correct output differs from the
    base's in half of the items. Of a task without a model it is any input.
    """
    named = aligned_names(effect)
    model = models[program.alignments[named[0]].model] if named else _model_of(program, models, effect.task)
    file, pairs = networks[effect.network], find_pairs(program, effect.pairs, effect.task)
    sites = sites or Sites(program, networks, effect.network, effect.task)
    things = place_named(program, models, networks, effect, candidates, sites)
    placed = place_effect(
        program,
        networks,
        effect,
        things,
        beside,
        lambda by, tried: lower_measured_effect(program, models, networks, by, tried),
    )
    counterparts = lower_counterparts(set_to_source(program, effect), file.spoken.get(effect.task))
    items_of = _one_variable(effect) or (model.output,)
    recipe = lower_recipe(program, models, model, items_of, ((0,),), pairs, counterparts=counterparts)
    metric = effect.target.name if isinstance(effect.target, MetricTarget) else CORRECT
    taken = dict.fromkeys(value.network for value in effect.taken if isinstance(value, Taken))
    return Measurement(
        text=show_effect(effect),
        estimand=effect.kind,
        pairs=pairs.name,
        term=placed.term,
        network=effect.network,
        random=effect.random,
        recipe=_untold(recipe),
        count=item_counts(program, pairs)[2],
        encoding=lower_encoding(program, effect.task, file),
        variables=placed.variables,
        grounding=ground(placed.places) if placed.places else None,
        metric=lower_metric(program, effect.task, metric, file),
        fitting=things.fitting,
        rankings=placed.rankings,
        draws=placed.draws,
        lacking=placed.lacking,
        others=tuple(
            (name, lower_encoding(program, effect.task, networks[name])) for name in taken if name is not None
        ),
    )


def _one_variable(effect: Effect) -> tuple[str, ...] | None:
    """The aligned variable, if an effect sets one and nothing else."""
    first = effect.settings[0].subject
    if len(effect.settings) == 1 and isinstance(first, VariablesSubject) and len(first.variables) == 1:
        return first.variables
    return None


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
