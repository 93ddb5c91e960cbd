"""From a measurement to its controls: the same experiment where nothing is to be found.

Each is a measurement like any other, with the claim's own budget, shared through the plan, and run only once the claim
itself would hold.
"""

from dataclasses import replace

from .experiments import Control, Measurement
from .scramble_model import scramble_model
from .terms import Agree, Expectation, ModelWorld, NetworkWorld, interchange


def lower_controls(measurement: Measurement) -> tuple[Control, ...]:
    """The controls of a learned estimand that is bounded from below, cheapest first; those that cannot run say why."""
    return (_random_subspace(measurement), _scrambled_model(measurement), _random_networks(measurement))


def _random_networks(measurement: Measurement) -> Control:
    """Untrained networks of the same architecture, each with the whole procedure; the best on `select` counts."""
    name = "random networks"
    if measurement.random:
        return Control(name, None, "the estimand is one of random networks itself")
    world = measurement.term.score.left.run.world
    assert isinstance(world, NetworkWorld)
    return Control(name, _again(measurement, name, world=replace(world, random=True), random=True))


def _random_subspace(measurement: Measurement) -> Control:
    """A random frame of the same size in place of the learned one: at some sites any subspace works."""
    name = "random subspace"
    assert measurement.grounding is not None
    if all(f.size == len(f.dims) for f in measurement.grounding.frames if not f.given):
        return Control(name, None, "the map has the site's full width")
    return Control(name, _again(measurement, name, fitting=None, random_frames=True))


def _scrambled_model(measurement: Measurement) -> Control:
    """Fixed random functions in place of the aligned variables' equations, in fit and test alike."""
    name, recipe, fitting = "scrambled model", measurement.recipe, measurement.fitting
    assert fitting is not None
    model = scramble_model(recipe.model, recipe.variables, recipe.seed)
    if model is None:
        return Control(name, None, "a variable's parents have too few or too many joint values to be scrambled")
    world = measurement.term.score.left.run.world
    score = Agree(
        interchange(world, recipe.variables, model.output),
        interchange(ModelWorld(model.name), recipe.variables, model.output),
    )
    return Control(
        name,
        replace(
            measurement,
            text=f"{name}, for {measurement.text}",
            term=Expectation(score, measurement.term.population),
            recipe=replace(recipe, model=model),
            fitting=replace(fitting, recipe=replace(fitting.recipe, model=model)),
        ),
    )


def _again(measurement: Measurement, name: str, world: NetworkWorld | None = None, **changes: object) -> Measurement:
    """The same measurement with some changes, in another world of the network where one is given."""
    term, variables = measurement.term, measurement.recipe.variables
    if world is not None:
        left = interchange(world, variables, term.score.left.variable)
        term = replace(term, score=replace(term.score, left=left))
    text = f"{name}, for {measurement.text}"
    return replace(measurement, text=text, term=term, **changes)  # type: ignore[arg-type]
