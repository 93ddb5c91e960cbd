"""What estimands mean, a second time: every item of a whole domain, run by itself, in plain Python.

Nothing here is shared with cspec, and nothing is fast. An input is a dictionary from names to values, as is a run of a
causal model; a run of a network is the list of its layers, the embedding first and the logits last. docs/estimands.md
says the same in words.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = Mapping[str, int]
Vector = NDArray[np.float64]
Layers = list[Vector]
Half = bool
"""Whether an interchange changes the model's output, or keeps it."""

# --- causal models ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """Variables in an order in which each can be computed: which values it reads, and its value for each of theirs."""

    inputs: tuple[Values, ...]
    reads: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Mapping[tuple[int, ...], int]]

    def run(self, one: Values, setting: Values | None = None, reader: str | None = None) -> dict[str, int]:
        """All values on an input, some variables being set: for everything that reads them, or for one reader alone."""
        values, setting = dict(one), setting or {}
        for name, parents in self.reads.items():
            seen = values | setting if reader == name else values
            computed = self.tables[name][tuple(seen[parent] for parent in parents)]
            values[name] = setting.get(name, computed) if reader is None else computed
        return values

    def output(self, one: Values, setting: Values | None = None, reader: str | None = None) -> int:
        return self.run(one, setting, reader)["out"]


# --- networks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """Some units of a layer."""

    layer: int
    dims: tuple[int, ...]

    def of(self, layers: Layers) -> Vector:
        return layers[self.layer][list(self.dims)]


Value = Callable[[Layers], Vector]
"""What a site becomes: it may depend on the layers of the very run in which it is set, as they are before that."""
Sets = Mapping[Site, Value]


def always(vector: Vector) -> Value:
    return lambda layers: vector


@dataclass(frozen=True)
class Network:
    """An MLP on the concatenated embeddings of its inputs, in float64."""

    tokens: tuple[str, ...]
    embedding: Vector
    weights: tuple[tuple[Vector, Vector], ...]
    activation: Callable[[Vector], Vector]

    def run(self, one: Values, sets: Sets | None = None) -> Layers:
        """The layers on an input; whatever is set at a layer is set at once, and later layers compute from it."""
        layers: Layers = []
        for depth in range(len(self.weights) + 1):
            if depth == 0:
                x = np.concatenate([self.embedding[one[name]] for name in self.tokens])
            else:
                weight, bias = self.weights[depth - 1]
                x = weight @ layers[-1] + bias
                x = x if depth == len(self.weights) else self.activation(x)
            layers.append(x.copy())
            made = [(site, value(layers)) for site, value in (sets or {}).items() if site.layer == depth]
            for site, vector in made:
                layers[-1][list(site.dims)] = vector
        return layers

    def answer(self, layers: Layers) -> int:
        """The class with the largest logit. (That equal ones agree with nothing is not met with random weights.)"""
        return int(layers[-1].argmax())

    def rest(self, sites: Iterable[Site], depths: Iterable[int]) -> tuple[Site, ...]:
        """What sites leave of some layers."""
        sites, found = tuple(sites), []
        for depth in depths:
            taken = {dim for site in sites if site.layer == depth for dim in site.dims}
            found.append(Site(depth, tuple(dim for dim in range(len(self.weights[depth - 1][1])) if dim not in taken)))
        return tuple(site for site in found if site.dims)


# --- interchanges -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Of the items of every set and half, on how many the network answers as the model does: (right, all)."""

    cells: Mapping[tuple[tuple[str, ...], str], tuple[int, int]]

    @property
    def mean(self) -> Fraction:
        """Sets count alike, and so do the halves that a set has."""
        by_set: dict[tuple[str, ...], list[Fraction]] = {}
        for (chosen, _), (right, all_) in self.cells.items():
            by_set.setdefault(chosen, []).append(Fraction(right, all_))
        return average(average(halves) for halves in by_set.values())


def average(numbers: Iterable[Fraction]) -> Fraction:
    listed = list(numbers)
    return sum(listed, Fraction(0)) / len(listed)


