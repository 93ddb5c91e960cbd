"""From an estimand to a measurement: a term, the population that it is taken over, and a place in a network."""

from collections.abc import Mapping

from ...lang.claims import Accuracy, Estimand, Iia, Reading
from ...lang.effects import Effect, Mean
from ...lang.program import Alignment, Program
from ..causal_model import CausalModel
from ..experiments import Fitting, Measurement, NetworkFile, Origin
from ..groundings import Search, ground
from ..terms import EstimandName
from .lower_alignments import Via, lower_search
from .lower_counterparts import lower_counterparts, places_of
from .lower_encoding import lower_encoding
from .lower_fittings import lower_fitting
from .lower_measured_effects import lower_measured_effect, lower_measured_mean
from .lower_recipes import find_pairs, item_counts, lower_recipe
from .lower_scores import lower_score


class Estimands:
    """The program's tables, at hand for each of the small lowerings below."""

    def __init__(
        self, program: Program, models: Mapping[str, CausalModel], networks: Mapping[str, NetworkFile]
    ) -> None:
        self.program, self.models, self.networks = program, models, networks

    def lower(self, estimand: Estimand) -> Measurement:
        """An estimand that can be run."""
        match estimand:
            case Accuracy():
                return self.lower_accuracy(estimand)
            case Effect():
                return lower_measured_effect(self.program, self.models, self.networks, estimand)
            case Mean():
                return lower_measured_mean(self.program, self.models, self.networks, estimand)
            case Iia() | Reading():
                return self.lower_interchange(estimand)

    def lower_accuracy(self, estimand: Accuracy) -> Measurement:
        """`accuracy(N)`, over bases."""
        lowered = lower_score(self.program, self.models, estimand)
        pairs = find_pairs(self.program, estimand.pairs, estimand.task)
        return Measurement(
            text=estimand_text(estimand, self.program),
            estimand="accuracy",
            pairs=pairs.name,
            term=lowered.over(pairs.name),
            network=estimand.network,
            random=estimand.random,
            recipe=lower_recipe(self.program, self.models, lowered.model, (), ((),), pairs),
            count=item_counts(self.program, pairs)[2],
            encoding=lower_encoding(self.program, estimand.task, self.networks[estimand.network]),
        )

    def lower_interchange(self, estimand: Iia | Reading) -> Measurement:
        """A score over items of an alignment, on the estimand's network."""
        alignment = self.program.alignments[estimand.alignment]
        lowered = lower_score(self.program, self.models, estimand)
        task = self.program.models[alignment.model].task
        pairs = find_pairs(self.program, estimand.pairs, task)
        file = self.networks[estimand.network]
        search = lower_search(self.program, alignment, self.models, file, estimand.via)
        grounding = ground(search.places((0,) * len(search.lines)))
        learned = grounding.learned or search.open
        home = alignment.network if estimand.frozen else estimand.network
        return Measurement(
            text=estimand_text(estimand, self.program),
            estimand=_definition(estimand),
            pairs=pairs.name,
            term=lowered.over(pairs.name),
            network=estimand.network,
            random=estimand.random,
            recipe=lower_recipe(
                self.program,
                self.models,
                lowered.model,
                lowered.variables,
                lowered.sets,
                pairs,
                lowered.halves,
                lower_counterparts(places_of(alignment), file.spoken.get(task)),
            ),
            count=item_counts(self.program, pairs)[2],
            encoding=lower_encoding(self.program, task, file),
            variables=alignment.variables,
            grounding=grounding,
            fitting=self.fitting(alignment, search, home) if learned else None,
            frozen=estimand.frozen,
            origin=self.origin(estimand, task),
        )

    def origin(self, estimand: Iia | Reading, task: str) -> Origin | None:
        """The alignment in whose network the sources are read, with the whole of its own procedure."""
        if not isinstance(estimand, Iia) or estimand.origin is None:
            return None
        alignment = self.program.alignments[estimand.origin]
        file = self.networks[alignment.network]
        search = lower_search(self.program, alignment, self.models, file)
        grounding = ground(search.places((0,) * len(search.lines)))
        learned = grounding.learned or search.open
        return Origin(
            network=alignment.network,
            variables=alignment.variables,
            grounding=grounding,
            encoding=lower_encoding(self.program, task, file),
            fitting=self.fitting(alignment, search, alignment.network) if learned else None,
        )

    def fitting(self, alignment: Alignment, search: Search, network: str) -> Fitting:
        """How an alignment's maps are found on a network."""
        return lower_fitting(self.program, self.models, self.networks, alignment, search, network)


def estimand_text(estimand: Accuracy | Iia | Reading, program: Program) -> str:
    """An estimand as its author wrote it, without what is its alignment's own."""
    if isinstance(estimand, Accuracy):
        return f"accuracy({_network_text(estimand.network, estimand.random)})"
    alignment = program.alignments[estimand.alignment]
    only = ""
    if estimand.only is not None:
        only = f".{estimand.only[0]}" if len(estimand.only) == 1 else f".{{{', '.join(estimand.only)}}}"
    if isinstance(estimand, Iia) and estimand.reader is not None:
        only += f" -> {estimand.reader}"
    on = ""
    if estimand.random or estimand.network != alignment.network:
        on = f" {'frozen ' if estimand.frozen else ''}on {_network_text(estimand.network, estimand.random)}"
    origin = f" from {estimand.origin}" if isinstance(estimand, Iia) and estimand.origin is not None else ""
    over = "" if estimand.pairs == alignment.pairs else f" over {estimand.pairs}"
    return f"{estimand.kind}({alignment.name}{only}{on}{over}{_via_text(estimand.via)}{origin})"


def _definition(estimand: Iia | Reading) -> EstimandName:
    """By which of the definitions it is measured."""
    if isinstance(estimand, Iia) and estimand.origin is not None:
        return "iia from"
    return "iia ->" if isinstance(estimand, Iia) and estimand.reader is not None else estimand.kind


def _via_text(via: Via | None) -> str:
    if via is None:
        return ""
    family, sizes = via
    stated = f" size {sizes[0]}" if len(sizes) == 1 else f" size [{', '.join(map(str, sizes))}]"
    return f" via {family.text}{stated if sizes else ''}"


def _network_text(network: str, random: bool) -> str:
    return f"random({network})" if random else network
