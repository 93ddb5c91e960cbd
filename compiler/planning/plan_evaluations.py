"""Evaluations: a measurement's score on its items, with the fits and rankings that it needs."""

from typing import Any

from ..experiments import Measurement, Origin
from ..keys import content_key
from ..lowered_form import lowered_form
from ..plan import CODE_VERSIONS, Candidate, EvaluateStep, FoundCircuit, OriginPlaces
from ..sampling.items import Recipe, Split
from ..terms import Agree, Amount
from .autoencoder_keys import autoencoder_parts
from .evaluation_parts import NATURAL, canonical, plan_others, replies_keys
from .plan_fits import plan_fit, plan_fit_of
from .plan_rankings import plan_rankings
from .step_graph import StepGraph, runs_by


def plan_evaluation(measurement: Measurement, exhaustively: bool, steps: StepGraph, apart: Recipe | None = None) -> str:
    """Evaluate, with the fits that it needs: one for each network that `random(N)` draws.

    Items are those of the recipe `apart`, where there is one; labels are the measurement's own always.
    """
    origin = measurement.origin
    random = measurement.random or (origin is not None and origin.random)
    draws = range(steps.settings.controls.random) if random else [None]
    candidates = tuple(_plan_candidate(measurement, draw, steps) for draw in draws)
    circuits = tuple(FoundCircuit(ranking.name, ranking.variables) for ranking in measurement.rankings)
    split: Split | None = None if exhaustively else "test"
    items = steps.plan_items(apart or measurement.recipe, split, measurement.count, measurement.encoding)
    select = _plan_select(measurement, steps) if len(candidates) > 1 else None
    natural: str | None = None
    if origin is not None or not isinstance(measurement.term.score, Agree | Amount):
        natural = steps.plan_items(measurement.recipe, "fit", NATURAL, measurement.encoding)
    others = plan_others(measurement, steps)
    parts: dict[str, Any] = {
        "estimand": (measurement.estimand, measurement.version),
        "items": items,
        "candidates": [(c.network.key, c.fit, c.frame_seed) for c in candidates],
        "grounding": measurement.grounding,
        "score": canonical(measurement),
        "natural": natural,
        "select": select,
        "engine": steps.engine,
        **autoencoder_parts(() if measurement.grounding is None else measurement.grounding.frames),
    }
    if others:
        parts["others"] = others
    if circuits:
        parts["circuits"] = (circuits, [candidate.ranks for candidate in candidates])
    if origin is not None:
        parts |= _origin_parts(measurement, origin, candidates)
    if measurement.draws:
        parts["draws"] = measurement.draws
    if apart is not None:
        parts["labels"] = measurement.recipe.model.canonical
    found = [key for candidate in candidates for key in (*candidate.fits, *candidate.ranks)]
    look = parts | {"engine": steps.fitted_by if found or origin is not None else runs_by("fused")}
    if measurement.metric is not None:
        looked = content_key("unjudged", 1, form=look | {"metric": lowered_form(measurement.metric)})
        key = content_key("evaluate", CODE_VERSIONS["evaluate"], **parts, metric=measurement.metric)
    else:
        key = content_key("evaluate", CODE_VERSIONS["evaluate"], **parts)
        same = look["engine"] == parts["engine"]
        looked = key if same else content_key("evaluate", CODE_VERSIONS["evaluate"], **look)
    steps.looks[key] = looked
    step = EvaluateStep(
        key=key,
        text=measurement.text if apart is None else f"{measurement.text}, where the models part",
        score=measurement.term.score,
        model=measurement.recipe.model,
        items=items,
        candidates=candidates,
        grounding=measurement.grounding,
        variables=measurement.variables,
        select=select,
        natural=natural,
        others=others,
        metric=measurement.metric,
        replies=replies_keys(measurement, natural, others, steps.engine),
        circuits=circuits,
        draws=measurement.draws,
        origin=None if origin is None else OriginPlaces(origin.grounding, origin.variables, origin.encoding),
        version=measurement.version,
    )
    return steps.add(step, items, select, natural, *found)


def plan_fit_key(measurement: Measurement, steps: StepGraph) -> str | None:
    """The fit of a measurement's maps on its own network, or on the first of the random ones."""
    source, origin = steps.plan_network(measurement.network, 0 if measurement.random else None), measurement.origin
    fit = plan_fit_of(measurement, source, steps)
    if origin is None:
        return fit
    there = _plan_origin(origin, 0, steps)
    places = (measurement.grounding, origin.grounding)
    return content_key("linear", 1, networks=(source.key, there.network.key), fits=(fit, there.fit), places=places)


def _plan_select(measurement: Measurement, steps: StepGraph) -> str:
    """The items of `select` by which one of several networks is chosen; a fit's own choice knows of no origin."""
    fitting = measurement.fitting if measurement.origin is None else None
    recipe = measurement.recipe if fitting is None else fitting.recipe
    count = measurement.count if fitting is None else fitting.select_count
    return steps.plan_items(recipe, "select", count, measurement.encoding)


def _plan_candidate(measurement: Measurement, draw: int | None, steps: StepGraph) -> Candidate:
    """A network to measure; `draw` numbers the untrained one, or the one in which its sources are read."""
    source = steps.plan_network(measurement.network, draw if measurement.random else None)
    fit, seed, origin = plan_fit_of(measurement, source, steps), _frame_seed(measurement, steps), measurement.origin
    there = None if origin is None else _plan_origin(origin, draw, steps)
    return Candidate(source, fit, seed, there, plan_rankings(measurement, source, steps))


def _plan_origin(origin: Origin, draw: int | None, steps: StepGraph) -> Candidate:
    """The network in which sources are read, with the fit of its own maps."""
    source, fitting = steps.plan_network(origin.network, draw if origin.random else None), origin.fitting
    fit = None if fitting is None else plan_fit(fitting, fitting.grounding, source, origin.encoding, steps)
    return Candidate(source, fit, _frame_seed(origin, steps))


def _origin_parts(measurement: Measurement, origin: Origin, candidates: tuple[Candidate, ...]) -> dict[str, Any]:
    """What a key says of the network in which sources are read."""
    read = [(c.origin.network.key, c.origin.fit, c.origin.frame_seed) for c in candidates if c.origin]
    places = {name: index for index, name in enumerate(origin.variables)}
    same = [places.get(name) for name in measurement.variables]
    parts = {"candidates": read, "grounding": origin.grounding, "fed": origin.encoding, "same": same}
    return {"origin": parts | autoencoder_parts(origin.grounding.frames)}


def _frame_seed(measurement: Measurement | Origin, steps: StepGraph) -> int | None:
    if not measurement.random_frames:
        return None
    return steps.seed("random subspace", content_key("frames", 1, g=measurement.grounding))
