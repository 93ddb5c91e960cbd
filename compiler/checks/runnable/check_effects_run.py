"""Which effects the engines can measure: on sites, circuits, inputs and given maps, of the answer or `correct`."""

from collections.abc import Iterator

from ....lang.effects import (
    CircuitSubject,
    Effect,
    Mean,
    MeanOf,
    RestSubject,
    Setting,
    Subject,
    Taken,
    VariablesSubject,
    VariableTarget,
)
from ....lang.places import Region, Site
from ....lang.program import Program
from ....lang.renderings import Prompt
from ...lowering.lower_effects import aligned_names, stated_places
from ...lowering.lower_rests import NODES
from ...network_facts import NetworkFacts
from ...prompts import SpokenTask
from .check_modules import find_module_obstacle


def find_effect_obstacle(
    estimand: Effect | Mean, program: Program, facts: NetworkFacts | None, spoken: SpokenTask | None = None
) -> str:
    """What no engine measures of an effect or a mean; nothing where it is measured."""
    if isinstance(estimand, Mean):
        return ""
    if what := _of_rests(estimand, program, facts, spoken):
        return what
    if what := _of_alignments(estimand, program) or find_module_obstacle(estimand, program, facts):
        return what
    return next((what for what in map(_of_value, estimand.settings) if what), "")


def _of_alignments(effect: Effect, program: Program) -> str:
    """What of several alignments is not measured together: of several models, and what is fitted apart."""
    named = aligned_names(effect)
    models = dict.fromkeys(program.alignments[name].model for name in named)
    if len(models) > 1:
        return f"variables of several models, {', '.join(f'`{model}`' for model in models)}, in one effect"
    learned = [name for name in named if any(p.learned for p in program.alignments[name].placements)]
    if len(learned) > 1:
        return f"variables of several alignments whose maps are learned, {', '.join(f'`{a}`' for a in learned)}"
    return ""


def _of_rests(effect: Effect, program: Program, facts: NetworkFacts | None, spoken: SpokenTask | None) -> str:
    """What of an effect's rests is not measured: where it is not known beforehand which units they are."""
    rests = [thing for thing in effect.things if isinstance(thing, RestSubject)]
    if not rests and not effect.rest:
        return ""
    text = "`given rest`" if effect.rest else f"`{rests[0].text}`"
    if effect.random_circuits and rests:
        return f"{text} beside a random circuit, which may be a part of it"
    if isinstance(program.tasks[effect.task].rendering, Prompt):
        if spoken is not None and spoken.fixed is None:
            return f"{text} where prompts differ in their tokens, so that each has another: pad the slots, `{{x:02}}`"
        if program.tasks[effect.task].generated is not None or _follows(spoken):
            return f"{text} beside what is said after the prompt, which is no part of it"
    if what := _of_learned(effect, program):
        return f"{text} {what}"
    for thing in effect.things if effect.rest else rests:
        name = thing.of if isinstance(thing, RestSubject) else getattr(thing, "circuit", "")
        if name in program.circuits and not isinstance(program.circuits[name].sites, tuple):
            return f"{text} beside the circuit `{name}`, which is searched for"
    if any(part.module is not None for place in _places(program, effect) for part in place.parts):
        return f"{text} beside a module"
    if effect.rest and facts is not None and not any(facts.layers(component) for component in NODES):
        return f"`given rest` in `{effect.network}`, of whose parts only the stream is known"
    return ""


def _places(program: Program, effect: Effect) -> Iterator[Site | Region]:
    """Where everything lies that an effect names, or of which it names the rest."""
    for thing in effect.things:
        if isinstance(thing, RestSubject) and thing.kind == "alignment":
            thing = VariablesSubject(thing.of, program.alignments[thing.of].variables)
        yield from stated_places(program, thing)
    if isinstance(effect.target, VariableTarget):
        yield from stated_places(program, VariablesSubject(effect.target.alignment, (effect.target.variable,)))


def _of_learned(effect: Effect, program: Program) -> str:
    """Why a rest is not known beside maps that are learned; nothing where they leave no part of it to be set.

    What a map leaves of its own site belongs to no unit. `given rest` need not hold it where everything else is held
    and all that is set lies there: then it has its own value. Nor does it matter where a variable is only read.
    """
    learned = [n for n in aligned_names(effect) if any(p.learned for p in program.alignments[n].placements)]
    for thing in effect.things:
        if isinstance(thing, RestSubject) and thing.of in learned:
            return "of an alignment whose maps are learned, which leave it a part of their own site"
    if not learned or not effect.rest:
        return ""
    subjects = [thing for thing in effect.things if isinstance(thing, VariablesSubject) and thing.alignment in learned]
    if subjects and (len(effect.subjects) > 1 or len(effect.settings) > 1):
        return "beside maps that are learned, where more than one thing is set or held"
    placed = [p for s in subjects for p in program.alignments[s.alignment].placements if p.variable in s.variables]
    if len({p.place for p in placed}) > 1 or any(p.members or not _is_one(p.place) for p in placed):
        return "beside maps that are learned at several sites, or inside another variable"
    if any(isinstance(p.place, Region) for name in learned for p in program.alignments[name].placements):
        return "beside maps whose site is searched"
    return ""


def _is_one(place: Site | Region) -> bool:
    """Whether a variable lies at one site of its own."""
    return isinstance(place, Region) or (place.inside is None and place.at_one_place)


def _follows(spoken: SpokenTask | None) -> bool:
    """Whether tokens are fed after the prompt: an answer's or those that a metric asks about."""
    if spoken is None:
        return False
    answers = any(len(ids) > 1 for one in spoken.answers for code in one for ids in code)
    return answers or any(tokens > 1 for _, tokens in spoken.texts)


def _of_value(setting: Setting) -> str:
    for portion in setting.value.portions:
        match portion.value:
            case Taken(network=str(network), random=True):
                return f"a value on `random({network})`, of which several are drawn and none is the one: name a network"
            case MeanOf(subject=taken) | Taken(subject=taken) if _is_random(taken) and taken != setting.subject:
                return f"a value that another thing takes of `{taken.text}`"
            case MeanOf(subject=taken) | Taken(subject=taken) if taken != setting.subject and _is_random(
                setting.subject
            ):
                return f"a value of `{taken.text}` that `{setting.subject.text}` takes"
    return ""


def _is_random(subject: Subject) -> bool:
    return isinstance(subject, CircuitSubject) and subject.random
