"""Which recipe for pairs is meant: the one that is named, the union of several, the task's only one, or none."""

from collections.abc import Sequence

from ...diagnostics import Span
from ...program import Pairs
from ...record import record
from ...scope import Names, Reporter, report_repeated
from ...suggest import listed, suggest
from ...syntax.leaves import Name
from .join_recipes import join_recipes


@record
class Recipe:
    """The recipe that applies; `known` is False where that could not be made out (already reported)."""

    name: str | None
    known: bool


def find_recipe(over: tuple[Name, ...], task: str, names: Names, where: Span, report: Reporter) -> Recipe:
    """The recipe that `over` names, else the task's only one, else none (the defaults apply)."""
    if over:
        named = [_find(name, task, names, report) for name in over]
        recipes = [recipe for recipe in named if recipe is not None]
        if len(recipes) < len(named):
            return Recipe(None, False)
        if len(recipes) == 1:
            return Recipe(recipes[0].name, True)
        return _join(recipes, over, names, report)
    if any(entry is None for entry in names.pairs.entries.values()):
        return Recipe(None, False)
    of_task = _recipes_of(task, names)
    if len(of_task) > 1:
        report.error(
            "CS406",
            f"task `{task}` has several recipes: {listed(of_task)}",
            where,
            "which of them is meant",
            help=f"name one: `over {of_task[0]}`",
        )
        return Recipe(None, False)
    return Recipe(of_task[0] if of_task else None, True)


def _find(name: Name, task: str, names: Names, report: Reporter) -> Pairs | None:
    """The recipe of one name, if it is one for `task`."""
    recipe = names.find(names.pairs, name)
    if recipe is not None and recipe.task != task:
        report.error(
            "CS407",
            f"recipe `{name.text}` belongs to task `{recipe.task}`, found it where `{task}` is meant",
            name.span,
            help=suggest(name.text, _recipes_of(task, names), "recipes")
            if _recipes_of(task, names)
            else f"`{task}` has none; leave `over {name.text}` out",
        )
        return None
    return recipe


def _join(recipes: Sequence[Pairs], over: Sequence[Name], names: Names, report: Reporter) -> Recipe:
    """The union of several recipes, known to the program by their names together."""
    for index, (recipe, name) in enumerate(zip(recipes, over, strict=True)):
        if recipe in recipes[:index]:
            report_repeated(report, f"recipe `{recipe.name}`", name.span, over[recipes.index(recipe)].span)
            return Recipe(None, False)
        if recipe.cells != recipes[0].cells:
            report.error(
                "CS447",
                f"`{recipes[0].name}` and `{recipe.name}` are balanced differently and have no union",
                name.span,
                help="write the same `balanced` or `uniform` in both, or name one recipe",
            )
            return Recipe(None, False)
    union = join_recipes(recipes)
    names.joined[union.name] = union
    return Recipe(union.name, True)


def _recipes_of(task: str, names: Names) -> list[str]:
    return [name for name, recipe in names.pairs.intact().items() if recipe.task == task]
