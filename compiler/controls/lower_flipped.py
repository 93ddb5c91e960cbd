"""From experiments to experiments with one more control: the flipped model, where there is something to flip.

Does the claim's family fit the model's contradiction, too? It is asked only where interchanges take what the output is
computed from to joint values that no input gives it. Finding it out takes as long as all checks, which do without.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from ..experiments import Control, Experiment, Fitting, Measurement, Part, Quantity
from ..sampling.draw_items import Population, set_members
from ..sampling.enumerate_items import TooManyItemsError
from ..sampling.items import FEWEST_ITEMS, Recipe
from ..sampling.populations import Populations
from ..sampling.propose import codes_on, interchange
from ..sampling.relations import TooLargeError
from ..sampling.sample_items import sample_items
from ..terms import Agree, on_model
from .flip_model import Flipped, flip_model

NAME = "flipped model"
AFTER = "scrambled model"
"""The control that costs as much and stands before it."""
FEWEST_APART = 0.05
"""The share of the items on which the models part, below which a claim must need these items to be asked for them."""
_SEEN = 2048


def lower_flipped(experiments: Sequence[Experiment], populations: Populations) -> tuple[Experiment, ...]:
    """The experiments, each quantity that a scrambled model controls with the flipped one, too."""
    return tuple(_with_flipped(experiment, populations) for experiment in experiments)


def _with_flipped(experiment: Experiment, populations: Populations) -> Experiment:
    whole = experiment.claim.exhaustively
    quantities = []
    for index, quantity in enumerate(experiment.quantities):
        names, fitting = [veto.name for veto in quantity.vetoes], quantity.measurement.fitting
        if AFTER in names and fitting is not None:
            found = _flipped(quantity.measurement, fitting, _asked(experiment.parts, index), populations, whole)
            quantity = _inserted(quantity, names.index(AFTER) + 1, found)
        quantities.append(quantity)
    return replace(experiment, quantities=tuple(quantities))


def _inserted(quantity: Quantity, at: int, control: Control | None) -> Quantity:
    more = () if control is None else (control,)
    return replace(quantity, vetoes=(*quantity.vetoes[:at], *more, *quantity.vetoes[at:]))


def _asked(parts: Sequence[Part], index: int) -> Fraction:
    """The least value with which a quantity meets every part that is about it alone; 0 where there is none."""
    alone = [(part, part.coefficients[0][0]) for part in parts if [i for _, i in part.coefficients] == [index]]
    return max((-(part.constant + part.tolerance) / c for part, c in alone if c > 0), default=Fraction(0))


def _flipped(
    measurement: Measurement, fitting: Fitting, asked: Fraction, populations: Populations, exhaustively: bool
) -> Control | None:
    """The control, with the reason where it cannot run; None where there is nothing to flip."""
    if not isinstance(measurement.term.score, Agree):
        return None
    recipe = measurement.recipe
    try:
        fitted = flip_model(fitting.recipe.model, fitting.variables)
        if fitted is None:
            return None
        if recipe.variables != fitting.variables:
            return _not_run("only one reader of the variable sees the interchange")
        flipped = fitted if recipe.model == fitting.recipe.model else flip_model(recipe.model, recipe.variables)
        assert flipped is not None, "both have the same equations"
        share = _share_apart(populations.open(recipe, exhaustively), flipped, measurement.count)
    except TooLargeError:
        return _not_run("the joint values that no input gives are too many to be listed")
    except TooManyItemsError:
        return _not_run("items on which it would differ are too many to be looked for")
    if share == 0:
        return None
    if share < FEWEST_APART and share <= 1 - asked:
        return _not_run(f"it differs on {share:.1%} of the items, and the claim can be met without them")
    own = replace(recipe, model=flipped.model)
    apart = _items_apart(recipe, flipped, measurement.count, populations, exhaustively)
    if not (_has_items(own, populations, exhaustively) and _has_items(apart, populations, exhaustively)):
        return _not_run("no item can be drawn on which it could be told from the claim's model")
    again = replace(
        measurement,
        text=f"{NAME}, for {measurement.text}",
        term=replace(measurement.term, score=on_model(measurement.term.score, flipped.model.name)),
        recipe=own,
        fitting=replace(fitting, recipe=replace(fitting.recipe, model=fitted.model)),
    )
    return Control(NAME, again, apart=apart)


def _not_run(why: str) -> Control:
    return Control(NAME, None, why)


def _items_apart(recipe: Recipe, flipped: Flipped, count: int, populations: Populations, exhaustively: bool) -> Recipe:
    """The items on which the models part.

    Bases from which an interchange leads there may be rare: they are balanced by what decides it, unless that leaves
    too few of some.
    """
    as_claimed = replace(recipe, model=flipped.apart, halves=("changing",))
    if exhaustively:
        return as_claimed
    balanced, enough = replace(as_claimed, cells=flipped.read), min(FEWEST_ITEMS, count)
    if _drawable(populations.open(balanced), count, enough) >= enough:
        return balanced
    return max(balanced, as_claimed, key=lambda way: _drawable(populations.open(way), count, count))


def _has_items(recipe: Recipe, populations: Populations, exhaustively: bool) -> bool:
    population = populations.open(recipe, exhaustively)
    return bool(population.cells) and (exhaustively or _drawable(population, 1, 1) > 0)


def _drawable(population: Population, asked: int, enough: int) -> int:
    """How many of the test items that are asked for can be drawn, or `enough`, if that many can."""
    ample = bool(population.cells) and population.is_ample("test", asked)
    return enough if ample else len(population.draw("test", enough).items)


def _share_apart(population: Population, flipped: Flipped, count: int) -> float:
    """The share of a population's items on which the flipped model differs, among the first of them.

    Raises TooManyItemsError.
    """
    if not population.cells:
        return 0.0
    most = min(count, _SEEN)
    items = sample_items(population, most) if population.whole_domain else population.draw("test", most).items
    recipe = replace(population.recipe, model=flipped.apart)
    members = set_members(population)[items.cell]
    apart = interchange(recipe, items.bases, codes_on(recipe, items.inputs[:, 1:]), members)
    return float(apart.mean()) if len(apart) else 0.0
