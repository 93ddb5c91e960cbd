"""Checks of causal models by enumeration: what syntax and types cannot tell, before anything runs.

From models and the variables that alignments name to diagnostics with witnesses: values outside their domains, a
`require` or a look-up that leaves no input, rivals that disagree on what is correct, interchanges that can never change
the output, and aligned variables that always move together.
"""

from collections.abc import Mapping

from ....lang.diagnostics import Diagnostic, Label, one_at_each_place
from ....lang.expressions import Expression
from ....lang.program import Program, Task
from ...causal_model import CausalModel, Codes, lower_inputs
from ...sampling.items import admitted_inputs
from ...sampling.layouts import tabulated
from ...sampling.list_inputs import sampled_members
from ...sampling.relations import TooLargeError
from ...sampling.spaces import SAMPLED
from ...sampling.splits import region_of
from ..witnesses.effort import Effort
from .check_agreement import check_agreement
from .check_aligned_variables import check_aligned_variables
from .check_definedness import check_definedness
from .check_divisions import check_required_divisions
from .check_domains import check_domains

_IN_FULL = 8
"""Rivals of a task that are each looked at as if they were the only ones."""


def check_models(
    models: Mapping[str, CausalModel], aligned: Mapping[str, tuple[tuple[str, ...], ...]], program: Program
) -> tuple[Diagnostic, ...]:
    """Check every model of a program.

    `aligned` holds, for each model by name, the variables of each of its alignments. What reads a value outside its
    domain is left out of the checks that would only repeat that: a model by its output, an alignment by its variables.
    """
    found: list[Diagnostic] = []
    effort = Effort()
    for task in program.tasks.values():
        members = {name: models[name] for name in program.models if program.models[name].task == task.name}
        divisions = check_required_divisions(task, effort)
        found += divisions
        if any(problem.severity == "error" for problem in divisions):
            continue
        unsatisfied = _check_require(task)
        if unsatisfied:
            found += unsatisfied
            continue
        undefined = check_definedness(program, task, members.values())
        if undefined:
            found += undefined
            continue
        sound: list[CausalModel] = []
        broken: dict[str, frozenset[str]] = {}
        for name, model in members.items():
            problems, broken[name] = check_domains(model, aligned.get(name, ()), effort)
            found += problems
            if not broken[name] & {model.output, *model.hidden}:  # the hidden ones tell which inputs are admitted
                sound.append(model)
        share = max(1, (len(sound) - 1) // _IN_FULL)
        known: list[Codes] = []
        for rival in sound[1:]:
            found += check_agreement(program, task, sound[0], rival, share, known)
        for model in sound:
            for variables in dict.fromkeys(aligned.get(model.name, ())):
                if not broken[model.name] & set(variables):
                    found += check_aligned_variables(program, model, variables)
    return one_at_each_place(found)


def _check_require(task: Task) -> list[Diagnostic]:
    """Whether some input satisfies every `require`; else the first one that leaves no input."""
    model = lower_inputs(task)
    met, unmet = 0, len(model.require)  # so many conditions, from the first on, leave some input, and leave none
    note = _no_input(model, model.require) if unmet else ""
    if not note:
        return []
    while unmet - met > 1:
        middle = (met + unmet) // 2
        said = _no_input(model, model.require[:middle])
        met, unmet, note = (met, middle, said) if said else (middle, unmet, note)
    conditions = model.require[:unmet]
    span, before = conditions[-1].span.or_else(task.span), conditions[:-1]
    what = "this `require` together with those before it" if before else "this `require`"
    return [
        Diagnostic(
            "CS221",
            f"no input of `{task.name}` {'was found that satisfies' if SAMPLED in note else 'satisfies'} {what}",
            Label(span),
            related=tuple(Label(c.span.or_else(task.span), "together with this") for c in before),
            notes=(note,),
            help="weaken a condition, or widen the inputs' types",
        )
    ]


def _no_input(model: CausalModel, conditions: tuple[Expression, ...]) -> str:
    """How it was decided that no input satisfies some conditions; empty: some input does."""
    try:
        layout = tabulated(model, conditions)
        total = layout.graph.solve([], layout.true, layout.extra).elimination.total
        return "" if total > 0 else "decided by enumeration"
    except TooLargeError:
        found = sampled_members(admitted_inputs(model), region_of(admitted_inputs(model), None), conditions, 0)
        return "" if len(found) else f"{SAMPLED}: none of the random inputs satisfies it"
