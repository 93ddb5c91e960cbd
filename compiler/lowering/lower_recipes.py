"""From `pairs` and tasks to recipes and item counts."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from ...lang.expressions import Expression, variables_of
from ...lang.metrics import CORRECT
from ...lang.program import Holdout, Mechanism, Pairs, Program
from ..causal_model import CausalModel
from ..expressions import substitute
from ..sampling.items import Counterparts, Half, HeldOut, Recipe

Sets = tuple[tuple[int, ...], ...]
BOTH: tuple[Half, ...] = ("changing", "keeping")


def lower_recipe(
    program: Program,
    models: Mapping[str, CausalModel],
    model: CausalModel,
    variables: tuple[str, ...],
    sets: Sets,
    pairs: Pairs,
    halves: tuple[Half, ...] = BOTH,
    counterparts: Counterparts | None = None,
) -> Recipe:
    """The population that a recipe draws from, for these variables and sets of a model."""
    alike = () if counterparts is None else counterparts.where
    definitions = define_variables(program, models, pairs) if pairs.where or pairs.cells else {}
    held_out = tuple(
        HeldOut(name, None if h.values is None else tuple(value - model.domains[name].low for value in h.values))
        for h in _task_holdouts(program, pairs)
        for name in h.inputs
    )
    cells = None if pairs.cells is None else tuple(substitute(e, definitions) for e in pairs.cells)
    return Recipe(
        model=model if cells is None else with_cells(model, cells),
        variables=variables,
        sets=sets,
        where=(*(substitute(e, definitions) for e in pairs.where), *alike),
        held_out=held_out,
        shares=_task_split(program, pairs),
        seed=program.settings.seed,
        halves=halves,
        cells=None if cells is None else tuple(_cell_name(index) for index in range(len(cells))),
        counterparts=counterparts,
    )


def with_cells(model: CausalModel, cells: tuple[Expression, ...]) -> CausalModel:
    """The model with what a recipe balances by, expressions over inputs, as further variables that nothing reads."""
    further = tuple(Mechanism(_cell_name(index), cell.domain, cell) for index, cell in enumerate(cells))
    return replace(model, mechanisms=(*model.mechanisms, *further))


def _cell_name(index: int) -> str:
    return f"cell {index}"


def define_variables(program: Program, models: Mapping[str, CausalModel], pairs: Pairs) -> dict[str, Expression]:
    """What the variables that a recipe reads are, over inputs, and what is correct.

    Models may use one name for several things; what a recipe may read has one meaning.
    """
    read = {v.name for expression in (*pairs.where, *(pairs.cells or ())) for v in variables_of(expression)}
    definitions: dict[str, Expression] = {}
    for model in models_of(program, models, pairs.task):
        wanted = read | ({model.output} if CORRECT.name in read else set())
        definitions = define_over_inputs(model, wanted) | definitions
    task = program.tasks[pairs.task]
    output = None if task.output is None else task.output.name
    if CORRECT.name not in (declared.name for declared in task.inputs) and output in definitions:
        definitions.setdefault(CORRECT.name, definitions[output])
    return definitions


def define_over_inputs(model: CausalModel, wanted: Collection[str]) -> dict[str, Expression]:
    """What some variables of a model are, over inputs, and all that they read."""
    waiting, needed = list(wanted), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in needed and name in model.own_equations:
            needed.add(name)
            waiting += [variable.name for variable in variables_of(model.own_equations[name])]
    definitions: dict[str, Expression] = {}
    for name, equation in model.own_equations.items():
        if name in needed:
            definitions[name] = substitute(equation, definitions)
    return definitions


def find_pairs(program: Program, name: str | None, task: str) -> Pairs:
    """The recipe of this name; without one, the defaults."""
    return program.pairs[name] if name is not None else Pairs("defaults", task)


def item_counts(program: Program, pairs: Pairs) -> tuple[int, int, int]:
    """How many items each split gets: its share of the recipe's size, of `test` at most the file's budget."""
    fit, select, test = (round(pairs.size * share) for share in pairs.split)
    return fit, select, test if program.budget is None else min(test, program.budget)


def all_sets(variables: int) -> Sets:
    """Every non-empty set of variables by index: smaller sets first, then in order of declaration."""
    sets = [tuple(i for i in range(variables) if mask >> i & 1) for mask in range(1, 2**variables)]
    return tuple(sorted(sets, key=lambda s: (len(s), s)))


def models_of(program: Program, models: Mapping[str, CausalModel], task: str) -> list[CausalModel]:
    """The causal models of a task, in order of declaration."""
    return [models[model.name] for model in program.models.values() if model.task == task]


def _task_holdouts(program: Program, pairs: Pairs) -> tuple[Holdout, ...]:
    """The hold-outs of a task: of the one recipe that states them (several agree), since a task has one split."""
    stated = [other.holdouts for other in program.pairs.values() if other.task == pairs.task and other.holdouts]
    return stated[0] if stated else ()


def _task_split(program: Program, pairs: Pairs) -> tuple[float, float, float]:
    """The shares of a task's splits: of its recipes, which agree."""
    return next((other.split for other in program.pairs.values() if other.task == pairs.task), pairs.split)
