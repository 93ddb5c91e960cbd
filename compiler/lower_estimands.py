"""From an estimand to a measurement: a term, the population that it is taken over, and a place in a network."""

from collections.abc import Mapping

from ..lang.claims import Accuracy, Estimand, Iia, Reading
from ..lang.places import Site
from ..lang.program import Alignment, Program
from .causal_model import CausalModel
from .experiments import Fitting, Measurement, NetworkFile
from .groundings import Grounding, Search, ground
from .hold_children import edge_name, hold_children, other_children
from .lower_alignments import Via, lower_search
from .lower_recipes import BOTH, Sets, all_sets, find_pairs, item_counts, lower_encoding, lower_recipe, models_of
from .sampling.items import Half
from .terms import (
    Agree,
    Distance,
    Expectation,
    ModelWorld,
    NetworkWorld,
    ReadsRight,
    Run,
    Score,
    ValueOf,
    WrongReads,
    along_edge,
    interchange,
)

HALVES: dict[str, tuple[Half, ...]] = {"iia": BOTH, "cause": ("changing",), "isolate": ("exposed",)}


class Estimands:
    """The program's tables, at hand for each of the small lowerings below."""

    def __init__(
        self, program: Program, models: Mapping[str, CausalModel], networks: Mapping[str, NetworkFile]
    ) -> None:
        self.program, self.models, self.networks = program, models, networks

    def lower(self, estimand: Estimand) -> Measurement:
        """Any estimand."""
        match estimand:
            case Accuracy():
                return self.lower_accuracy(estimand)
            case Iia():
                return self.lower_iia(estimand)
            case Reading():
                return self.lower_reading(estimand)

    def lower_accuracy(self, estimand: Accuracy) -> Measurement:
        """`accuracy(N)`: agreement of the network's answer with any model of the task (they are all the same)."""
        model = models_of(self.program, self.models, estimand.task)[0]
        pairs = find_pairs(self.program, estimand.pairs, estimand.task)
        score = Agree(
            interchange(NetworkWorld(estimand.network, random=estimand.random), (), model.output),
            interchange(ModelWorld(model.name), (), model.output),
        )
        return Measurement(
            text=f"accuracy({_network_text(estimand.network, estimand.random)})",
            estimand="accuracy",
            pairs=pairs.name,
            term=Expectation(score, f"inputs of pairs {pairs.name}"),
            network=estimand.network,
            random=estimand.random,
            recipe=lower_recipe(self.program, self.models, model, (), ((),), pairs),
            count=item_counts(pairs)[2],
            encoding=lower_encoding(self.program, estimand.task, self.networks[estimand.network].facts),
        )

    def lower_iia(self, estimand: Iia) -> Measurement:
        """`iia`, `cause` and `isolate`: agreement of network and model under interchange."""
        alignment = self.program.alignments[estimand.alignment]
        model = self.models[alignment.model]
        names = _variables(alignment)
        world = NetworkWorld(estimand.network, alignment.name, estimand.random)
        population_model, variables, sets = model, names, all_sets(len(names))
        left = interchange(world, names, model.output)
        if estimand.reader is not None:
            assert estimand.only is not None
            (changed,) = estimand.only
            held = other_children(model, changed, estimand.reader)
            population_model = hold_children(model, changed, estimand.reader)
            variables, sets = (edge_name(changed, estimand.reader),), ((0,),)
            left = along_edge(world, changed, 1, held, model.output)
        elif estimand.only is not None:
            sets = (tuple(sorted(names.index(name) for name in estimand.only)),)
        score = Agree(left, interchange(ModelWorld(population_model.name), variables, model.output))
        return self.measure(estimand, alignment, population_model, variables, sets, score, HALVES[estimand.kind])

    def lower_reading(self, estimand: Reading) -> Measurement:
        """`probe`, `cae` and `divergence`, over the items that `iia` of the same variables is taken over."""
        alignment = self.program.alignments[estimand.alignment]
        model = self.models[alignment.model]
        names = _variables(alignment)
        world = NetworkWorld(estimand.network, alignment.name, estimand.random)
        sets = all_sets(len(names))
        if estimand.only is not None:
            sets = (tuple(sorted(names.index(name) for name in estimand.only)),)
        score: Score
        match estimand.kind:
            case "probe":
                assert estimand.only is not None
                (read,) = estimand.only
                score = ReadsRight(ValueOf(read, Run(world, 0)), ValueOf(read, Run(ModelWorld(model.name), 0)))
            case "cae":
                inner = interchange(ModelWorld(model.name), names, model.output)
                score = WrongReads(interchange(world, names, model.output), inner)
            case "divergence":
                score = Distance(interchange(world, names, model.output).run, model.output)
        return self.measure(estimand, alignment, model, names, sets, score, BOTH)

    def measure(
        self,
        estimand: Iia | Reading,
        alignment: Alignment,
        model: CausalModel,
        variables: tuple[str, ...],
        sets: Sets,
        score: Score,
        halves: tuple[Half, ...],
    ) -> Measurement:
        """A score over items of an alignment, on the estimand's network."""
        task = self.program.models[alignment.model].task
        pairs = find_pairs(self.program, estimand.pairs, task)
        file = self.networks[estimand.network]
        search = lower_search(self.program, alignment, self.models, file.facts, estimand.via)
        grounding = ground(search.places((0,) * len(search.lines)))
        learned = grounding.learned or search.open
        home = alignment.network if estimand.frozen else estimand.network
        items = f"{model.name}{{{', '.join(variables)}}}"
        return Measurement(
            text=estimand_text(estimand, alignment),
            estimand="iia ->" if isinstance(estimand, Iia) and estimand.reader is not None else estimand.kind,
            pairs=pairs.name,
            term=Expectation(score, f"items of {items}, pairs {pairs.name}"),
            network=estimand.network,
            random=estimand.random,
            recipe=lower_recipe(self.program, self.models, model, variables, sets, pairs, halves),
            count=item_counts(pairs)[2],
            encoding=lower_encoding(self.program, task, file.facts),
            variables=_variables(alignment),
            grounding=grounding,
            fitting=self.lower_fitting(alignment, search, home) if learned else None,
            frozen=estimand.frozen,
        )

    def lower_fitting(self, alignment: Alignment, search: Search, network: str) -> Fitting:
        """How an alignment's maps are found: on all non-empty sets of its variables."""
        model, variables = self.models[alignment.model], _variables(alignment)
        pairs = find_pairs(self.program, alignment.pairs, self.program.models[alignment.model].task)
        fit_count, select_count, _ = item_counts(pairs)
        return Fitting(
            recipe=lower_recipe(self.program, self.models, model, variables, all_sets(len(variables)), pairs),
            fit_count=fit_count,
            select_count=select_count,
            settings=alignment.fit,
            variables=variables,
            search=search,
            network=network,
            outer=self.lower_outer(alignment, network),
        )

    def lower_outer(self, alignment: Alignment, network: str) -> tuple[Fitting, Grounding] | None:
        """The fitting of the alignment that some of this one's sites lie inside of."""
        places = [p.place for p in alignment.placements if isinstance(p.place, Site)]
        inside = {place.inside[0] for place in places if place.inside is not None}
        if not inside:
            return None
        outer = self.program.alignments[inside.pop()]
        search = lower_search(self.program, outer, self.models, self.networks[network].facts)
        return self.lower_fitting(outer, search, network), ground(search.places((0,) * len(search.lines)))


