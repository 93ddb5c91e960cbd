"""From the typed program to experiments: every estimand becomes a term, a population and a grounding."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from ..lang.program import (
    Accuracy,
    Alignment,
    Claim,
    Comparison,
    Estimand,
    Expression,
    Family,
    Holdout,
    Iia,
    Linear,
    Pairs,
    Placement,
    Program,
    Scaled,
)
from .causal_model import CausalModel
from .experiments import (
    AnswerAt,
    Block,
    Encoding,
    Experiment,
    Fitting,
    Frame,
    Grounding,
    Measurement,
    NetworkFile,
    Part,
    Quantity,
)
from .expressions import substitute
from .lower_controls import lower_controls
from .sampling.items import HeldOut, Recipe
from .terms import Agree, Expectation, ModelWorld, NetworkWorld, interchange

Sets = tuple[tuple[int, ...], ...]


def lower_claims(
    program: Program, models: Mapping[str, CausalModel], networks: Mapping[str, NetworkFile]
) -> tuple[Experiment, ...]:
    """Every claim of a checked program as an experiment, in order of declaration."""
    lowering = _Lowering(program, models, networks)
    return tuple(lowering.lower_claim(claim) for claim in program.claims.values())


def lower_fitting(
    program: Program, models: Mapping[str, CausalModel], networks: Mapping[str, NetworkFile], alignment: Alignment
) -> Fitting:
    """An alignment's own population (all non-empty sets of its variables) with the numbers of items."""
    return _Lowering(program, models, networks).lower_fitting(alignment)


