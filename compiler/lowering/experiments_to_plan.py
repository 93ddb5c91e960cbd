"""From experiments to the plan: every step keyed by its content, so that equal steps are one step."""

import math
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import networkx as nx

from ...lang.program import Settings
from ..checks.check_pairs import Populations
from ..experiments import (
    Control,
    Encoding,
    Experiment,
    Fitting,
    GraphExperiment,
    Measurement,
    NetworkFile,
    Origin,
    Paths,
    Quantity,
    Ranking,
)
from ..groundings import Grounding
from ..keys import content_key, derived_seed, weights_hash
from ..locking.lowered_form import lowered_form
from ..plan import (
    CODE_VERSIONS,
    THREADS,
    Candidate,
    ClaimText,
    DecideStep,
    EncodeStep,
    EngineName,
    EvaluateStep,
    FitStep,
    FoundCircuit,
    GraphNode,
    GraphStep,
    ItemsStep,
    MeasuredQuantity,
    NetworkSource,
    OriginPlaces,
    OtherNetwork,
    Plan,
    PlannedControl,
    PlannedEdge,
    PlannedPaths,
    RankStep,
    RepliesKeys,
    Step,
)
from ..render_terms import render
from ..sampling.items import Recipe, Split
from ..terms import (
    Agree,
    Amount,
    Apart,
    Differ,
    Gain,
    ModelWorld,
    NetworkWorld,
    ReadsRight,
    in_worlds,
    interchange,
    unnamed_metric,
)
from .autoencoder_keys import autoencoder_parts
from .lower_searches import CANDIDATE

NATURAL = 2048
"""How many inputs of `fit` the read-outs are fitted on."""


def lower_experiments(
    experiments: tuple[Experiment, ...],
    networks: Mapping[str, NetworkFile],
    populations: Populations,
    settings: Settings,
    engine: EngineName = "fused",
    fitted_by: EngineName | None = None,
    graphs: tuple[GraphExperiment, ...] = (),
) -> Plan:
    """The plan of all claims and graphs of a file, every run in it whole. Reads the networks' files to hash them.

    Maps are those of the engine `fitted_by` (None: of the one that evaluates).

    Raises OSError where a file has vanished since it was checked.
    """
    fitted_by = fitted_by or engine
    planning = _Planning(networks, populations, settings, engine, fitted_by)
    claims = tuple(planning.plan_claim(experiment) for experiment in experiments)
    measured = tuple(planning.plan_graph(graph) for graph in graphs)
    key = content_key("plan", 1, claims=claims, **({"graphs": measured} if measured else {}))
    return Plan(planning.graph, claims, key, settings.confidence, engine, fitted_by, measured)


