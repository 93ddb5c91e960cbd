"""Checks of the items that claims need: whether enough can be drawn, before anything runs.

From experiments to diagnostics, and the size of each population's test stream.
"""

import math
from dataclasses import replace

from ...lang.diagnostics import Diagnostic, Label, Span
from ...lang.program import Program
from ...lang.record import record
from ..experiments import Experiment, Fitting, GraphItems, Measurement, Ranking
from ..sampling.count_apart import say_apart
from ..sampling.draw_items import Population
from ..sampling.enumerate_items import count_items
from ..sampling.halves import EXPOSED
from ..sampling.items import FEWEST_ITEMS, Recipe
from ..sampling.open_spaces import SAMPLED
from ..sampling.populations import Populations
from ..sampling.quick_look import look_quickly
from ..sampling.splits import region_of
from ..sampling.streams import NO_INPUT
from ..terms import (
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

MOST_EXHAUSTIVE = 10**9
SEEN = 1024
"""Items that are looked at where that is enough: of `fit`, where they come set by set and half by half in turn, so that
a missing cell shows, and of a `test` split that holds far more inputs than are asked for."""
COUNTED = 1 << 14
"""Of more test items than that only so many are drawn: how many there can be is then computed."""
ALWAYS_SAMPLED = ("probe", "cae", "divergence")
"""Estimands that are decided on samples alone."""
OFTEN = 64
"""A half that so many of a few thousand random items have is none that only few bases allow."""

SMALL = 1 << 14
"""Inputs of a domain in which a split may well have none: looking for one takes no time."""


def check_pairs(
    program: Program, experiments: tuple[Experiment, ...], populations: Populations
) -> tuple[Diagnostic, ...]:
    """Draw every claim's test items and open every fit's population; say what cannot be drawn."""
    found: list[Diagnostic] = []
    for experiment in experiments:
        for quantity in experiment.quantities:
            measurement = quantity.measurement
            if measurement.lacking:
                found.append(_no_circuits(measurement, experiment.claim.span))
                continue
            if experiment.claim.exhaustively:
                found += _check_whole_domain(measurement, experiment.claim.span, populations)
            else:
                found += _check_test(program, measurement, experiment.claim.span, populations)
            found += _check_natural(measurement, experiment.claim.span, populations)
            found += _check_choice(program, measurement, experiment.claim.span, populations)
            if measurement.fitting is not None:
                found += _check_fit(measurement.fitting, experiment.claim.span, populations)
            for ranking in measurement.rankings:
                found += _check_select(ranking, experiment.claim.span, populations)
    return tuple(dict.fromkeys(found))


def check_graph_items(
    program: Program, graphs: tuple[GraphItems, ...], populations: Populations
) -> tuple[Diagnostic, ...]:
    """Draw every graph's test items and open every fit's population; say what cannot be drawn."""
    found: list[Diagnostic] = []
    for items in graphs:
        span, count, text = items.graph.span, items.count, f"graph {items.graph.name}"
        for measurement in {one.recipe: one for one in items.totals}.values():
            if count is None:
                found += _check_whole_domain(measurement, span, populations)
            else:
                found += _check_test(program, replace(measurement, count=count, text=text), span, populations)
        for measurement in items.totals:
            found += _check_natural(measurement, span, populations)
            if measurement.fitting is not None:
                found += _check_fit(measurement.fitting, span, populations)
            for ranking in measurement.rankings:
                found += _check_select(ranking, span, populations)
    return tuple(dict.fromkeys(found))


def check_splits(program: Program) -> tuple[Diagnostic, ...]:
    """A task has one split: its recipes state the same shares, and those that hold values out hold out the same."""
    found: list[Diagnostic] = []
    for task in program.tasks:
        recipes = [pairs for pairs in program.pairs.values() if pairs.task == task]
        holding = [pairs for pairs in recipes if pairs.holdouts]
        for what, first, others in (
            ("split", recipes[:1], [p for p in recipes[1:] if p.split != recipes[0].split]),
            ("holdout", holding[:1], [p for p in holding[1:] if set(p.holdouts) != set(holding[0].holdouts)]),
        ):
            found += [
                Diagnostic(
                    "CS436",
                    f"`{other.name}` and `{first[0].name}`, recipes of `{task}`, differ in `{what}`",
                    Label(other.span),
                    (Label(first[0].span, "the other recipe"),),
                    help="a task has one split for all its recipes, so that no test input is fitted on: state it once",
                )
                for other in others
            ]
    return tuple(found)


def _check_test(program: Program, measurement: Measurement, claim: Span, populations: Populations) -> list[Diagnostic]:
    population = populations.open(measurement.recipe)
    span = _recipe_span(program, measurement, claim)
    if not population.cells:
        return [_no_items(population, claim)]
    asked = measurement.count
    there = _count(population, min(SEEN, asked) if population.is_ample("test", asked) else asked)
    possible = there.number
    if possible is None and asked >= FEWEST_ITEMS:
        return []
    what = f"`{measurement.text}` asks for {asked:,} test items"
    if possible is None or possible < FEWEST_ITEMS:
        return [
            Diagnostic(
                "CS430",
                f"{what}: too few for a bound" if possible is None else f"{what}, {there.text} can be drawn",
                Label(span),
                notes=(*there.notes, f"a bound needs at least {FEWEST_ITEMS}"),
                help=_more_items(measurement, possible is not None, populations),
            )
        ]
    return [
        Diagnostic(
            "CS431",
            f"{what}, {there.text} can be drawn",
            Label(span),
            notes=there.notes,
            help="the claim is decided on these; "
            + ("`exhaustively` runs every one, and " if measurement.estimand not in ALWAYS_SAMPLED else "")
            + "a smaller `size` asks for fewer",
            severity="warning",
        )
    ]


@record
class _There:
    """How many test items there are where fewer than were asked for; None: as many. In words, with notes why."""

    number: int | None
    text: str = ""
    notes: tuple[str, ...] = ()


def _count(population: Population, asked: int) -> _There:
    """Whether so many test items can be drawn: by drawing them, of very many only some, which show how far it goes."""
    drawn = population.draw("test", min(asked, COUNTED))
    if drawn.drawable is not None:
        return _There(drawn.drawable, f"{drawn.drawable:,}", (drawn.reason,) if drawn.reason else ())
    expected = population.expected("test")
    if asked <= COUNTED or expected >= asked:
        return _There(None)
    unit = 10 ** (len(str(int(expected))) - 2)
    most = math.ceil(expected / unit) * unit
    note = f"in `test` no input occurs in two items: {COUNTED:,} show how fast those of some values are used up"
    return _There(most, f"at most about {most:,}", (note,))


def _more_items(measurement: Measurement, used_up: bool, populations: Populations) -> str:
    """What gives a bound its items: of a split that is used up, `uniform` where cells are rare, found by drawing so."""
    counted = measurement.estimand not in ALWAYS_SAMPLED
    whole = "measure the graph" if measurement.text.startswith("graph ") else "decide the claim"
    small = f"on a small domain, {whole} `exhaustively`; else" if counted else "it is always sampled:"
    if not used_up:
        return f"{small} make `size` or the `test` share larger"
    if measurement.recipe.cells != ():
        there = _count(populations.open(replace(measurement.recipe, cells=())), measurement.count)
        if there.number is None or there.number >= FEWEST_ITEMS:
            where = "in the recipe" if measurement.recipe.cells is None else "in place of `balanced`"
            return (
                f"some values are rare: with `uniform` {where} all inputs weigh the same, and "
                f"{there.text or f'{measurement.count:,}'} items can be drawn"
                + (f"; or {whole} `exhaustively`" if counted else "")
            )
    return f"{small} make the `test` share larger or loosen `where`" + ("" if counted else ", or let inputs be more")


def _check_fit(fitting: Fitting, claim: Span, populations: Populations) -> list[Diagnostic]:
    return _check_trained(fitting, claim, populations) or _check_compared(fitting.recipe, claim, populations)


def _check_compared(recipe: Recipe, claim: Span, populations: Populations) -> list[Diagnostic]:
    if region_of(recipe, "select").size > SMALL or len(populations.open(recipe).draw("select", 1).items):
        return []
    message = "no item of the `select` split can be drawn, on which attempts at a map are scored"
    return [_none_of("select", message, claim)]


def _check_trained(fitting: Fitting, claim: Span, populations: Populations) -> list[Diagnostic]:
    recipe = fitting.recipe
    if all(met.get(half, 0) >= OFTEN for met in look_quickly(recipe, "fit").met for half in recipe.halves):
        return []
    population = populations.open(recipe)
    if not population.cells:
        return [_no_items(population, claim)]
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


def _none_of(split: str, message: str, claim: Span) -> Diagnostic:
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


def _check_natural(measurement: Measurement, claim: Span, populations: Populations) -> list[Diagnostic]:
    use = _use_of_natural(measurement)
    if use is None:
        return []
    population = populations.open(measurement.recipe)
    if population.cells and len(population.draw("fit", 1).items):
        return []
    return [_none_of("fit", f"no item of the `fit` split can be drawn, {use}", claim)]


def _check_choice(
    program: Program, measurement: Measurement, claim: Span, populations: Populations
) -> list[Diagnostic]:
    """Of several networks that are drawn the best on `select` is measured, as is that of a control beside `from`."""
    several = measurement.random or measurement.origin is not None
    if not several or program.settings.controls.random < 2:
        return []
    recipe = measurement.recipe
    if region_of(recipe, "select").size > SMALL or len(populations.open(recipe).draw("select", 1).items):
        return []
    message = "no item of the `select` split can be drawn, on which one of several random networks is chosen"
    return [Diagnostic("CS432", message, Label(claim), help="give `select` a larger share, or hold out fewer values")]


def _check_select(ranking: Ranking, claim: Span, populations: Populations) -> list[Diagnostic]:
    recipe = ranking.score.recipe
    population = populations.open(recipe)
    if not population.cells:
        return [_no_items(population, claim)]
    if len(population.draw("select", min(ranking.select_count, SEEN)).items):
        return []
    message = f"no item of the `select` split can be drawn: the circuit `{ranking.name}` cannot be chosen"
    return [Diagnostic("CS432", message, Label(claim), help="give `select` a larger share, or hold out fewer values")]


def _check_whole_domain(measurement: Measurement, claim: Span, populations: Populations) -> list[Diagnostic]:
    population = populations.open(measurement.recipe, whole_domain=True)
    if not population.cells:
        return [_no_items(population, claim)]
    count = count_items(population)
    if count <= MOST_EXHAUSTIVE:
        return []
    return [
        Diagnostic(
            "CS433",
            f"`{measurement.text}` has {count:,} items, expected at most {MOST_EXHAUSTIVE:,} with `exhaustively`",
            Label(claim),
            help="leave `exhaustively` out: a sample then decides, with an interval",
        )
    ]


def _no_circuits(measurement: Measurement, claim: Span) -> Diagnostic:
    return Diagnostic(
        "CS479",
        f"no random circuit can be drawn for `{measurement.text}`: {measurement.lacking}",
        Label(claim),
        help="`random(C)` is of components that the effect does not name: let C leave as many as it takes",
    )


def _no_items(population: Population, claim: Span) -> Diagnostic:
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


def _recipe_span(program: Program, measurement: Measurement, claim: Span) -> Span:
    """The `size` of the recipe that the measurement draws from, or the claim where it is left to the defaults."""
    pairs = program.pairs.get(measurement.pairs)
    return claim if pairs is None else pairs.size_span.or_else(claim)
