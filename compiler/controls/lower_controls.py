"""From a measurement to its controls: the same experiment where nothing is to be found, or where something must be.

Each is a measurement like any other, with the claim's own budget, shared through the plan, and run only once the claim
itself would hold.
"""

from collections.abc import Callable
from dataclasses import replace

from ...lang.claims import Estimand, Iia
from ...lang.places import IDENTITY, Family, Size
from ...lang.sites.components import is_module
from ..experiments import Control, Encoding, Fitting, Measurement, Origin
from ..groundings import Grounding, Place, Search, ground
from ..lowering.lower_estimands import Estimands
from ..lowering.lower_recipes import BOTH
from ..lowering.lower_scores import read_elsewhere
from ..network_facts import NetworkFacts
from ..sampling.items import Recipe
from ..terms import (
    Agree,
    Apart,
    Differ,
    Distance,
    Expectation,
    Gain,
    ModelWorld,
    NetworkWorld,
    Score,
    interchange,
    on_model,
    on_random,
)
from .scramble_model import scramble_model


class Controls:
    """The controls of measurements of one program."""

    def __init__(self, estimands: Estimands) -> None:
        self.estimands = estimands

    def vetoes(self, measurement: Measurement) -> tuple[Control, ...]:
        """What takes `holds` back, cheapest first; those that cannot run say why."""
        vetoes = (_random_subspace(measurement), _scrambled_model(measurement), _random_networks(measurement))
        return vetoes if measurement.origin is None else (*vetoes, _random_origin(measurement, measurement.origin))

    def notes(self, measurement: Measurement, estimand: Estimand) -> tuple[Control, ...]:
        """What is only noted: the same maps at the input, and one stage later; how far off patches lie.

        Of maps that are given, the last alone, and only where the file limits it.
        """
        if not isinstance(estimand, Iia):
            return ()
        if measurement.fitting is None or measurement.frozen:
            limited = self.estimands.program.settings.controls.divergence is not None
            return (_divergence(measurement),) if limited else ()
        return (self.input_site(measurement), self.next_stage(measurement), _divergence(measurement))

    def input_site(self, measurement: Measurement) -> Control:
        """The same maps where the network has computed nothing yet: do the inputs already carry the variables?"""
        name, why, first = "input_carries", _fixed(measurement), self._facts(measurement).first_site
        return Control(name, None, why, note=True) if why else self._moved(measurement, name, lambda place: first)

    def next_stage(self, measurement: Measurement) -> Control:
        """The same maps one stage later: what is found may be a child of the variable."""
        name, why, facts = "child", _fixed(measurement), self._facts(measurement)
        if not why and any(is_module(place.component) for place in _places(measurement)):
            why = "what comes after a module is known to its network alone"
        later = [] if why else [facts.next_site(place.component, place.layer) for place in _places(measurement)]
        if not why and None in later:
            why = "the site is the last: what is found there may be the output itself"
        if why:
            return Control(name, None, why, note=True)
        return self._moved(measurement, name, lambda place: facts.next_site(place.component, place.layer))

    def last_site(self, measurement: Measurement) -> Measurement:
        """The positive control: the output variable at the last site, with the same family, size and budget.

        On an untrained network nothing is there to be found: the control then searches the network itself.
        """
        assert measurement.grounding is not None
        network, fitting, origin = measurement.network, measurement.fitting, measurement.origin
        drawn = measurement.recipe if fitting is None else fitting.recipe
        model, halves = drawn.model, drawn.halves if fitting is not None else BOTH
        recipe = replace(drawn, variables=(model.output,), sets=((0,),), halves=halves)
        place = self._last_place(network, measurement.grounding, measurement.encoding)
        world, there = NetworkWorld(network, f"{model.output} at {place.text}"), None
        said = interchange(world, (model.output,), model.output)
        if origin is not None:
            last = self._last_place(origin.network, origin.grounding, origin.encoding)
            there = replace(
                origin,
                variables=(model.output,),
                grounding=ground([last]),
                fitting=_of_output(origin.fitting, recipe, last, origin.network),
            )
            said = read_elsewhere(said, NetworkWorld(origin.network, f"{model.output} at {last.text}"))
        return Measurement(
            text=f"last site: {model.output} at {place.text} via {place.family.text}",
            estimand="iia" if origin is None else "iia from",
            pairs=measurement.pairs,
            term=Expectation(
                Agree(said, interchange(ModelWorld(model.name), (model.output,), model.output)),
                f"items of {model.name}{{{model.output}}}, pairs {measurement.pairs}",
            ),
            network=network,
            random=False,
            recipe=recipe,
            count=measurement.count,
            encoding=measurement.encoding,
            variables=(model.output,),
            grounding=ground([place]),
            fitting=_of_output(fitting, recipe, place, network),
            origin=there,
        )

    def _last_place(self, network: str, grounding: Grounding, encoding: Encoding) -> Place:
        """The output at a network's last site, with the family and the size of the largest map that is learned."""
        facts = self.estimands.networks[network].facts
        frame = max((f for f in grounding.frames if not f.given), key=lambda f: f.size, default=grounding.frames[0])
        component, layer = facts.last_site
        width = facts.width(component, layer)
        assert width is not None
        positions = tuple(dict.fromkeys(answer.position for answer in encoding.answers))
        largest = max(block.size for block in frame.blocks)
        size: Size = "learned" if frame.learned_size else None if frame.given else min(largest, width)
        return Place(
            variable=0,
            component=component,
            layer=layer,
            dims=tuple(range(width)),
            width=width,
            family=frame.family if frame.autoencoder is None else IDENTITY,  # it reads no other site
            size=size,
            positions=positions,
            shared=len(positions) > 1,
        )

    def _moved(
        self, measurement: Measurement, name: str, site_of: Callable[[Place], tuple[str, int] | None]
    ) -> Control:
        """The same measurement with every place at another site."""
        facts, fitting = self._facts(measurement), measurement.fitting
        assert fitting is not None
        places = []
        for place in _places(measurement):
            site = site_of(place)
            assert site is not None
            width = facts.width(*site)
            assert width is not None
            dims = place.dims if width == place.width and place.head is None else tuple(range(width))
            if dims != place.dims and place.size is None:
                return Control(name, None, "a variable that fills its site has no counterpart there", note=True)
            component, layer = site
            places.append(replace(place, component=component, layer=layer, width=width, dims=dims, head=None))
        grounding = ground(places)
        if any(frame.size > frame.features for frame in grounding.frames):
            return Control(name, None, "the site there is too narrow", note=True)
        search = Search(tuple(((place,),) for place in places))
        moved = _again(measurement, name, grounding=grounding, fitting=replace(fitting, search=search))
        return Control(name, moved, note=True)

    def _facts(self, measurement: Measurement) -> NetworkFacts:
        return self.estimands.networks[measurement.network].facts