class _Planning:
    """Adds steps to one graph; a step that is there already is shared."""

    def __init__(
        self,
        networks: Mapping[str, NetworkFile],
        populations: Populations,
        settings: Settings,
        engine: EngineName,
        fitted_by: EngineName,
    ) -> None:
        self.networks, self.populations, self.settings = networks, populations, settings
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.hashes: dict[Path, str] = {}
        self.judged: dict[str, str] = {}
        """By the key of an evaluation, what a look at it is known by: scores of answers may come between two looks, and
        the same maps, given or found, are the same look whatever engine evaluates them."""
        self.engine, self.fitted_by = _runs_by(engine), _runs_by(fitted_by)

    def add(self, step: Step, *needs: str | None) -> str:
        if step.key not in self.graph:
            self.graph.add_node(step.key, step=step)
            self.graph.add_edges_from((need, step.key) for need in needs if need is not None)
        return step.key

    def plan_claim(self, experiment: Experiment) -> str:
        claim, controls = experiment.claim, self.settings.controls
        measured = tuple(self.plan_quantity(quantity, claim.exhaustively) for quantity in experiment.quantities)
        look = content_key("look", 1, quantities=[self.judged[q.evaluate] for q in measured], parts=experiment.parts)
        key = content_key(
            "decide",
            CODE_VERSIONS["decide"],
            look=look,
            alpha=experiment.alpha,
            quantities=measured,
            share=controls.share,
            divergence_limit=controls.divergence,
        )
        if key in self.graph:  # another claim says the same: each is decided under its own name
            key = content_key("decide again", 1, key=key, name=claim.name)
        step = DecideStep(
            key=key,
            claim=ClaimText(
                claim.name,
                claim.text,
                claim.doc,
                claim.exhaustively,
                claim.expect,
                claim.expect_reason,
                tuple(part.case for part in claim.parts),
            ),
            quantities=measured,
            parts=experiment.parts,
            alpha=experiment.alpha,
            share=controls.share,
            divergence_limit=controls.divergence,
            look=look,
            chunks=tuple(dict.fromkeys(self.chunk(q) for q in measured)),
        )
        planned = [control for q in measured for control in (q.positive_control, *q.vetoes) if control is not None]
        run = [key for control in planned for key in control.evaluations]
        return self.add(step, *(q.evaluate for q in measured), *run)

    def plan_graph(self, experiment: GraphExperiment) -> str:
        """Graph, with the evaluations that its edges need: equal ones are one, of claims too."""
        graph = experiment.graph
        edges = tuple(
            PlannedEdge(
                edge.source,
                edge.target,
                self.plan_paths(edge.own, experiment),
                None if edge.null is None else self.plan_paths(edge.null, experiment),
                edge.why,
            )
            for edge in experiment.edges
        )
        nodes = tuple(GraphNode(node.name, node.circuit.text, node.metric) for node in graph.nodes)
        key = content_key("graph", 1, nodes=nodes, edges=edges, alpha=experiment.alpha, count=experiment.count)
        if key in self.graph:  # another graph says the same
            key = content_key("graph again", 1, key=key, name=graph.name)
        step = GraphStep(key, graph.name, graph.network, nodes, graph.doc, edges, experiment.alpha, experiment.count)
        return self.add(step, *step.evaluations)

    def plan_paths(self, paths: Paths, experiment: GraphExperiment) -> PlannedPaths:
        """The evaluations of one thing's effects on a metric, on the graph's number of items."""
        count = experiment.count
        keys = [
            self.plan_measurement(one if count is None else replace(one, count=count), count is None)
            for one in paths.measurements
        ]
        return PlannedPaths(*keys)

    def chunk(self, quantity: MeasuredQuantity) -> str:
        """What a look looks at: a population's split on a network, however many items were drawn of it."""
        step = self.graph.nodes[quantity.evaluate]["step"]
        items = self.graph.nodes[self.graph.nodes[step.items]["step"].items]["step"]
        networks = [candidate.network.key for candidate in step.candidates]
        return content_key("chunk", 1, population=items.population.key, split=items.split, networks=networks)

    def plan_quantity(self, quantity: Quantity, exhaustively: bool) -> MeasuredQuantity:
        positive = quantity.positive_control
        evaluate = self.plan_measurement(quantity.measurement, exhaustively)
        step = self.graph.nodes[evaluate]["step"]
        return MeasuredQuantity(
            text=quantity.measurement.text,
            evaluate=evaluate,
            budget=None if exhaustively else quantity.measurement.count,
            learned=quantity.measurement.learned,
            gated=quantity.gated,
            ungated=quantity.ungated,
            families=quantity.measurement.families,
            maps=step.found_key(step.candidates[0]) or self.plan_fit_key(quantity.measurement),
            chance=_chance(quantity.measurement),
            signed=quantity.measurement.signed and quantity.measurement.learned,
            positive_control=None if positive is None else self.plan_control(Control("last site", positive), False),
            vetoes=tuple(self.plan_control(veto, exhaustively) for veto in quantity.vetoes),
        )

    def plan_control(self, control: Control, exhaustively: bool) -> PlannedControl:
        measurement = control.measurement
        count = None if measurement is None or exhaustively else measurement.count
        key = None if measurement is None else self.plan_measurement(measurement, exhaustively)
        apart: str | None = None
        if measurement is not None and control.apart is not None:
            apart = self.plan_measurement(measurement, exhaustively, control.apart)
        return PlannedControl(control.name, key, control.why, count, control.note, apart, control.beside, control.asked)

    def plan_measurement(self, measurement: Measurement, exhaustively: bool, apart: Recipe | None = None) -> str:
        """Evaluate, with the fits that it needs: one for each network that `random(N)` draws.

        Items are those of the recipe `apart`, where there is one; labels are the measurement's own always.
        """
        origin = measurement.origin
        random = measurement.random or (origin is not None and origin.random)
        draws = range(self.settings.controls.random) if random else [None]
        candidates = tuple(self.plan_candidate(measurement, draw) for draw in draws)
        circuits = tuple(FoundCircuit(ranking.name, ranking.variables) for ranking in measurement.rankings)
        split: Split | None = None if exhaustively else "test"
        items = self.plan_items(apart or measurement.recipe, split, measurement.count, measurement.encoding)
        select: str | None = None
        if len(candidates) > 1:
            fitting = measurement.fitting if origin is None else None  # a fit's own choice knows of no origin
            recipe = measurement.recipe if fitting is None else fitting.recipe
            count = measurement.count if fitting is None else fitting.select_count
            select = self.plan_items(recipe, "select", count, measurement.encoding)
        natural: str | None = None
        if origin is not None or not isinstance(measurement.term.score, Agree | Amount):
            natural = self.plan_items(measurement.recipe, "fit", NATURAL, measurement.encoding)
        others = tuple(OtherNetwork(name, self.plan_network(name, None), fed) for name, fed in measurement.others)
        parts: dict[str, Any] = {
            "estimand": (measurement.estimand, measurement.version),
            "items": items,
            "candidates": [(c.network.key, c.fit, c.frame_seed) for c in candidates],
            "grounding": measurement.grounding,
            "score": _canonical(measurement),
            "natural": natural,
            "select": select,
            "engine": self.engine,
            **autoencoder_parts(() if measurement.grounding is None else measurement.grounding.frames),
        }
        if others:
            parts["others"] = others
        if circuits:
            parts["circuits"] = (circuits, [candidate.ranks for candidate in candidates])
        if origin is not None:
            read = [(c.origin.network.key, c.origin.fit, c.origin.frame_seed) for c in candidates if c.origin]
            places = {name: index for index, name in enumerate(origin.variables)}
            same = [places.get(name) for name in measurement.variables]
            parts["origin"] = {"candidates": read, "grounding": origin.grounding, "fed": origin.encoding, "same": same}
            parts["origin"] |= autoencoder_parts(origin.grounding.frames)
        if measurement.draws:
            parts["draws"] = measurement.draws
        if apart is not None:
            parts["labels"] = measurement.recipe.model.canonical
        found = [key for candidate in candidates for key in (*candidate.fits, *candidate.ranks)]
        look = parts | {"engine": self.fitted_by if found or origin is not None else _runs_by("fused")}
        unjudged = look | {"metric": lowered_form(measurement.metric)}
        if measurement.metric is not None:
            parts["metric"] = measurement.metric
        key = content_key("evaluate", CODE_VERSIONS["evaluate"], **parts)
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
            replies=self.replies_keys(measurement, natural, others, self.engine),
            circuits=circuits,
            draws=measurement.draws,
            origin=None if origin is None else OriginPlaces(origin.grounding, origin.variables, origin.encoding),
            version=measurement.version,
        )
        looked = content_key("evaluate", CODE_VERSIONS["evaluate"], **look)
        self.judged[key] = looked if measurement.metric is None else content_key("unjudged", 1, form=unjudged)
        return self.add(step, items, select, natural, *found)

    def plan_rankings(self, measurement: Measurement, network: NetworkSource) -> tuple[str, ...]:
        """The rankings that choose a measurement's circuits: on the network that is measured where that is theirs."""
        return tuple(
            self.plan_ranking(
                ranking,
                network
                if ranking.score.network == measurement.network
                else self.plan_network(ranking.score.network, None),
            )
            for ranking in measurement.rankings
        )

    def plan_ranking(self, ranking: Ranking, network: NetworkSource) -> str:
        """Rank: the score of every place that a circuit may be chosen from, on `select`."""
        score, grounding = ranking.score, ranking.score.grounding
        assert grounding is not None
        items = self.plan_items(score.recipe, "select", ranking.select_count, score.encoding)
        natural = self.plan_items(score.recipe, "fit", NATURAL, score.encoding)
        others = tuple(OtherNetwork(name, self.plan_network(name, None), fed) for name, fed in score.others)
        key = content_key(
            "rank",
            CODE_VERSIONS["rank"],
            items=items,
            network=network.key,
            places=ranking.places,
            grounding=grounding,
            score=_canonical(score),
            natural=natural,
            others=others,
            metric=score.metric,
            engine=self.fitted_by,
            **autoencoder_parts(grounding.frames),
            **score.redefined,
        )
        measure = EvaluateStep(
            key=key,
            text=score.text,
            score=score.term.score,
            model=score.recipe.model,
            items=items,
            candidates=(Candidate(network, None),),
            grounding=grounding,
            variables=score.variables,
            select=None,
            natural=natural,
            others=others,
            metric=score.metric,
            replies=self.replies_keys(score, natural, others, self.fitted_by),
        )
        step = RankStep(key, ranking.name, ranking.places, score.variables.index(CANDIDATE), measure)
        return self.add(step, items, natural)

    def plan_candidate(self, measurement: Measurement, draw: int | None) -> Candidate:
        """A network to measure; `draw` numbers the untrained one, or the one in which its sources are read."""
        source = self.plan_network(measurement.network, draw if measurement.random else None)
        fit, seed, origin = self.plan_fit_of(measurement, source), self.frame_seed(measurement), measurement.origin
        there = None if origin is None else self.plan_origin(origin, draw)
        return Candidate(source, fit, seed, there, self.plan_rankings(measurement, source))

    def plan_origin(self, origin: Origin, draw: int | None) -> Candidate:
        """The network in which sources are read, with the fit of its own maps."""
        source, fitting = self.plan_network(origin.network, draw if origin.random else None), origin.fitting
        fit = None if fitting is None else self.plan_fit(fitting, fitting.grounding, source, origin.encoding)
        return Candidate(source, fit, self.frame_seed(origin))

    def replies_keys(
        self,
        measurement: Measurement,
        natural: str | None,
        others: tuple[OtherNetwork, ...],
        engine: Mapping[str, str | int],
    ) -> RepliesKeys | None:
        """The keys of what an evaluation has generated; None where nothing is."""
        metric = measurement.metric
        if metric is None or metric.generation is None:
            return None
        parts = {"encoding": measurement.encoding, "generation": metric.generation, "engine": engine}
        plain = content_key("replies", CODE_VERSIONS["evaluate"], **parts)
        frames = () if measurement.grounding is None else measurement.grounding.frames
        places = {"grounding": measurement.grounding, **autoencoder_parts(frames)}
        edited = content_key("edited", 1, plain=plain, natural=natural, others=others, **places)
        return RepliesKeys(plain, edited)

    def plan_fit_of(self, measurement: Measurement, network: NetworkSource) -> str | None:
        """The fit of a measurement's maps: on the network that is measured, unless they are carried over."""
        fitting = measurement.fitting
        if fitting is None:
            return None
        home = self.plan_network(fitting.network, None) if measurement.frozen else network
        return self.plan_fit(fitting, fitting.grounding, home, measurement.encoding)

    def plan_fit_key(self, measurement: Measurement) -> str | None:
        """The fit of a measurement's maps on its own network, or on the first of the random ones."""
        source, origin = self.plan_network(measurement.network, 0 if measurement.random else None), measurement.origin
        fit = self.plan_fit_of(measurement, source)
        if origin is None:
            return fit
        there = self.plan_origin(origin, 0)
        places = (measurement.grounding, origin.grounding)
        return content_key("linear", 1, networks=(source.key, there.network.key), fits=(fit, there.fit), places=places)

    def plan_fit(self, fitting: Fitting, grounding: Grounding, network: NetworkSource, encoding: Encoding) -> str:
        fit = self.plan_items(fitting.recipe, "fit", fitting.fit_count, encoding)
        select = self.plan_items(fitting.recipe, "select", fitting.select_count, encoding)
        outer = None if fitting.outer is None else self.plan_fit(*fitting.outer, network, encoding)
        parts = {
            "network": network.key,
            "search": fitting.search,
            "outer": outer,
            "fit": fit,
            "select": select,
            "settings": fitting.settings,
            **autoencoder_parts(fitting.search),
        }
        seed = derived_seed(self.settings.seed, "fit", content_key("fit", CODE_VERSIONS["fit"], **parts))
        step = FitStep(
            key=content_key("fit", CODE_VERSIONS["fit"], seed=seed, engine=self.fitted_by, **parts),
            network=network,
            grounding=grounding,
            search=fitting.search,
            outer=outer,
            score=_fitted_score(fitting),
            model=fitting.recipe.model,
            fit=fit,
            select=select,
            settings=fitting.settings,
            seed=seed,
            variables=fitting.variables,
        )
        return self.add(step, fit, select, outer)

    def frame_seed(self, measurement: Measurement | Origin) -> int | None:
        if not measurement.random_frames:
            return None
        return derived_seed(self.settings.seed, "random subspace", content_key("frames", 1, g=measurement.grounding))

    def plan_items(self, recipe: Recipe, split: Split | None, count: int, encoding: Encoding) -> str:
        """Items and their encoding; returns the encoding's key. `split` None: the whole domain.

        Fits depend on how many items there are; what is scored item by item does not.
        """
        population = self.populations.open(recipe, whole_domain=split is None)
        items = ItemsStep(
            key=content_key(
                "items",
                CODE_VERSIONS["items"],
                population=population.key,
                split=split,
                count=count if split in ("fit", "select") else None,
            ),
            population=population,
            split="whole" if split is None else split,
            count=count,
        )
        self.add(items)
        if self.graph.nodes[items.key]["step"].count < count:
            self.graph.nodes[items.key]["step"] = items
        key = content_key("encode", CODE_VERSIONS["encode"], items=items.key, encoding=encoding)
        return self.add(EncodeStep(key, items.key, encoding), items.key)

    def plan_network(self, name: str, draw: int | None) -> NetworkSource:
        file = self.networks[name]
        if file.path not in self.hashes:
            self.hashes[file.path] = weights_hash(file.path)
        weights = self.hashes[file.path]
        drawn = {} if draw is None else {"draw": draw, "seed": self.settings.seed}
        laid = {"dtype": file.dtype, "device": file.device.split(":")[0]}
        if laid == {"dtype": NetworkFile.dtype, "device": NetworkFile.device}:
            laid = {}
        key = content_key("network", CODE_VERSIONS["network"], weights=weights, **drawn, **laid)
        if draw is None:
            return NetworkSource(key, file)
        anywhere = content_key("network", CODE_VERSIONS["network"], weights=weights, **drawn)
        return NetworkSource(key, file, draw, derived_seed(self.settings.seed, "network", anywhere))


