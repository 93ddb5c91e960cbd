"""Which effects the engines can measure: on sites, circuits, inputs and given maps, of the answer or `correct`."""

from ..lang.effects import (
    CircuitSubject,
    Effect,
    InputSubject,
    Mean,
    MeanOf,
    MetricTarget,
    Noise,
    OnSource,
    Setting,
    SiteSubject,
    Subject,
    Taken,
    VariablesSubject,
    VariableTarget,
)
from ..lang.metrics import CORRECT
from ..lang.places import Site
from ..lang.program import Program


def find_effect_obstacle(estimand: Effect | Mean, program: Program) -> str:
    """What no engine measures of an effect or a mean; nothing where it is measured."""
    unknown = not any(model.task == estimand.task for model in program.models.values())
    if unknown and not _reads_metric(estimand):
        return "an effect at a task without a model, whose items are not known"
    if isinstance(estimand, Mean):
        return ""
    if isinstance(estimand.target, VariableTarget):
        return f"the variable `{estimand.target.text}` read from a run that was set"
    if estimand.rest:
        return "`given rest`"
    alignments = {s.alignment for s in estimand.subjects if isinstance(s, VariablesSubject)}
    if len(alignments) > 1:
        return "variables of several alignments in one effect"
    found = (_of_subject(subject, program) for subject in estimand.subjects)
    values = (_of_value(setting) for setting in estimand.settings)
    return next((what for what in (*found, *values) if what), "")


def _reads_metric(estimand: Effect | Mean) -> bool:
    """Whether it reads a metric that no model decides."""
    if isinstance(estimand, Mean):
        return estimand.metric != CORRECT.name
    return isinstance(estimand.target, MetricTarget) and estimand.target.name != CORRECT.name


def _of_subject(subject: Subject, program: Program) -> str:
    match subject:
        case InputSubject():
            return ""
        case SiteSubject(site=site):
            return _of_site(site)
        case CircuitSubject(circuit=name, random=False):
            sites = program.circuits[name].sites
            if isinstance(sites, tuple):
                return next((what for what in map(_of_site, sites) if what), "")
            return f"the circuit `{name}`, which is searched for"
        case VariablesSubject():
            return ""
    return f"`{subject.text}`"


def _of_site(site: Site) -> str:
    if not site.at_one_place:
        return f"the vector of several sites `{site.text}`"
    return "" if site.module is None else f"the site `{site.text}`"


def _of_value(setting: Setting) -> str:
    for portion in setting.value.portions:
        match portion.value:
            case OnSource(shuffled=True):
                return "`shuffled`"
            case Noise():
                return "`noise(...)`"
            case Taken(network=network) if network is not None:
                return f"a value on `{network}`"
            case MeanOf(subject=subject) | Taken(subject=subject) if subject != setting.subject:
                return f"a value of `{subject.text}` given to another place"
    return ""
