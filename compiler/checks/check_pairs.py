"""Checks of the items that claims need: whether enough can be drawn, before anything runs.

From experiments to diagnostics, and the size of each population's test stream.
"""

from dataclasses import replace

from ...lang.diagnostics import Diagnostic, Label, Span
from ...lang.program import Program
from ..experiments import Experiment, GraphItems, Measurement, Ranking
from ..sampling.count_apart import say_apart
from ..sampling.count_undefined import count_undefined
from ..sampling.draw_items import Population, open_population
from ..sampling.enumerate_items import count_items
from ..sampling.halves import EXPOSED
from ..sampling.items import Recipe
from ..sampling.open_spaces import SAMPLED
from ..sampling.quick_look import look_quickly
from ..sampling.splits import region_of
from ..terms import learns_from_inputs

FEWEST = 200
MOST_EXHAUSTIVE = 10**9
SEEN = 1024
"""Items that are looked at where that is enough: of `fit`, where they come set by set and half by half in turn, so that
a missing cell shows, and of a `test` split that holds far more inputs than are asked for."""

SMALL = 1 << 14
"""Inputs of a domain in which a split may well have none: looking for one takes no time."""


class Populations:
    """Populations by recipe, each opened once; what an `earlier` check opened is taken over where it is asked for."""

    def __init__(self, earlier: "Populations | None" = None) -> None:
        self._opened: dict[tuple[Recipe, bool], Population] = {}
        self._earlier = earlier._opened if earlier is not None else {}

    def open(self, recipe: Recipe, whole_domain: bool = False) -> Population:
        """The population of a recipe: its splits, or its whole domain."""
        key = (recipe, whole_domain)
        if key not in self._opened:
            known = self._earlier.get(key)
            self._opened[key] = known if known is not None else _open(recipe, whole_domain)
        return self._opened[key]


def _open(recipe: Recipe, whole_domain: bool) -> Population:
    population = open_population(recipe, whole_domain)
    return replace(population, undefined=count_undefined(population))


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
            if _learns(measurement):
                found += _check_natural(measurement, experiment.claim.span, populations)
            if measurement.fitting is not None:
                fitting = measurement.fitting
                found += _check_fit(fitting.recipe, fitting.fit_count, experiment.claim.span, populations)
            for ranking in measurement.rankings:
                found += _check_select(ranking, experiment.claim.span, populations)
    return tuple(dict.fromkeys(found))


def check_graph_items(
    program: Program, graphs: tuple[GraphItems, ...], populations: Populations
) -> tuple[Diagnostic, ...]:
    """Draw every graph's test items and open every fit's population; say what cannot be drawn."""
    found: list[Diagnostic] = []
    for items in graphs:
        span, count, text = items.graph.span, items.count, f"the graph `{items.graph.name}`"
        for measurement in {one.recipe: one for one in items.totals}.values():
            if count is None:
                found += _check_whole_domain(measurement, span, populations)
            else:
                found += _check_test(program, replace(measurement, count=count, text=text), span, populations)
            if any(map(_learns, items.totals)):
                found += _check_natural(measurement, span, populations)
        for measurement in items.totals:
            if measurement.fitting is not None:
                fitting = measurement.fitting
                found += _check_fit(fitting.recipe, fitting.fit_count, span, populations)
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
    looked_at = SEEN if population.is_ample("test", measurement.count) else measurement.count
    drawn = population.draw("test", min(looked_at, measurement.count))
    if drawn.drawable is None and measurement.count >= FEWEST:
        return []
    possible = measurement.count if drawn.drawable is None else drawn.drawable
    what = f"`{measurement.text}` asks for {measurement.count:,} test items"
    notes = (drawn.reason,) if drawn.reason else ()
    if possible < FEWEST:
        return [
            Diagnostic(
                "CS430",
                f"{what}: too few for a bound" if drawn.drawable is None else f"{what}, {possible:,} can be drawn",
                Label(span),
                notes=(*notes, f"a bound needs at least {FEWEST}"),
                help=_more_items(measurement, drawn.drawable is not None, populations),
            )
        ]
    return [
        Diagnostic(
            "CS431",
            f"{what}, {possible:,} can be drawn",
            Label(span),
            notes=notes,
            help="the claim is decided on these; `exhaustively` runs every one, and a smaller `size` asks for fewer",
            severity="warning",
        )
    ]