def _runs_by(engine: EngineName) -> dict[str, str | int]:
    """What numbers depend on besides what is run: the engine, its version and torch's, and the threads."""
    runs = ("torch",) if engine != "pyvene" else ("pyvene", "torch")
    return {"engine": engine, "threads": THREADS, **{name: _version(name) for name in runs}}


def _version(package: str) -> str:
    """The installed version of what runs the plan: another one may give other numbers."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _chance(measurement: Measurement) -> float | None:
    """What guessing among the declared answers, or among a variable's values, reaches; of an effect, no change."""
    score = measurement.term.score
    if measurement.learned and isinstance(score, Gain | Differ | Apart):
        return 0.0
    if isinstance(score, ReadsRight):
        return 1 / measurement.recipe.model.domains[score.variable].size
    if measurement.recipe.halves == ("exposed",) or not isinstance(score, Agree):
        return None
    return 1 / math.prod(len(answer.classes) for answer in measurement.encoding.answers)


def _canonical(measurement: Measurement) -> str:
    """A score's text without the names of worlds: what is run and compared, and nothing of where it was declared."""
    others = {name: f"other {index}" for index, (name, _) in enumerate(measurement.others)}
    score = measurement.term.score if measurement.metric is None else unnamed_metric(measurement.term.score)
    return render(in_worlds(score, ModelWorld("model"), NetworkWorld("network"), others))


def _fitted_score(fitting: Fitting) -> Agree:
    """What the fit maximises: the interchange of all the alignment's variables, within each item's set."""
    model = fitting.recipe.model
    return Agree(
        interchange(NetworkWorld(fitting.network), fitting.variables, model.output),
        interchange(ModelWorld(model.name), fitting.variables, model.output),
    )
