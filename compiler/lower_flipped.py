"""From a measurement to the control of the flipped model: does the family fit the model's contradiction as well?

It is planned only where interchanges take what the output is computed from to joint values that no input gives it.
"""

from dataclasses import replace
from fractions import Fraction

from .check_pairs import Populations
from .experiments import Control, Measurement
from .flip_model import Flipped, flip_model
from .sampling.draw_items import Population, set_members
from .sampling.enumerate_items import TooManyItemsError
from .sampling.halves import codes_on, interchange
from .sampling.items import Recipe
from .sampling.relations import TooLargeError
from .sampling.sample_items import sample_items
from .terms import Agree, on_model

NAME = "flipped model"
FEWEST_APART = 0.05
"""The share of the items on which the models part, below which a claim is asked to rest on them."""
_SEEN = 2048


def lower_flipped(
    measurement: Measurement, asked: Fraction, populations: Populations, exhaustively: bool
) -> tuple[Control, ...]:
    """The control, if there is something to flip; with the reason where it cannot run.

    `asked` is the least value that the claim asks of the measurement alone; 0 where it is only compared with others.
    """
    fitting, recipe = measurement.fitting, measurement.recipe
    assert fitting is not None
    if not isinstance(measurement.term.score, Agree):
        return ()
    try:
        fitted = flip_model(fitting.recipe.model, fitting.variables)
        if fitted is None:
            return ()
        if recipe.variables != fitting.variables:
            return _not_run("only one reader of the variable sees the interchange")
        flipped = fitted if recipe.model == fitting.recipe.model else flip_model(recipe.model, recipe.variables)
        assert flipped is not None, "both models have the same equations"
        share = _share_apart(populations.open(recipe, exhaustively), flipped, measurement.count)
    except TooLargeError:
        return _not_run("the joint values that no input gives are too many to be listed")
    except TooManyItemsError:
        return _not_run("the items are too many to be looked through for those on which it would differ")
    own, apart = replace(recipe, model=flipped.model), replace(recipe, model=flipped.apart, halves=("changing",))
    if not _some(apart, populations, exhaustively):
        return ()
    if share < FEWEST_APART and share <= 1 - asked:
        return _not_run(f"it differs on {share:.1%} of the items, without which the claim could be met, too")
    if not _some(own, populations, exhaustively):
        return _not_run("no interchange changes its output")
    again = replace(
        measurement,
        text=f"{NAME}, for {measurement.text}",
        term=replace(measurement.term, score=on_model(measurement.term.score, flipped.model.name)),
        recipe=own,
        fitting=replace(fitting, recipe=replace(fitting.recipe, model=fitted.model)),
    )
    return (Control(NAME, again, apart=apart),)


def _not_run(why: str) -> tuple[Control, ...]:
    return (Control(NAME, None, why),)


def _some(recipe: Recipe, populations: Populations, exhaustively: bool) -> bool:
    """Whether a recipe has items."""
    population = populations.open(recipe, exhaustively)
    return bool(population.cells) and (exhaustively or len(population.draw("test", 1).items) > 0)


def _share_apart(population: Population, flipped: Flipped, count: int) -> float:
    """The share of a population's items on which the flipped model differs, among the first of them.

    Raises TooManyItemsError.
    """
    if not population.cells:
        return 0.0
    whole, most = population.whole_domain, min(count, _SEEN)
    items = sample_items(population, most) if whole else population.draw("test", most).items
    recipe = replace(population.recipe, model=flipped.apart)
    members = set_members(population)[items.cell]
    apart = interchange(recipe, items.bases, codes_on(recipe, items.inputs[:, 1:]), members)
    return float(apart.mean()) if len(apart) else 0.0
