"""Why a population has no items, in the words of its recipe; and how many are looked at to see whether it has."""

from ....lang.diagnostics import Diagnostic, Label, Span
from ...sampling.count_apart import say_apart
from ...sampling.draw_items import Population
from ...sampling.halves import EXPOSED
from ...sampling.spaces import SAMPLED

SEEN = 1024
"""Items that are looked at where that is enough: of `fit`, where they come set by set and half by half in turn, so that
a missing cell shows, and of a `test` split that holds far more inputs than are asked for."""


def say_no_items(population: Population, claim: Span) -> Diagnostic:
    """Why a population has no cell: nothing satisfies its conditions, or no interchange changes the output."""
    spaces = population.spaces(None)
    if not len(spaces.base) or not len(spaces.source):
        sampled = SAMPLED in spaces.base.how or SAMPLED in spaces.source.how
        return Diagnostic(
            "CS434",
            f"no item can be drawn: no base and source {'were found that satisfy' if sampled else 'satisfy'} `where`, "
            "`require` and `holdout` together",
            Label(claim),
            notes=(f"{SAMPLED}: among millions of random inputs",) if sampled else (),
            help="loosen the conditions of the recipe",
        )
    recipe = population.recipe
    names, said = ", ".join(f"`{name}`" for name in recipe.variables), say_apart(recipe)
    what = f"interchanging {names}" if names else "another input"
    sampled = any(SAMPLED in note for note in population.notes)
    help = "check `where`, `require` and the model: the pairs must be able to tell"
    if recipe.halves == (EXPOSED,):
        message = f"no item can be drawn: wherever {what} keeps the output, the sources have it, too"
        help = "`isolate` is of items on which a leak could show, and here none could: claim `cause`, or `iia`"
    else:
        message = (
            f"no item can be drawn: {what} {'was never seen to change' if sampled else 'never changes'} the output"
        )
    return Diagnostic(
        "CS434",
        message,
        Label(claim),
        notes=(
            *(() if said is None else (said,)),
            *((f"{SAMPLED}: among many random bases and sources",) if sampled else ()),
        ),
        help=help,
    )
