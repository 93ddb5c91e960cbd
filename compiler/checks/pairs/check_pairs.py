"""Checks of the items that claims need: whether enough can be drawn, before anything runs.

From experiments to diagnostics, and the size of each population's test stream.
"""

from dataclasses import replace

from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.program import Program
from ...experiments import Experiment, GraphItems, Measurement
from ...sampling.populations import Populations
from .check_other_splits import check_choice, check_fit, check_natural, check_select
from .check_test_items import check_test_items, check_whole_domain


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
                found += check_whole_domain(measurement, experiment.claim.span, populations)
            else:
                found += check_test_items(program, measurement, experiment.claim.span, populations)
            found += check_natural(measurement, experiment.claim.span, populations)
            found += check_choice(program, measurement, experiment.claim.span, populations)
            if measurement.fitting is not None:
                found += check_fit(measurement.fitting, experiment.claim.span, populations)
            for ranking in measurement.rankings:
                found += check_select(ranking, experiment.claim.span, populations)
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
                found += check_whole_domain(measurement, span, populations)
            else:
                found += check_test_items(program, replace(measurement, count=count, text=text), span, populations)
        for measurement in items.totals:
            found += check_natural(measurement, span, populations)
            if measurement.fitting is not None:
                found += check_fit(measurement.fitting, span, populations)
            for ranking in measurement.rankings:
                found += check_select(ranking, span, populations)
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


def _no_circuits(measurement: Measurement, claim: Span) -> Diagnostic:
    return Diagnostic(
        "CS479",
        f"no random circuit can be drawn for `{measurement.text}`: {measurement.lacking}",
        Label(claim),
        help="`random(C)` is of components that the effect does not name: let C leave as many as it takes",
    )
