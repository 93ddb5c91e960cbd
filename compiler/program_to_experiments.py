"""From the typed program to experiments: claims with estimands measured, parts normalised, and controls."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from ..lang.circuits import Graph
from ..lang.claims import Claim, Comparison, Estimand, Iia, Linear
from ..lang.effects import Effect
from ..lang.program import Program
from .causal_model import CausalModel
from .controls.lower_controls import Controls
from .experiments import Experiment, GraphItems, Measurement, NetworkFile, Part, Quantity, signs_in
from .lowering.lower_estimands import Estimands
from .lowering.lower_graphs import lower_graph_items


def lower_claims(
    program: Program,
    claims: Iterable[Claim],
    models: Mapping[str, CausalModel],
    networks: Mapping[str, NetworkFile],
) -> tuple[Experiment, ...]:
    """Claims of a checked program as experiments; they share the error of all that it makes."""
    estimands = Estimands(program, models, networks)
    controls = Controls(estimands)
    return tuple(_lower_claim(program, claim, estimands, controls) for claim in claims)


def lower_graphs(
    program: Program,
    graphs: Iterable[Graph],
    models: Mapping[str, CausalModel],
    networks: Mapping[str, NetworkFile],
) -> tuple[GraphItems, ...]:
    """What the items of graphs rest on."""
    return tuple(lower_graph_items(program, models, networks, graph) for graph in graphs)


def _lower_claim(program: Program, claim: Claim, estimands: Estimands, controls: Controls) -> Experiment:
    settings = program.settings
    alpha = (1 - settings.confidence) / len(program.claims)
    if claim.confidence is not None:
        alpha = min(alpha, 1 - claim.confidence)
    measured = list(claim.estimands)
    parts = tuple(_lower_part(part, measured) for part in claim.parts)
    quantities = tuple(_lower_quantity(e, parts, index, estimands, controls) for index, e in enumerate(measured))
    return Experiment(claim, quantities, parts, alpha)


def _lower_quantity(
    estimand: Estimand, parts: tuple[Part, ...], index: int, estimands: Estimands, controls: Controls
) -> Quantity:
    """An estimand with the gate and the controls that its place in the claim asks for."""
    measurement: Measurement = estimands.lower(estimand)
    signs, strengths = signs_in(parts, index, False), signs_in(parts, index, measurement.signed)
    asks = isinstance(estimand, Iia | Effect) and not estimand.random and 1 in signs
    free = isinstance(estimand, Iia | Effect) and estimand.ungated
    asks = asks and measurement.encoding.has_output
    ungated = asks and (free or estimands.program.networks[estimand.network].ungated)
    searched = measurement.learned and measurement.fitting is not None  # every site of a circuit's region is scored
    control = controls.last_site(measurement) if searched and -1 in strengths else None
    vetoes = controls.vetoes(measurement) if measurement.learned and 1 in strengths else ()
    notes = controls.notes(measurement, estimand) if 1 in signs else ()
    return Quantity(measurement, asks and not ungated, control, (*vetoes, *notes), ungated)


def _fraction(pair: tuple[int, int]) -> Fraction:
    return Fraction(pair[0], pair[1])


def _normalise(part: Comparison, estimands: Sequence[Estimand]) -> tuple[Fraction, dict[int, Fraction]]:
    """T = left - right for `>=` and `==`, right - left for `<=`."""
    sign = -1 if part.relation == "<=" else 1
    constant, coefficients = Fraction(0), dict.fromkeys(range(len(estimands)), Fraction(0))
    sides: tuple[tuple[int, Linear], ...] = ((sign, part.left), (-sign, part.right))
    for factor, side in sides:
        constant += factor * _fraction(side.constant)
        for term in side.terms:
            value = Fraction(term.numerator, term.denominator)
            coefficients[estimands.index(term.estimand)] += factor * value
    return constant, {index: value for index, value in coefficients.items() if value != 0}


def _lower_part(part: Comparison, estimands: Sequence[Estimand]) -> Part:
    constant, coefficients = _normalise(part, estimands)
    tolerance = Fraction(0) if part.tolerance is None else _fraction(part.tolerance)
    pairs = tuple((value, index) for index, value in coefficients.items())
    mirrored = not part.left.terms
    beside = _fraction((part.right if mirrored else part.left).constant)
    relation: Literal["==", ">="] = "==" if part.relation == "==" else ">="
    return Part(relation, constant, pairs, tolerance, part.relation, beside, mirrored)
