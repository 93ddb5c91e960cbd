"""From an effect to the same effect of what its claim does not name: of random circuits, or of random vectors.

They are shown beside a claim that holds, whichever way it is bounded, and decide nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ...lang.claims import Estimand
from ...lang.effects import CircuitSubject, Effect, MeanOf, Portion, Setting, SiteSubject, Subject, Taken
from ...lang.program import Program
from ..causal_model import CausalModel
from ..experiments import Control, Experiment, Measurement, NetworkFile, Quantity, signs_in
from ..lowering.lower_measured_effects import lower_measured_effect

ITEMS = 1024
"""On how many items one is measured at most: what decides nothing needs no more."""


def lower_nulls(
    experiments: Sequence[Experiment],
    program: Program,
    models: Mapping[str, CausalModel],
    networks: Mapping[str, NetworkFile],
    obstacle_to: Callable[[Effect], str],
) -> tuple[Experiment, ...]:
    """The experiments, every effect with what stands beside it; nothing of it is checked, and it is lowered last.

    `obstacle_to` tells why no engine measures an effect, and is empty where one does.
    """

    def lower(effect: Effect) -> Measurement | str:
        """The measurement of an effect, or why there is none."""
        if obstacle := obstacle_to(effect):
            return obstacle
        found = lower_measured_effect(program, models, networks, effect)
        return found.lacking or found

    def beside(experiment: Experiment, index: int, estimand: Estimand) -> Quantity:
        quantity = experiment.quantities[index]
        if not isinstance(estimand, Effect):
            return quantity
        asked = 1 in signs_in(experiment.parts, index, quantity.measurement.signed)
        nulls = _lower_effect(estimand, quantity.measurement, asked, lower)
        return replace(quantity, vetoes=(*quantity.vetoes, *nulls))

    return tuple(
        replace(e, quantities=tuple(beside(e, index, one) for index, one in enumerate(e.claim.estimands)))
        for e in experiments
    )


def _lower_effect(
    effect: Effect, measurement: Measurement, asked: bool, lower: Callable[[Effect], Measurement | str]
) -> Iterator[Control]:
    """What random circuits do in the place of those that an effect sets, and random vectors for those that it adds.

    Args:
        effect: as it is claimed.
        measurement: the effect's.
        asked: the claim asks for an effect that is large.
        lower: gives the measurement of an effect, or why there is none.
    """
    if effect.random or effect.random_circuits:
        return
    circuits = tuple(s.subject for s in effect.settings if s.added is None and _is_circuit(s.subject, measurement))
    steered = tuple(s.subject for s in effect.settings if s.added is not None)
    drawn = tuple(_in_random(setting, circuits) for setting in effect.settings)
    turned = tuple(replace(setting, turned=setting.subject in steered) for setting in effect.settings)
    for name, subjects, settings in (("random circuits", circuits, drawn), ("random vectors", steered, turned)):
        if not subjects:
            continue
        shown = Control(name, None, note=True, beside=", ".join(subject.text for subject in subjects), asked=asked)
        found = lower(replace(effect, settings=settings))
        if isinstance(found, str):
            yield replace(shown, why=found)
        else:
            null = replace(found, text=f"{name}, for {measurement.text}", count=min(measurement.count, ITEMS))
            yield replace(shown, measurement=null)


def _is_circuit(subject: Subject, measurement: Measurement) -> bool:
    """Whether others could be drawn: a circuit, or a site that is not all that there is of an activation."""
    if not isinstance(subject, SiteSubject):
        return isinstance(subject, CircuitSubject)
    assert measurement.grounding is not None
    frame, _ = measurement.grounding.find(measurement.variables.index(subject.site.text))
    return any(len(p.dims) != p.width or p.head is not None for p in measurement.grounding.frames[frame].parts)


def _in_random(setting: Setting, circuits: tuple[Subject, ...]) -> Setting:
    """A setting of random circuits in the place of these, in what it sets and in what it takes values of."""
    portions = tuple(_portion(portion, circuits) for portion in setting.value.portions)
    return Setting(_random(setting.subject, circuits), replace(setting.value, portions=portions))


def _portion(portion: Portion, circuits: tuple[Subject, ...]) -> Portion:
    value = portion.value
    if isinstance(value, MeanOf | Taken):
        value = replace(value, subject=_random(value.subject, circuits))
    return replace(portion, value=value)


def _random(subject: Subject, circuits: tuple[Subject, ...]) -> Subject:
    if subject in circuits and isinstance(subject, CircuitSubject | SiteSubject):
        return replace(subject, random=True)
    return subject
