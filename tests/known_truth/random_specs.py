"""Specs made at random, on networks with random weights: each claim beside what `meaning` says that it measures."""

import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from .meaning import (
    Counts,
    Effect,
    Layers,
    Model,
    Network,
    Read,
    Sets,
    Site,
    Value,
    Values,
    Vector,
    accuracy,
    always,
    effect_of,
    interchange,
    mean_of,
    nearest_mean,
)

INPUTS = {"x": range(3), "y": range(2), "z": range(3)}
READS = {"left": ("x", "y"), "late": ("left", "z"), "right": ("y", "z"), "out": ("late", "right", "x")}
"""Which variables read which: `late` a variable, `out` all but `left`, and an input besides."""
SIZES = {"left": 2, "late": 3, "right": 2, "out": 3}
WIDTHS = (4, 5, 4)
ACTIVATIONS: dict[str, Callable[[Vector], Vector]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
Expected = Callable[[], Fraction | Counts]


@dataclass(frozen=True)
class Spec:
    """A causal model and a network, both random; where the variables lie, and circuits."""

    model: Model
    network: Network
    activation: str
    places: Mapping[str, Site]
    circuits: Mapping[str, tuple[Site, ...]]

    def write(self, folder: Path, claims: Iterable[str]) -> Path:
        """The spec as a file, beside its network. All inputs are of `fit`, whose share is nearly everything."""
        tensors = {"embed.weight": self.network.embedding}
        for depth, (weight, bias) in enumerate(self.network.weights):
            name = "head" if depth == len(WIDTHS) else f"layers.{depth}"
            tensors |= {f"{name}.weight": weight, f"{name}.bias": bias}
        config = {"architecture": "mlp", "vocab": 3, "inputs": 3, "embed": 2, "hidden": WIDTHS, "classes": 3}
        metadata = {"cspec.config": json.dumps(config | {"activation": self.activation})}
        plain = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
        save_file(plain, folder / "net.safetensors", metadata=metadata)
        lines = [*self.declarations(), *(f"claim c{i}: {text} <= 0.999 exhaustively" for i, text in enumerate(claims))]
        (path := folder / "spec.cspec").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def declarations(self) -> Iterator[str]:
        kinds = {name: f"0..{len(values) - 1}" for name, values in INPUTS.items()}
        kinds |= {name: f"0..{size - 1}" for name, size in SIZES.items()}
        for name, parents in READS.items():
            rows = ", ".join(f"{key}: {value}" for key, value in self.model.tables[name].items())
            yield f"table {name}_of: {', '.join(kinds[parent] for parent in parents)} -> {kinds[name]} = {{ {rows} }}"
        inputs = "  ".join(f"input {name}: {kinds[name]}" for name in INPUTS)
        yield f"task t {{ {inputs}  output out: {kinds['out']}  tokens [x, y, z]  answer out: index }}"
        equations = (f"{name}: {kinds[name]} = {name}_of[{', '.join(READS[name])}]" for name in READS if name != "out")
        yield f"model m for t {{ {'  '.join(equations)}  out = out_of[{', '.join(READS['out'])}] }}"
        yield 'network net = torch("net.safetensors") ungated'
        yield f"align a: m -> net {{ {'  '.join(f'{v} at {show(site)}' for v, site in self.places.items())} }}"
        for name, sites in self.circuits.items():
            yield f"circuit {name} = {{ {', '.join(map(show, sites))} }}"
        yield "pairs p for t { split .998 .001 .001 }"
        yield "settings { controls { random: 4 } }"


def show(site: Site) -> str:
    return f"hidden[{site.layer}][{', '.join(map(str, site.dims))}]"


def draw_spec(seed: int) -> Spec:
    """Tables under which every variable matters, weights as in float32, and places in the order of the variables."""
    choose, numbers = random.Random(seed), np.random.default_rng(seed)
    inputs = tuple(dict(zip(INPUTS, row, strict=True)) for row in itertools.product(*INPUTS.values()))
    domains = {name: range(size) for name, size in SIZES.items()} | INPUTS
    while True:
        tables = {
            name: {key: choose.randrange(SIZES[name]) for key in itertools.product(*(domains[p] for p in parents))}
            for name, parents in READS.items()
        }
        model = Model(inputs, READS, tables)
        if all(_matters(model, name) for name in READS if name != "out"):
            break

    def weights(*shape: int) -> Vector:
        return numbers.normal(size=shape).astype(np.float32).astype(np.float64)

    activation = choose.choice(list(ACTIVATIONS))
    layers = tuple((weights(after, before), weights(after)) for before, after in itertools.pairwise((6, *WIDTHS, 3)))
    network = Network(tuple(INPUTS), weights(3, 2), layers, ACTIVATIONS[activation])
    places = {"left": Site(1, (0, 2)), "right": Site(choose.choice((1, 2)), (1, 3)), "late": Site(3, (0, 1))}
    circuits = {"one": (Site(1, (3,)), Site(2, (0,))), "two": (Site(2, (0, 4)),)}
    return Spec(model, network, activation, places, circuits)


def _matters(model: Model, variable: str) -> bool:
    """Some interchange of it changes the output and some keeps it, though the source has another output."""
    runs = [model.run(one) for one in model.inputs]
    seen = set()
    for base, source in itertools.product(runs, repeat=2):
        after = model.output(base_inputs(base), {variable: source[variable]})
        seen.add("changes" if after != base["out"] else "exposed" if source["out"] != base["out"] else "keeps")
    return {"changes", "exposed"} <= seen


def base_inputs(run: Values) -> Values:
    return {name: run[name] for name in INPUTS}


# --- claims -----------------------------------------------------------------------------------------------------------


def draw_claims(spec: Spec, seed: int, effects: int) -> dict[str, Expected]:
    """What is claimed, by its text: every kind of interchange, and some effects."""
    choose, model, network, places = random.Random(seed), spec.model, spec.network, spec.places
    variables = tuple(places)
    sets = [chosen for k in (1, 2, 3) for chosen in itertools.combinations(variables, k)]
    two = choose.choice([chosen for chosen in sets if len(chosen) == 2])
    counted = partial(interchange, model, network, places)
    claims: dict[str, Expected] = {
        "accuracy(net)": partial(accuracy, model, network),
        f"iia(a.{{{', '.join(two)}}})": partial(counted, [two]),
        "iia(a.left -> late)": partial(counted, [("left",)], reader="late"),
        f"isolate(a.{two[0]})": partial(counted, [(two[0],)], ("exposed",)),
        f"cause(a.{two[1]})": partial(counted, [(two[1],)], ("changing",)),
    }
    while len(claims) < effects + 5:
        text, expected = draw_effect(spec, choose)
        claims[text] = expected
    return claims


@dataclass(frozen=True)
class Thing:
    """What can be set: its name, its sites, and the one aligned variable that it is (None: it is something else)."""

    name: str
    sites: tuple[Site, ...]
    variable: str | None = None


def draw_effect(spec: Spec, choose: random.Random) -> tuple[str, Expected]:
    """An effect of an input, a site, a circuit, what one leaves, random ones, or a variable."""
    kind, network = choose.choice(("effect", "change")), spec.network
    thing = choose.choice(things(spec))
    settings, effects = draw_settings(spec, thing, choose)
    depth = max((site.layer for site in thing.sites), default=0)
    target, variable = ("out", None) if depth == 3 or choose.random() < 0.5 else ("a.late", "late")
    read: Read = lambda base, layers: network.answer(layers)  # noqa: E731
    if variable is not None:
        read = nearest_mean(spec.model, network, spec.places[variable], variable)
    elif choose.random() < 0.5:
        target = "correct"
        read = lambda base, layers: int(network.answer(layers) == spec.model.output(base))  # noqa: E731
    busy = (*thing.sites, *(spec.places[v] for v in [variable] if v is not None))
    other = Site(3, (2,))
    match choose.choice(("", "", "given", "through", "given rest")):
        case "given" if depth < 3:
            clause, effects = f" given {show(other)}", [replace(effect, given=(other,)) for effect in effects]
        case "through" if depth < 3 and variable is None:
            clause, effects = f" through {show(other)}", [replace(effect, through=(other,)) for effect in effects]
        case "given rest" if "random" not in thing.name:
            rest = network.rest(busy, (1, 2, 3))
            clause, effects = " given rest", [replace(effect, given=rest) for effect in effects]
        case _:
            clause = ""
    score = (lambda after, before: after - before) if kind == "effect" else (lambda after, before: int(after != before))
    expected = partial(effect_of, spec.model, network, effects, read, score, thing.variable)
    return f"{kind}({settings} -> {target}{clause} on net)", expected


def things(spec: Spec) -> list[Thing]:
    some, whole = Site(1, (1, 2)), Site(2, tuple(range(WIDTHS[1])))
    found = [Thing("y", ()), Thing(show(some), (some,)), Thing("hidden[2]", (whole,)), Thing("random(two)", ())]
    for name, sites in spec.circuits.items():
        found.append(Thing(name, sites))
        found.append(Thing(f"rest({name})", spec.network.rest(sites, sorted({site.layer for site in sites}))))
    found += [Thing(f"a.{v}", (spec.places[v],), v) for v in ("left", "right")]
    return [*found, Thing("a.{left, right}", (spec.places["left"], spec.places["right"]))]


def draw_settings(spec: Spec, thing: Thing, choose: random.Random) -> tuple[str, list[Effect]]:
    """What a thing becomes, as the spec says it and as an effect; of random circuits one effect for each."""
    if thing.name == "y":
        if choose.random() < 0.5:
            return "y", [Effect(lambda base, source: {**base, "y": source["y"]}, lambda base, source: {})]
        return "{y := 1}", [Effect(lambda base, source: {**base, "y": 1}, lambda base, source: {})]
    texts = ["source", "{} + 2 * source"]
    if thing.variable is not None:
        texts += ["1", "mean({})"]
    elif "(" in thing.name:
        texts += ["0.5", "1 - {}"]
    elif len(thing.sites) == 1:
        texts += ["-1", "mean({})", "{} - 0.5 * mean({})"]
    text = choose.choice(texts)
    wholes = [thing.sites]
    if thing.name == "random(two)":  # of 5 units the two others that are drawn, in every way
        wholes = [(Site(2, pair),) for pair in itertools.combinations((1, 2, 3), 2)]

    where = {thing.variable: 1} if thing.variable is not None and text == "1" else None
    means = {site: mean_of(spec.model, spec.network, site, where) for sites in wholes for site in sites}

    def sets(sites: tuple[Site, ...], base: Values, source: Values) -> Sets:
        layers = spec.network.run(source)
        return {site: becomes("mean({})" if where else text, site, layers, means[site]) for site in sites}

    effects = [Effect(lambda base, source: base, partial(sets, sites)) for sites in wholes]
    return f"{{{thing.name} := {text.replace('{}', thing.name)}}}", effects


def becomes(text: str, site: Site, source: Layers, mean: Vector) -> Value:
    """The value that a text says, of one site: `{}` is its own in this very run, and a number is every unit's."""
    match text:
        case "source":
            return always(site.of(source))
        case "{} + 2 * source":
            return lambda layers: site.of(layers) + 2 * site.of(source)
        case "mean({})":
            return always(mean)
        case "{} - 0.5 * mean({})":
            return lambda layers: site.of(layers) - 0.5 * mean
        case "1 - {}":
            return lambda layers: 1 - site.of(layers)
    return always(np.full(len(site.dims), float(text)))
