"""What a claim must know of an estimand: its range, and whether something that it uses is learned."""

from fractions import Fraction

from ...claims import Accuracy, Estimand, Iia, Reading
from ...descent import children_of
from ...effects import CircuitSubject, Effect, Mean, RestSubject, VariablesSubject, VariableTarget
from ...scope import Names


def range_of_estimand(estimand: Estimand) -> tuple[Fraction, Fraction]:
    """The least and the largest value. A divergence of 1 is what natural inputs have among themselves."""
    if isinstance(estimand, Effect | Mean):
        return Fraction(*estimand.low), Fraction(*estimand.high)
    high = 10 if isinstance(estimand, Reading) and estimand.kind == "divergence" else 1
    return Fraction(0), Fraction(high)


def is_learned(estimand: Estimand, names: Names) -> bool:
    """Whether something that the estimand uses is found by a search or a fit of its own."""
    if isinstance(estimand, Accuracy | Mean):
        return False
    if isinstance(estimand, Effect):
        return _has_learned_subject(estimand, names)
    if estimand.frozen and not (isinstance(estimand, Iia) and estimand.origin is not None):
        return False
    if isinstance(estimand, Iia) and estimand.origin is not None:
        return True
    if isinstance(estimand, Reading) and estimand.kind == "probe":
        return True
    view = names.alignments.entries[estimand.alignment]
    assert view is not None
    used = view.placed if estimand.only is None else estimand.only
    if isinstance(estimand, Iia) and estimand.reader is not None:
        model = names.models.entries[view.model]
        used += () if model is None else children_of(model, used[0])
    return any(p.under(estimand.via).learned for p in view.placements if p.variable in used)


def _has_learned_subject(effect: Effect, names: Names) -> bool:
    """Whether some map, or some circuit, that an effect uses is found."""
    for subject in (*effect.subjects, effect.target):
        if isinstance(subject, CircuitSubject | RestSubject) and subject.text:
            circuit = names.circuits.entries.get(subject.circuit if isinstance(subject, CircuitSubject) else subject.of)
            if circuit is not None and not isinstance(circuit.sites, tuple):
                return True
        if isinstance(subject, VariablesSubject | VariableTarget):
            view = names.alignments.entries[subject.alignment]
            placements = () if view is None else view.placements
            of = subject.variables if isinstance(subject, VariablesSubject) else (subject.variable,)
            if any(p.learned for p in placements if p.variable in of):
                return True
    return False
