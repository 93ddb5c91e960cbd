"""Whether a claim has its test items: enough of a sample for a bound, or a whole domain that can be run through."""

import math
from dataclasses import replace

from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.program import Program
from ....lang.record import record
from ...experiments import Measurement
from ...sampling.draw_items import Population
from ...sampling.enumerate_items import count_items
from ...sampling.items import FEWEST_ITEMS
from ...sampling.populations import Populations
from .say_no_items import SEEN, say_no_items

MOST_EXHAUSTIVE = 10**9
COUNTED = 1 << 14
"""Of more test items than that only so many are drawn: how many there can be is then computed."""
ALWAYS_SAMPLED = ("probe", "cae", "divergence")
"""Estimands that are decided on samples alone."""


def check_test_items(
    program: Program, measurement: Measurement, claim: Span, populations: Populations
) -> list[Diagnostic]:
    """Whether a sample has as many items as are asked for, and enough for a bound."""
    population = populations.open(measurement.recipe)
    span = _recipe_span(program, measurement, claim)
    if not population.cells:
        return [say_no_items(population, claim)]
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


def check_whole_domain(measurement: Measurement, claim: Span, populations: Populations) -> list[Diagnostic]:
    """Whether a whole domain has items, and not too many to run through."""
    population = populations.open(measurement.recipe, whole_domain=True)
    if not population.cells:
        return [say_no_items(population, claim)]
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


def _recipe_span(program: Program, measurement: Measurement, claim: Span) -> Span:
    """The `size` of the recipe that the measurement draws from, or the claim where it is left to the defaults."""
    pairs = program.pairs.get(measurement.pairs)
    return claim if pairs is None else pairs.size_span.or_else(claim)
