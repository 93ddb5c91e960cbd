"""Claims: each is decided by the evaluations of its estimands, with their controls."""

import math

from ..experiments import Control, Experiment, Measurement, Quantity
from ..keys import content_key
from ..plan import (
    CODE_VERSIONS,
    ClaimText,
    DecideStep,
    EncodeStep,
    EvaluateStep,
    ItemsStep,
    MeasuredQuantity,
    PlannedControl,
)
from ..terms import Agree, Apart, Differ, Gain, ReadsRight
from .plan_evaluations import plan_evaluation, plan_fit_key
from .step_graph import StepGraph


def plan_claim(experiment: Experiment, steps: StepGraph) -> str:
    """Decide, with the evaluations of all that it compares."""
    claim, controls = experiment.claim, steps.settings.controls
    measured = tuple(_plan_quantity(quantity, claim.exhaustively, steps) for quantity in experiment.quantities)
    look = content_key("look", 1, quantities=[steps.looks[q.evaluate] for q in measured], parts=experiment.parts)
    key = content_key(
        "decide",
        CODE_VERSIONS["decide"],
        look=look,
        alpha=experiment.alpha,
        quantities=measured,
        share=controls.share,
        divergence_limit=controls.divergence,
    )
    if key in steps:  # another claim says the same: each is decided under its own name
        key = content_key("decide again", 1, key=key, name=claim.name)
    step = DecideStep(
        key=key,
        claim=ClaimText(
            claim.name,
            claim.text,
            claim.doc,
            claim.exhaustively,
            claim.expect,
            claim.expect_reason,
            tuple(part.case for part in claim.parts),
        ),
        quantities=measured,
        parts=experiment.parts,
        alpha=experiment.alpha,
        share=controls.share,
        divergence_limit=controls.divergence,
        look=look,
        chunks=tuple(dict.fromkeys(_chunk(q, steps) for q in measured)),
    )
    planned = [control for q in measured for control in (q.positive_control, *q.vetoes) if control is not None]
    run = [key for control in planned for key in control.evaluations]
    return steps.add(step, *(q.evaluate for q in measured), *run)


def _plan_quantity(quantity: Quantity, exhaustively: bool, steps: StepGraph) -> MeasuredQuantity:
    measurement, positive = quantity.measurement, quantity.positive_control
    last = None if positive is None else _plan_control(Control("last site", positive), exhaustively, steps)
    evaluate = plan_evaluation(measurement, exhaustively, steps)
    step = steps[evaluate]
    assert isinstance(step, EvaluateStep)
    return MeasuredQuantity(
        text=measurement.text,
        evaluate=evaluate,
        budget=None if exhaustively else measurement.count,
        learned=measurement.learned,
        gated=quantity.gated,
        ungated=quantity.ungated,
        families=measurement.families,
        maps=step.found_key(step.candidates[0]) or plan_fit_key(measurement, steps),
        chance=_chance(measurement),
        signed=measurement.signed and measurement.learned,
        positive_control=last,
        vetoes=tuple(_plan_control(veto, exhaustively, steps) for veto in quantity.vetoes),
    )


def _plan_control(control: Control, exhaustively: bool, steps: StepGraph) -> PlannedControl:
    measurement = control.measurement
    count = None if measurement is None or exhaustively else measurement.count
    key = None if measurement is None else plan_evaluation(measurement, exhaustively, steps)
    apart: str | None = None
    if measurement is not None and control.apart is not None:
        apart = plan_evaluation(measurement, exhaustively, steps, control.apart)
    return PlannedControl(control.name, key, control.why, count, control.note, apart, control.beside, control.asked)


def _chunk(quantity: MeasuredQuantity, steps: StepGraph) -> str:
    """What a look looks at: a population's split on a network, however many items were drawn of it."""
    step = steps[quantity.evaluate]
    assert isinstance(step, EvaluateStep)
    encoded = steps[step.items]
    assert isinstance(encoded, EncodeStep)
    items = steps[encoded.items]
    assert isinstance(items, ItemsStep)
    networks = [candidate.network.key for candidate in step.candidates]
    return content_key("chunk", 1, population=items.population.key, split=items.split, networks=networks)


def _chance(measurement: Measurement) -> float | None:
    """What guessing among the declared answers, or among a variable's values, reaches; of an effect, no change."""
    score = measurement.term.score
    if measurement.learned and isinstance(score, Gain | Differ | Apart):
        return 0.0
    if isinstance(score, ReadsRight):
        return 1 / measurement.recipe.model.domains[score.variable].size
    if measurement.recipe.halves == ("exposed",) or not isinstance(score, Agree):
        return None
    return 1 / math.prod(len(answer.classes) for answer in measurement.encoding.answers)
