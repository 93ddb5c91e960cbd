"""Fits: maps that are learned on a network, on the items of `fit` and `select`."""

from ..budgets import CHECKS, count_looks, rung_steps
from ..experiments import Encoding, Fitting, Measurement
from ..groundings import Grounding
from ..keys import content_key
from ..plan import CODE_VERSIONS, FitStep, NetworkSource
from ..terms import Agree, ModelWorld, NetworkWorld, interchange
from .autoencoder_keys import autoencoder_parts
from .step_graph import StepGraph


def plan_fit_of(measurement: Measurement, network: NetworkSource, steps: StepGraph) -> str | None:
    """The fit of a measurement's maps: on the network that is measured, unless they are carried over."""
    fitting = measurement.fitting
    if fitting is None:
        return None
    home = steps.plan_network(fitting.network, None) if measurement.frozen else network
    return plan_fit(fitting, fitting.grounding, home, measurement.encoding, steps)


def plan_fit(
    fitting: Fitting, grounding: Grounding, network: NetworkSource, encoding: Encoding, steps: StepGraph
) -> str:
    """Fit, with that of the maps inside of which it searches."""
    fit = steps.plan_items(fitting.recipe, "fit", fitting.fit_count, encoding)
    select = steps.plan_items(fitting.recipe, "select", fitting.select_count, encoding)
    outer = None if fitting.outer is None else plan_fit(*fitting.outer, network, encoding, steps)
    parts = {
        "network": network.key,
        "search": fitting.search,
        "outer": outer,
        "fit": fit,
        "select": select,
        "settings": fitting.settings,
        **autoencoder_parts(fitting.search),
    }
    seed = steps.seed("fit", content_key("fit", CODE_VERSIONS["fit"], **parts))
    step = FitStep(
        key=content_key(
            "fit", CODE_VERSIONS["fit"], seed=seed, engine=steps.fitted_by, **parts, **_looks_part(fitting)
        ),
        network=network,
        grounding=grounding,
        search=fitting.search,
        outer=outer,
        score=_fitted_score(fitting),
        model=fitting.recipe.model,
        fit=fit,
        select=select,
        settings=fitting.settings,
        select_count=fitting.select_count,
        seed=seed,
        variables=fitting.variables,
    )
    return steps.add(step, fit, select, outer)


def _looks_part(fitting: Fitting) -> dict[str, int]:
    """What enters the key of a fit whose shortest training is too short for all looks at `select`."""
    settings, steps = fitting.settings, fitting.settings.steps
    for line in fitting.search.lines:
        steps = min(steps, *rung_steps(settings.steps, len(line), trained=True))
    looks = count_looks(steps, settings.batch, fitting.select_count)
    return {} if looks == CHECKS else {"looks": looks}


def _fitted_score(fitting: Fitting) -> Agree:
    """What the fit maximises: the interchange of all the alignment's variables, within each item's set."""
    model = fitting.recipe.model
    return Agree(
        interchange(NetworkWorld(fitting.network), fitting.variables, model.output),
        interchange(ModelWorld(model.name), fitting.variables, model.output),
    )