def _more_items(measurement: Measurement, used_up: bool, populations: Populations) -> str:
    """What gives a bound its items: of a split that is used up, `uniform` where cells are rare, found by drawing so."""
    if not used_up:
        return "on a small domain, decide the claim `exhaustively`; else make `size` or the `test` share larger"
    if measurement.recipe.cells != ():
        alike = populations.open(replace(measurement.recipe, cells=()))
        drawn = alike.draw("test", measurement.count)
        possible = measurement.count if drawn.drawable is None else drawn.drawable
        if possible >= FEWEST:
            where = "in the recipe" if measurement.recipe.cells is None else "in place of `balanced`"
            return (
                f"some values are rare: with `uniform` {where} all inputs weigh the same, and {possible:,} items can "
                "be drawn; or decide the claim `exhaustively`"
            )
    return "on a small domain, decide the claim `exhaustively`; else make the `test` share larger or loosen `where`"


def _check_fit(recipe: Recipe, count: int, claim: Span, populations: Populations) -> list[Diagnostic]:
    return _check_trained(recipe, count, claim, populations) or _check_compared(recipe, claim, populations)


def _check_compared(recipe: Recipe, claim: Span, populations: Populations) -> list[Diagnostic]:
    if region_of(recipe, "select").size > SMALL or len(populations.open(recipe).draw("select", 1).items):
        return []
    message = "no item of the `select` split can be drawn, on which attempts at a map are scored"
    return [Diagnostic("CS432", message, Label(claim), help="give `select` a larger share, or hold out fewer values")]


def _check_trained(recipe: Recipe, count: int, claim: Span, populations: Populations) -> list[Diagnostic]:
    if all(met.issuperset(recipe.halves) for met in look_quickly(recipe, "fit").met):
        return []
    population = populations.open(recipe)
    if not population.cells:
        return [_no_items(population, claim)]
    cells = population.cells
    met = set(population.draw("fit", min(count, SEEN)).items.cell.tolist())
    for index, cell in enumerate(cells):
        if index not in met:
            names = ", ".join(f"`{recipe.variables[v]}`" for v in recipe.sets[cell.set_index])
            what = "changes" if cell.half == "changing" else "keeps"
            message = f"no item of the `fit` split {what} the output under {names}: a map cannot be trained"
            help = "give `fit` a larger share, or hold out fewer values"
            return [Diagnostic("CS432", message, Label(claim), help=help)]
    return []


def _learns(measurement: Measurement) -> bool:
    """Whether it rests on activations on inputs of `fit`, beside any maps."""
    inputs = measurement.recipe.model.input_names
    return measurement.origin is not None or learns_from_inputs(measurement.term.score, inputs)


def _check_natural(measurement: Measurement, claim: Span, populations: Populations) -> list[Diagnostic]:
    population = populations.open(measurement.recipe)
    if not population.cells:
        return [_no_items(population, claim)]
    if len(population.draw("fit", 1).items):
        return []
    message = f"no item of the `fit` split can be drawn, on whose inputs `{measurement.text}` rests"
    note = "means, draws, read-outs, distances and maps between networks are of activations on inputs of `fit`"
    return [
        Diagnostic(
            "CS432", message, Label(claim), notes=(note,), help="state another `split`, or hold out fewer values"
        )
    ]


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
    sampled = any(SAMPLED in note for note in population.notes)
    if recipe.halves == (EXPOSED,):
        message = f"no item can be drawn: wherever interchanging {names} keeps the output, the sources have it, too"
    else:
        changes = "was never seen to change" if sampled else "never changes"
        message = f"no item can be drawn: interchanging {names} {changes} the output"
    return Diagnostic(
        "CS434",
        message,
        Label(claim),
        notes=(
            *(() if said is None else (said,)),
            *((f"{SAMPLED}: among many random bases and sources",) if sampled else ()),
        ),
        help="`isolate` is of items on which a leak could show, and here none could: claim `cause`, or `iia`"
        if recipe.halves == (EXPOSED,)
        else "check `where`, `require` and the model: the pairs must be able to tell",
    )


def _recipe_span(program: Program, measurement: Measurement, claim: Span) -> Span:
    """The `size` of the recipe that the measurement draws from, or the claim where it is left to the defaults."""
    pairs = program.pairs.get(measurement.pairs)
    return claim if pairs is None or pairs.size_span.end == pairs.size_span.start else pairs.size_span