def estimand_text(estimand: Iia | Reading, alignment: Alignment) -> str:
    """An estimand as its author wrote it, without what is its alignment's own."""
    only = ""
    if estimand.only is not None:
        only = f".{estimand.only[0]}" if len(estimand.only) == 1 else f".{{{', '.join(estimand.only)}}}"
    if isinstance(estimand, Iia) and estimand.reader is not None:
        only += f" -> {estimand.reader}"
    on = ""
    if estimand.random or estimand.network != alignment.network:
        on = f" {'frozen ' if estimand.frozen else ''}on {_network_text(estimand.network, estimand.random)}"
    over = "" if estimand.pairs == alignment.pairs else f" over {estimand.pairs}"
    return f"{estimand.kind}({alignment.name}{only}{on}{over}{_via_text(estimand.via)})"


def _via_text(via: Via | None) -> str:
    if via is None:
        return ""
    family, sizes = via
    stated = f" size {sizes[0]}" if len(sizes) == 1 else f" size [{', '.join(map(str, sizes))}]"
    return f" via {family.text}{stated if sizes else ''}"


def _variables(alignment: Alignment) -> tuple[str, ...]:
    return tuple(placement.variable for placement in alignment.placements)


def _network_text(network: str, random: bool) -> str:
    return f"random({network})" if random else network