class _Lowering:
    """The program's tables, at hand for each of the small lowerings below."""

    def __init__(
        self, program: Program, models: Mapping[str, CausalModel], networks: Mapping[str, NetworkFile]
    ) -> None:
        self.program, self.models, self.networks = program, models, networks

    def lower_claim(self, claim: Claim) -> Experiment:
        settings = self.program.settings
        alpha = (1 - settings.confidence) / len(self.program.claims)
        if claim.confidence is not None:
            alpha = min(alpha, 1 - claim.confidence)
        estimands = list(dict.fromkeys(term.estimand for part in claim.parts for term in _terms(part)))
        signs = [_polarities(claim.parts, estimand) for estimand in estimands]
        quantities = tuple(
            self.lower_quantity(estimand, sign, claim.exhaustively)
            for estimand, sign in zip(estimands, signs, strict=True)
        )
        parts = tuple(_lower_part(part, estimands) for part in claim.parts)
        return Experiment(claim, quantities, parts, alpha)

    def lower_quantity(self, estimand: Estimand, signs: set[int], exhaustively: bool) -> Quantity:
        measurement = self.lower_estimand(estimand)
        gated = isinstance(estimand, Iia) and not estimand.random and 1 in signs
        control = None
        if isinstance(estimand, Iia) and measurement.learned and -1 in signs:
            control = self.lower_last_site(estimand, measurement)
        vetoes = lower_controls(measurement) if measurement.learned and 1 in signs else ()
        return Quantity(measurement, gated, control, vetoes)

    def lower_estimand(self, estimand: Estimand) -> Measurement:
        match estimand:
            case Accuracy():
                return self.lower_accuracy(estimand)
            case Iia():
                return self.lower_iia(estimand)

    def lower_accuracy(self, estimand: Accuracy) -> Measurement:
        """`accuracy(N)`: agreement of the network's answer with any model of the task (they are all the same)."""
        model = next(self.models[m.name] for m in self.program.models.values() if m.task == estimand.task)
        pairs = self.pairs(estimand.pairs, estimand.task)
        recipe = self.lower_recipe(model, (), ((),), pairs)
        score = Agree(
            interchange(NetworkWorld(estimand.network, random=estimand.random), (), model.output),
            interchange(ModelWorld(model.name), (), model.output),
        )
        text = f"accuracy({_network_text(estimand.network, estimand.random)})"
        return Measurement(
            text=text,
            pairs=pairs.name,
            term=Expectation(score, f"inputs of {_pairs_text(pairs)}"),
            network=estimand.network,
            random=estimand.random,
            recipe=recipe,
            count=_counts(pairs)[2],
            encoding=self.lower_encoding(estimand.task),
        )

    def lower_iia(self, estimand: Iia) -> Measurement:
        """`iia(A)`: agreement of network and model under interchange, over the sets of A's variables."""
        alignment = self.program.alignments[estimand.alignment]
        model = self.models[alignment.model]
        variables = tuple(p.variable for p in alignment.placements)
        sets = all_sets(len(variables))
        if estimand.only is not None:
            sets = (tuple(sorted(variables.index(name) for name in estimand.only)),)
        pairs = self.pairs(estimand.pairs, self.program.models[alignment.model].task)
        world = NetworkWorld(estimand.network, alignment.name, estimand.random)
        score = Agree(
            interchange(world, variables, model.output),
            interchange(ModelWorld(model.name), variables, model.output),
        )
        grounding = lower_grounding(alignment.placements, self.networks[estimand.network])
        return Measurement(
            text=_iia_text(estimand, alignment),
            pairs=pairs.name,
            term=Expectation(score, f"items of {model.name}{{{', '.join(variables)}}}, {_pairs_text(pairs)}"),
            network=estimand.network,
            random=estimand.random,
            recipe=self.lower_recipe(model, variables, sets, pairs),
            count=_counts(pairs)[2],
            encoding=self.lower_encoding(self.program.models[alignment.model].task),
            grounding=grounding,
            fitting=self.lower_fitting(alignment) if grounding.learned else None,
        )

    def lower_last_site(self, estimand: Iia, measured: Measurement) -> Measurement:
        """The positive control: the output variable at the last site, with the same family, size and budget.

        On an untrained network nothing is there to be found: the control then searches the network itself.
        """
        alignment = self.program.alignments[estimand.alignment]
        model = self.models[alignment.model]
        network = self.networks[estimand.network]
        assert measured.grounding is not None
        size = max(b.stop - b.start for f in measured.grounding.frames if not f.given for b in f.blocks)
        layer = network.facts.last_layer
        width = network.facts.width("hidden", layer)
        assert width is not None
        grounding = Grounding(
            (Frame("hidden", layer, tuple(range(width)), width, Family("rotation"), (Block(0, 0, min(size, width)),)),)
        )
        pairs = self.pairs(alignment.pairs, self.program.models[alignment.model].task)
        recipe = self.lower_recipe(model, (model.output,), ((0,),), pairs)
        world = NetworkWorld(estimand.network, f"{model.output} at hidden[{layer}]")
        score = Agree(
            interchange(world, (model.output,), model.output),
            interchange(ModelWorld(model.name), (model.output,), model.output),
        )
        fit_count, select_count, test_count = _counts(pairs)
        return Measurement(
            text=f"last site: {model.output} at hidden[{layer}] via rotation size {min(size, width)}",
            pairs=pairs.name,
            term=Expectation(score, f"items of {model.name}{{{model.output}}}, {_pairs_text(pairs)}"),
            network=estimand.network,
            random=False,
            recipe=recipe,
            count=test_count,
            encoding=measured.encoding,
            grounding=grounding,
            fitting=Fitting(recipe, fit_count, select_count, alignment.fit, (model.output,)),
        )

    def lower_fitting(self, alignment: Alignment) -> Fitting:
        model = self.models[alignment.model]
        variables = tuple(p.variable for p in alignment.placements)
        pairs = self.pairs(alignment.pairs, self.program.models[alignment.model].task)
        recipe = self.lower_recipe(model, variables, all_sets(len(variables)), pairs)
        fit_count, select_count, _ = _counts(pairs)
        return Fitting(recipe, fit_count, select_count, alignment.fit, variables)

    def lower_recipe(self, model: CausalModel, variables: tuple[str, ...], sets: Sets, pairs: Pairs) -> Recipe:
        definitions: dict[str, Expression] = {}
        for candidate in self.program.models.values():
            if pairs.where and candidate.task == pairs.task:
                for name, equation in self.models[candidate.name].own_equations.items():
                    definitions.setdefault(name, substitute(equation, definitions))
        domains = model.domains
        held_out = tuple(
            HeldOut(name, None if h.values is None else tuple(value - domains[name].low for value in h.values))
            for h in _task_holdouts(self.program, pairs)
            for name in h.inputs
        )
        return Recipe(
            model=model,
            variables=variables,
            sets=sets,
            where=tuple(substitute(e, definitions) for e in pairs.where),
            held_out=held_out,
            shares=_task_split(self.program, pairs),
            seed=self.program.settings.seed,
        )

    def lower_encoding(self, task_name: str) -> Encoding:
        task = self.program.tasks[task_name]
        names = [declared.name for declared in task.inputs]
        return Encoding(
            tuple(names.index(name) for name in task.tokens),
            tuple(AnswerAt(0, answer.classes) for answer in task.answers),
        )

    def pairs(self, name: str | None, task: str) -> Pairs:
        return self.program.pairs[name] if name is not None else Pairs("defaults", task)


