"""From an estimand of a causal model to its score: a term, and the variables and sets that its items are about."""

from collections.abc import Mapping
from dataclasses import replace

from ...lang.claims import Accuracy, Iia, Reading
from ...lang.program import Program
from ...lang.record import record
from ..causal_model import CausalModel
from ..hold_children import edge_name, hold_children, other_children
from ..sampling.items import Half
from ..terms import (
    Agree,
    Assignment,
    Distance,
    Expectation,
    ModelWorld,
    NetworkWorld,
    OutputOf,
    ReadsRight,
    Run,
    Score,
    ValueOf,
    WrongReads,
    along_edge,
    interchange,
    taken_values,
)
from .lower_recipes import BOTH, Sets, all_sets, find_pairs, models_of

HALVES: dict[str, tuple[Half, ...]] = {"iia": BOTH, "cause": ("changing",), "isolate": ("exposed",)}


@record
class ScoreOfItems:
    """A score, the model whose items it is taken over, their variables and sets, and the halves that count."""

    score: Score
    model: CausalModel
    variables: tuple[str, ...]
    sets: Sets
    halves: tuple[Half, ...] = BOTH

    def over(self, pairs: str) -> Expectation:
        """Its mean over the items of a recipe, which is named for the reader."""
        items = f"items of {self.model.name}{{{', '.join(self.variables)}}}" if self.variables else "inputs"
        return Expectation(self.score, f"{items}, pairs {pairs}" if self.variables else f"inputs of pairs {pairs}")


def lower_term(program: Program, models: Mapping[str, CausalModel], estimand: Accuracy | Iia | Reading) -> Expectation:
    """The whole term of an estimand."""
    if isinstance(estimand, Accuracy):
        task = estimand.task
    else:
        task = program.models[program.alignments[estimand.alignment].model].task
    return lower_score(program, models, estimand).over(find_pairs(program, estimand.pairs, task).name)


def lower_score(
    program: Program, models: Mapping[str, CausalModel], estimand: Accuracy | Iia | Reading
) -> ScoreOfItems:
    """The score of an estimand and the items that it is about."""
    match estimand:
        case Accuracy():
            return _accuracy(program, models, estimand)
        case Iia():
            return _iia(program, models, estimand)
        case Reading():
            return _reading(program, models, estimand)


def _accuracy(program: Program, models: Mapping[str, CausalModel], estimand: Accuracy) -> ScoreOfItems:
    """Agreement of the network's answer with any model of the task (they are all the same)."""
    model = models_of(program, models, estimand.task)[0]
    score = Agree(
        interchange(NetworkWorld(estimand.network, random=estimand.random), (), model.output),
        interchange(ModelWorld(model.name), (), model.output),
    )
    return ScoreOfItems(score, model, (), ((),))


def _iia(program: Program, models: Mapping[str, CausalModel], estimand: Iia) -> ScoreOfItems:
    """`iia`, `cause` and `isolate`: agreement of network and model under interchange."""
    alignment = program.alignments[estimand.alignment]
    model = models[alignment.model]
    names = alignment.variables
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
    if estimand.origin is not None:
        left = read_elsewhere(left, NetworkWorld(program.alignments[estimand.origin].network, estimand.origin))
    score = Agree(left, interchange(ModelWorld(population_model.name), variables, model.output))
    return ScoreOfItems(score, population_model, variables, sets, HALVES[estimand.kind])


def read_elsewhere(query: OutputOf, other: NetworkWorld) -> OutputOf:
    """The same with every source read in another alignment's network, through a linear map between the blocks."""
    assignments = [
        Assignment(variable, value if value.run.input == 0 else _moved(value, other))
        for variable, value in taken_values(query.run)
    ]
    return replace(query, run=replace(query.run, assignments=tuple(assignments)))


def _moved(value: ValueOf, world: NetworkWorld) -> ValueOf:
    return replace(value, run=replace(value.run, world=world), through="linear")


def _reading(program: Program, models: Mapping[str, CausalModel], estimand: Reading) -> ScoreOfItems:
    """`probe`, `cae` and `divergence`, over the items that `iia` of the same variables is taken over."""
    alignment = program.alignments[estimand.alignment]
    model = models[alignment.model]
    names = alignment.variables
    world = NetworkWorld(estimand.network, alignment.name, estimand.random)
    sets = all_sets(len(names))
    if estimand.only is not None:
        sets = (tuple(sorted(names.index(name) for name in estimand.only)),)
    left = interchange(world, names, model.output)
    score: Score
    match estimand.kind:
        case "probe":
            assert estimand.only is not None
            (read,) = estimand.only
            score = ReadsRight(ValueOf(read, Run(world, 0)), ValueOf(read, Run(ModelWorld(model.name), 0)))
        case "cae":
            score = WrongReads(left, interchange(ModelWorld(model.name), names, model.output))
        case "divergence":
            score = Distance(left.run, model.output)
    return ScoreOfItems(score, model, names, sets)