def _of_output(fitting: Fitting | None, recipe: Recipe, place: Place, network: str) -> Fitting | None:
    """A fit's counterpart for the output alone, at one place; of maps that are given there is none."""
    if fitting is None:
        return None
    search = Search((((place,),),))
    return replace(fitting, recipe=recipe, variables=recipe.variables, search=search, network=network, outer=None)


def _places(measurement: Measurement) -> tuple[Place, ...]:
    assert measurement.fitting is not None
    search = measurement.fitting.search
    return search.places((0,) * len(search.lines))


def _fixed(measurement: Measurement) -> str:
    """Why a measurement cannot be moved to another layer; empty where it can."""
    assert measurement.fitting is not None
    if measurement.fitting.search.open:
        return "its site is searched"
    if any(place.further for place in _places(measurement)):
        return "its vector lies at several sites"
    if any(place.autoencoder is not None for place in _places(measurement)):
        return "its autoencoder reads its own site"
    return "its site lies inside a variable" if measurement.fitting.outer is not None else ""


def _divergence(measurement: Measurement) -> Control:
    """How far the interventions put activations off the natural ones (a limit of the file makes it a veto)."""
    score = measurement.term.score
    assert isinstance(score, Agree)
    if measurement.recipe.counterparts is not None:
        why = "its positions are not as many tokens in every prompt"
        return Control("divergence", None, why, note=True)
    distance = Distance(score.left.run, score.left.variable)
    return Control("divergence", _again(measurement, "divergence", distance, estimand="divergence"), note=True)