def all_sets(variables: int) -> Sets:
    """Every non-empty set of variables by index: smaller sets first, then in order of declaration."""
    sets = [tuple(i for i in range(variables) if mask >> i & 1) for mask in range(1, 2**variables)]
    return tuple(sorted(sets, key=lambda s: (len(s), s)))


def lower_grounding(placements: Iterable[Placement], network: NetworkFile) -> Grounding:
    """Placements as frames: variables at one site with one map share a frame, in disjoint blocks in order."""
    groups: dict[tuple[str, int | None, tuple[int, ...], Family, int], list[tuple[int, int]]] = {}
    for index, placement in enumerate(placements):
        site = placement.site
        width = network.facts.width(site.component, site.layer)
        assert width is not None, "checked against the network"
        dims = tuple(range(width)) if site.dims is None else site.dims
        alone = -1 if placement.family.name == "rotation" else index
        group = groups.setdefault((site.component, site.layer, dims, placement.family, alone), [])
        group.append((index, len(dims) if placement.size is None else placement.size))
    frames = []
    for (component, layer, dims, family, _), members in groups.items():
        blocks, start = [], 0
        for index, size in members:
            blocks.append(Block(index, start, start + size))
            start += size
        site_width = network.facts.width(component, layer)
        assert site_width is not None
        frames.append(Frame(component, layer, dims, site_width, family, tuple(blocks)))
    return Grounding(tuple(frames))


def _task_holdouts(program: Program, pairs: Pairs) -> tuple[Holdout, ...]:
    """The hold-outs of a task: of the one recipe that states them (several agree), since a task has one split."""
    stated = [other.holdouts for other in program.pairs.values() if other.task == pairs.task and other.holdouts]
    return stated[0] if stated else ()


def _task_split(program: Program, pairs: Pairs) -> tuple[float, float, float]:
    """The shares of a task's splits: of its recipes, which agree."""
    return next((other.split for other in program.pairs.values() if other.task == pairs.task), pairs.split)


def _counts(pairs: Pairs) -> tuple[int, int, int]:
    """How many items each split gets: its share of the recipe's size."""
    fit, select, test = (round(pairs.size * share) for share in pairs.split)
    return fit, select, test


def _terms(part: Comparison) -> tuple[Scaled, ...]:
    return (*part.left.terms, *part.right.terms)


def _fraction(pair: tuple[int, int]) -> Fraction:
    return Fraction(pair[0], pair[1])


def _normalise(part: Comparison, estimands: list[Estimand]) -> tuple[Fraction, dict[int, Fraction]]:
    """T = left - right for `>=` and `==`, right - left for `<=`."""
    sign = -1 if part.relation == "<=" else 1
    constant, coefficients = Fraction(0), dict.fromkeys(range(len(estimands)), Fraction(0))
    sides: tuple[tuple[int, Linear], ...] = ((sign, part.left), (-sign, part.right))
    for factor, side in sides:
        constant += factor * _fraction(side.constant)
        for term in side.terms:
            value = Fraction(term.numerator, term.denominator)
            coefficients[estimands.index(term.estimand)] += factor * value
    return constant, {index: value for index, value in coefficients.items() if value != 0}


def _lower_part(part: Comparison, estimands: list[Estimand]) -> Part:
    constant, coefficients = _normalise(part, estimands)
    tolerance = Fraction(0) if part.tolerance is None else _fraction(part.tolerance)
    pairs = tuple((value, index) for index, value in coefficients.items())
    return Part("==" if part.relation == "==" else ">=", constant, pairs, tolerance, part.relation)


def _polarities(parts: tuple[Comparison, ...], estimand: Estimand) -> set[int]:
    """The signs with which an estimand enters the parts; an equality holds it from both sides."""
    signs: set[int] = set()
    for part in parts:
        _, coefficients = _normalise(part, [estimand, *(t.estimand for t in _terms(part) if t.estimand != estimand)])
        if value := coefficients.get(0):
            signs |= {1, -1} if part.relation == "==" else {1 if value > 0 else -1}
    return signs


def _network_text(network: str, random: bool) -> str:
    return f"random({network})" if random else network


def _pairs_text(pairs: Pairs) -> str:
    return f"pairs {pairs.name}"


def _iia_text(estimand: Iia, alignment: Alignment) -> str:
    only = ""
    if estimand.only is not None:
        only = f".{estimand.only[0]}" if len(estimand.only) == 1 else f".{{{', '.join(estimand.only)}}}"
    on = ""
    if estimand.random or estimand.network != alignment.network:
        on = f" on {_network_text(estimand.network, estimand.random)}"
    over = "" if estimand.pairs == alignment.pairs else f" over {estimand.pairs}"
    return f"iia({alignment.name}{only}{on}{over})"
