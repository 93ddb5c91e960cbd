"""Whether `fit` and `select` hold what a claim needs of them: to fit maps, to choose among them, to take means over."""

from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.program import Program
from ...experiments import Fitting, Measurement, Ranking
from ...sampling.items import Recipe
from ...sampling.populations import Populations
from ...sampling.quick_look import look_quickly
from ...sampling.splits import region_of
from ...sampling.streams import NO_INPUT
from ...terms import (
    Apart,
    CodeOf,
    Differ,
    Distance,
    Gain,
    MeanOver,
    ReadsRight,
    Resampled,
    ValueOf,
    WrongReads,
    values_of,
)
from .say_no_items import SEEN, say_no_items

OFTEN = 64
"""A half that so many of a few thousand random items have is none that only few bases allow."""
SMALL = 1 << 14
"""Inputs of a domain in which a split may well have none: looking for one takes no time."""


def check_fit(fitting: Fitting, claim: Span, populations: Populations) -> list[Diagnostic]:
    """Whether a map can be trained, and attempts at it compared."""
    return _check_trained(fitting, claim, populations) or _check_compared(fitting.recipe, claim, populations)


def _check_compared(recipe: Recipe, claim: Span, populations: Populations) -> list[Diagnostic]:
    if _may_be_selected(recipe, populations):
        return []
    return [_none_of("select", "on which attempts at a map are scored", claim)]


def _check_trained(fitting: Fitting, claim: Span, populations: Populations) -> list[Diagnostic]:
    recipe = fitting.recipe
    if all(met.get(half, 0) >= OFTEN for met in look_quickly(recipe, "fit").met for half in recipe.halves):
        return []
    population = populations.open(recipe)
    if not population.cells:
        return [say_no_items(population, claim)]
    drawn = population.draw("fit", min(fitting.fit_count, SEEN))
    help = "give `fit` a larger share, or hold out fewer values"
    if drawn.drawable is not None and drawn.reason != NO_INPUT:
        count = f"a map is trained on {fitting.fit_count:,} items of the `fit` split"
        message = f"{count}, {drawn.drawable:,} can be drawn"
        return [Diagnostic("CS432", message, Label(claim), notes=(drawn.reason,), help=help)]
    met = set(drawn.items.cell.tolist())
    for index, cell in enumerate(population.cells):
        if index not in met:
            names = ", ".join(f"`{recipe.variables[v]}`" for v in recipe.sets[cell.set_index])
            what = "changes" if cell.half == "changing" else "keeps"
            message = f"no item of the `fit` split {what} the output under {names}: a map cannot be trained"
            return [Diagnostic("CS432", message, Label(claim), help=help)]
    return []


def _may_be_selected(recipe: Recipe, populations: Populations) -> bool:
    """Whether `select` has an item, or is of a domain in which it surely has."""
    return region_of(recipe, "select").size > SMALL or len(populations.open(recipe).draw("select", 1).items) > 0


def _none_of(split: str, used: str, claim: Span) -> Diagnostic:
    message = f"no item of the `{split}` split can be drawn, {used}"
    help = f"give `{split}` a larger share, hold out fewer values, or, of a handful of inputs, let the task have more"
    return Diagnostic("CS432", message, Label(claim), help=help)


def _use_of_natural(measurement: Measurement) -> str | None:
    """What becomes of inputs of `fit`, if a score sets something to what they give, or reads it by them."""
    score = measurement.term.score
    if measurement.origin is not None:
        return "on which the maps between networks are fitted"
    if isinstance(score, ReadsRight | WrongReads | Distance):
        return "of which activations are natural"
    if isinstance(score, Gain | Differ) and isinstance(score.left, ValueOf):
        return "on which it is learned how a variable's block is read"
    if isinstance(score, Gain | Differ | Apart):
        if any(isinstance(value, MeanOver | CodeOf) for value in values_of(score.left.run)):
            return "over which means are taken"
        if any(isinstance(value, Resampled) for value in values_of(score.left.run)):
            return "of which `shuffled` draws"
    return None


def check_natural(measurement: Measurement, claim: Span, populations: Populations) -> list[Diagnostic]:
    """Whether `fit` has inputs where a measurement takes something from what they give."""
    use = _use_of_natural(measurement)
    if use is None:
        return []
    population = populations.open(measurement.recipe)
    if population.cells and len(population.draw("fit", 1).items):
        return []
    return [_none_of("fit", use, claim)]


def check_choice(program: Program, measurement: Measurement, claim: Span, populations: Populations) -> list[Diagnostic]:
    """Of several networks that are drawn the best on `select` is measured, as is that of a control beside `from`."""
    several = measurement.random or measurement.origin is not None
    if not several or program.settings.controls.random < 2:
        return []
    if _may_be_selected(measurement.recipe, populations):
        return []
    return [_none_of("select", "on which one of several random networks is chosen", claim)]


def check_select(ranking: Ranking, claim: Span, populations: Populations) -> list[Diagnostic]:
    """Whether `select` has an item by which a circuit can be chosen."""
    recipe = ranking.score.recipe
    population = populations.open(recipe)
    if not population.cells:
        return [say_no_items(population, claim)]
    if len(population.draw("select", min(ranking.select_count, SEEN)).items):
        return []
    message = f"no item of the `select` split can be drawn: the circuit `{ranking.name}` cannot be chosen"
    return [Diagnostic("CS432", message, Label(claim), help="give `select` a larger share, or hold out fewer values")]