def _random_networks(measurement: Measurement) -> Control:
    """Untrained networks of the same architecture, each with the whole procedure; the best on `select` counts."""
    name = "random networks"
    if measurement.random:
        return Control(name, None, "the estimand is one of random networks itself")
    return Control(name, _again(measurement, name, random=True, score=on_random(measurement.term.score)))


def _random_origin(measurement: Measurement, origin: Origin) -> Control:
    """Untrained networks where the sources are read: does the affine map bring the answer with it?"""
    name = "random origin"
    return Control(name, _again(measurement, name, origin=replace(origin, random=True)))


def _random_subspace(measurement: Measurement) -> Control:
    """A random frame of the same size in place of the learned one: at some sites any subspace works."""
    name, origin = "random subspace", measurement.origin
    assert measurement.grounding is not None
    groundings = [measurement.grounding] if origin is None else [measurement.grounding, origin.grounding]
    fittings = _fittings(measurement)
    learned = [frame for grounding in groundings for frame in grounding.frames if not frame.given]
    if not fittings:
        why = "a circuit is found, and no map" if measurement.rankings else "the maps to its variables are given"
        return Control(name, None, why)
    if any(fitting.search.open for fitting in fittings) or any(f.learned_size for f in learned):
        return Control(name, None, "the map's site or size is found by the search")
    if any(frame.inside for frame in learned):
        return Control(name, None, "its site lies inside a variable")
    if all(frame.size == frame.features for frame in learned):
        return Control(name, None, "the map has the site's full width")
    drawn = _again(measurement, name, grounding=_rotated(measurement.grounding), fitting=None, random_frames=True)
    if origin is not None:
        there = replace(origin, grounding=_rotated(origin.grounding), fitting=None, random_frames=True)
        drawn = replace(drawn, origin=there)
    return Control(name, drawn)


def _rotated(grounding: Grounding) -> Grounding:
    """The grounding with rotations in the place of learned maps."""
    return Grounding(
        tuple(
            f if f.given or f.autoencoder is not None else replace(f, family=Family("rotation"))
            for f in grounding.frames
        )
    )


def _scrambled_model(measurement: Measurement) -> Control:
    """Fixed random functions in place of the aligned variables' equations, in fit and test alike."""
    name, recipe, fittings = "scrambled model", measurement.recipe, _fittings(measurement)
    if isinstance(measurement.term.score, Gain | Differ | Apart):
        return Control(name, None, "an effect is compared with no model, so that nothing of one can be memorised")
    if not fittings:
        return Control(name, None, "its affine map is fitted to a network and to no model, so that it memorises none")
    variables = tuple(dict.fromkeys(variable for fitting in fittings for variable in fitting.variables))
    model = scramble_model(recipe.model, variables, recipe.seed)
    fitted = [scramble_model(fitting.recipe.model, variables, recipe.seed) for fitting in fittings]
    if model is None or None in fitted:
        return Control(name, None, "a variable's parents have too few or too many joint values to be scrambled")
    again = _again(
        measurement, name, score=on_model(measurement.term.score, model.name), recipe=replace(recipe, model=model)
    )

    def scrambled(fitting: Fitting | None) -> Fitting | None:
        found = None if fitting is None else fitted[fittings.index(fitting)]
        return (
            None if fitting is None or found is None else replace(fitting, recipe=replace(fitting.recipe, model=found))
        )

    origin = measurement.origin
    there = None if origin is None else replace(origin, fitting=scrambled(origin.fitting))
    return Control(name, replace(again, fitting=scrambled(measurement.fitting), origin=there))


def _fittings(measurement: Measurement) -> list[Fitting]:
    """How its maps are found, and those of the network in which its sources are read."""
    found = (measurement.fitting, None if measurement.origin is None else measurement.origin.fitting)
    return [fitting for fitting in found if fitting is not None]


def _again(measurement: Measurement, name: str, score: Score | None = None, **changes: object) -> Measurement:
    """The same measurement with some changes, of another score where one is given."""
    term = measurement.term if score is None else replace(measurement.term, score=score)
    return replace(measurement, text=f"{name}, for {measurement.text}", term=term, **changes)  # type: ignore[arg-type]