def interchange(
    model: Model,
    network: Network,
    places: Mapping[str, Site],
    chosen: Iterable[tuple[str, ...]],
    halves: Sequence[str] = ("changing", "keeping"),
    reader: str | None = None,
    held: Sequence[str] = (),
) -> Counts:
    """Every base with every source of every variable of a set, for all sets that can change the output.

    With a `reader` it alone sees the source's value; the variables that also read it, `held`, keep their own.
    """
    counts: dict[tuple[tuple[str, ...], str], list[bool]] = {}
    clean = [network.run(one) for one in model.inputs]
    values = [model.run(one) for one in model.inputs]
    for variables in chosen:
        found: dict[str, list[bool]] = {"changing": [], "keeping": [], "exposed": []}
        for base, *sources in itertools.product(range(len(model.inputs)), repeat=1 + len(variables)):
            setting = {v: values[source][v] for v, source in zip(variables, sources, strict=True)}
            sets = {places[v]: always(places[v].of(clean[s])) for v, s in zip(variables, sources, strict=True)}
            sets |= {places[v]: always(places[v].of(clean[base])) for v in held}
            before = values[base]["out"]
            after = model.output(model.inputs[base], setting, reader)
            agrees = network.answer(network.run(model.inputs[base], sets)) == after
            found["changing" if after != before else "keeping"].append(agrees)
            if after == before and any(values[source]["out"] != before for source in sources):
                found["exposed"].append(agrees)
        if found["changing"]:
            counts |= {(variables, half): found[half] for half in halves if found[half]}
    return Counts({cell: (sum(scores), len(scores)) for cell, scores in counts.items()})


def accuracy(model: Model, network: Network) -> Fraction:
    return average(Fraction(network.answer(network.run(one)) == model.output(one)) for one in model.inputs)


# --- effects ----------------------------------------------------------------------------------------------------------

Read = Callable[[Values, Layers], int]
"""What an effect is on: a number, or a value that can be compared, of a base and of a run on it."""


@dataclass(frozen=True)
class Effect:
    """What is set, held and passed through, for a base and a source.

    `feed` is the input that the run is of, and `sets` what sites become in it; `given` are held at their values on the
    base, and `through` have the values that they take when all that is set, in a run in which it is not.
    """

    feed: Callable[[Values, Values], Values]
    sets: Callable[[Values, Values], Sets]
    given: tuple[Site, ...] = ()
    through: tuple[Site, ...] = ()


def changed(network: Network, effect: Effect, base: Values, source: Values) -> Layers:
    """The run in which everything is set."""
    held = {site: always(site.of(network.run(base))) for site in effect.given}
    made = network.run(effect.feed(base, source), {**effect.sets(base, source), **held})
    if not effect.through:
        return made
    return network.run(base, {site: always(site.of(made)) for site in effect.through})


def effect_of(
    model: Model,
    network: Network,
    effects: Sequence[Effect],
    read: Read,
    score: Callable[[int, int], int],
    variable: str | None,
) -> Fraction:
    """The mean score of after and before, over every base and source, and over effects that each item has all of.

    Half of it is of the items on which the model's output would change: if an interchange of the one aligned `variable`
    that is set changes it, or else (None) if the source's output is another than the base's.
    """
    halves: dict[Half, list[Fraction]] = {True: [], False: []}
    for base, source in itertools.product(model.inputs, repeat=2):
        setting = {} if variable is None else {variable: model.run(source)[variable]}
        other = model.output(source) if variable is None else model.output(base, setting)
        before = read(base, network.run(base))
        for effect in effects:
            after = read(base, changed(network, effect, base, source))
            halves[other != model.output(base)].append(Fraction(score(after, before)))
    return average(average(half) for half in halves.values() if half)


def nearest_mean(model: Model, network: Network, site: Site, variable: str) -> Read:
    """How a variable is read from a site: as the value whose mean there, over all inputs, is nearest."""
    by_value: dict[int, list[Vector]] = {}
    for one in model.inputs:
        by_value.setdefault(model.run(one)[variable], []).append(site.of(network.run(one)))
    means = {value: np.mean(vectors, axis=0) for value, vectors in sorted(by_value.items())}

    def read(_: Values, layers: Layers) -> int:
        return min(means, key=lambda value: float(np.linalg.norm(site.of(layers) - means[value])))

    return read


def mean_of(model: Model, network: Network, site: Site, where: Mapping[str, int] | None = None) -> Vector:
    """A site's mean over inputs, or over those on which variables have these values."""
    known: Any = (where or {}).items()
    chosen = [one for one in model.inputs if known <= model.run(one).items()]
    mean: Vector = np.mean([site.of(network.run(one)) for one in chosen], axis=0)
    return mean
