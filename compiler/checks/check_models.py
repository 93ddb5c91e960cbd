"""Checks of causal models by enumeration: what syntax and types cannot tell, before anything runs.

From models and the variables that alignments name to diagnostics with witnesses: values outside their domains, a
`require` or a look-up that leaves no input, rivals that disagree on what is correct, interchanges that can never change
the output, and aligned variables that always move together.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from ...lang.diagnostics import Diagnostic, Label, Span, one_at_each_place
from ...lang.program import Alignment, Program, Task
from ..causal_model import CausalModel, Codes, lower_inputs
from ..sampling.halves import halves_that_occur
from ..sampling.items import Recipe
from ..sampling.open_spaces import SAMPLED, open_spaces
from ..sampling.quick_look import look_quickly
from ..sampling.relations import TooLargeError
from ..sampling.spaces import list_inputs, sampled_members, tabulated
from ..sampling.splits import region_of
from .check_definedness import check_definedness
from .check_divisions import check_required_divisions
from .check_domains import check_domains
from .find_witness import MOST_LISTED, SAMPLES

_SAMPLE = 4096
_BATCH = 1 << 16


def check_models(
    models: Mapping[str, CausalModel], aligned: Mapping[str, tuple[tuple[str, ...], ...]], program: Program
) -> tuple[Diagnostic, ...]:
    """Check every model of a program.

    `aligned` holds, for each model by name, the variables of each of its alignments. What reads a value outside its
    domain is left out of the checks that would only repeat that: a model by its output, an alignment by its variables.
    """
    found: list[Diagnostic] = []
    for task in program.tasks.values():
        members = {name: models[name] for name in program.models if program.models[name].task == task.name}
        divisions = check_required_divisions(task)
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
            problems, broken[name] = check_domains(model, aligned.get(name, ()))
            found += problems
            if not broken[name] & {model.output, *model.hidden}:  # the hidden ones tell which inputs are admitted
                sound.append(model)
        for rival in sound[1:]:
            found += _check_rivals(program, task, sound[0], rival)
        for model in sound:
            for variables in dict.fromkeys(aligned.get(model.name, ())):
                if not broken[model.name] & set(variables):
                    found += _check_alignment(program, model, variables)
    return one_at_each_place(found)


def _check_require(task: Task) -> list[Diagnostic]:
    """Whether some input satisfies every `require`; else the first one that leaves no input."""
    model = lower_inputs(task)
    for count in range(1, len(model.require) + 1):
        conditions = model.require[:count]
        note = "decided by enumeration"
        try:
            layout = tabulated(model, conditions)
            some = layout.graph.solve([], layout.true, layout.extra).elimination.total > 0
        except TooLargeError:
            some = len(sampled_members(_bare(model), region_of(_bare(model), None), conditions, 0)) > 0
            note = f"{SAMPLED}: none of the random inputs satisfies it"
        if not some:
            span, before = _span(conditions[-1].span, task.span), conditions[:-1]
            what = "this `require` together with those before it" if before else "this `require`"
            return [
                Diagnostic(
                    "CS221",
                    f"no input of `{task.name}` satisfies {what}",
                    Label(span),
                    related=tuple(Label(_span(c.span, task.span), "together with this") for c in before),
                    notes=(note,),
                    help="weaken a condition, or widen the inputs' types",
                )
            ]
    return []


def _span(own: Span, otherwise: Span) -> Span:
    return own if own.end > own.start else otherwise


def _bare(model: CausalModel, variables: tuple[str, ...] = ()) -> Recipe:
    """The model's admitted inputs, and every single variable as a set."""
    sets = tuple((i,) for i in range(len(variables))) or ((),)
    return Recipe(model, variables, sets, (), (), (0.0, 0.0, 1.0), 0)


def _check_rivals(program: Program, task: Task, first: CausalModel, second: CausalModel) -> list[Diagnostic]:
    """Whether two models of a task give the same output on every admitted input."""
    label = Label(_output_span(program, second), f"`{second.name}`")
    witness, note = _disagreement(first, second)
    if witness is None:
        if not note:
            return []
        message = f"that `{first.name}` and `{second.name}` give the same outputs could be checked by sampling only"
        help = "smaller domains, or simpler equations, let it be proved"
        return [Diagnostic("CS224", message, label, notes=(note,), help=help, severity="warning")]
    outputs = [model.domains[model.output].show(_value(model, witness)) for model in (first, second)]
    shown = f"for the input {first.show_input(witness)}: `{first.name}` gives {outputs[0]}, "
    return [
        Diagnostic(
            "CS222",
            f"`{first.name}` and `{second.name}`, models of `{task.name}`, give different outputs",
            label,
            related=(Label(_output_span(program, first), f"`{first.name}`"),),
            notes=(f"{shown}`{second.name}` gives {outputs[1]}", note),
            help="models of one task agree on what is correct: change an equation, or exclude the input by `require`",
        )
    ]


def _value(model: CausalModel, inputs: Codes) -> int:
    return int(model.output_of(inputs[None])[0]) + model.domains[model.output].low


def _output_span(program: Program, model: CausalModel) -> Span:
    written = program.models[model.name]
    spans = [m.span for m in written.mechanisms if m.name == model.output]
    return _span(spans[0], written.span) if spans else written.span


def _disagreement(first: CausalModel, second: CausalModel) -> tuple[Codes | None, str]:
    """An admitted input (codes, shape [input]) on which outputs differ; how it was found, or that none was sampled."""
    layout = tabulated(first, first.require)
    graph = layout.graph
    other = graph.model(second, layout.inputs, {})[second.output]
    differs = graph.apply("!=", (layout.variables[first.output], other))
    try:
        solution = graph.solve([], (*layout.true, differs), layout.extra)
    except TooLargeError:
        listed = math.prod(domain.size for domain in first.input_domains) <= MOST_LISTED
        for inputs in list_inputs(first, first.require, _BATCH) if listed else _samples(first, second):
            values = [m.output_of(inputs) + m.domains[m.output].low for m in (first, second)]
            hits = np.flatnonzero(values[0] != values[1])
            if len(hits):
                return inputs[hits[0]], "decided by enumeration" if listed else "found by sampling"
        if listed:
            return None, ""
        return None, f"{SAMPLED}: no counterexample among {SAMPLES:,} inputs, half of them balanced over the outputs"
    if solution.elimination.total == 0:
        return None, ""
    row = np.zeros(1, dtype=np.int64)
    assigned = solution.elimination.draw(row, np.random.Generator(np.random.Philox(key=0)))
    return layout.decode(solution, assigned)[0], f"{solution.elimination.total:,.0f} inputs differ"


def _samples(first: CausalModel, second: CausalModel) -> Iterator[Codes]:
    """A million admitted inputs: half uniform, half balanced over each model's outputs."""
    batch = SAMPLES // 8
    for part in range(4):
        recipe = _bare(first)
        yield sampled_members(recipe, region_of(recipe, None), first.require, part)[:batch]
    for part, model in enumerate((first, second, first, second)):
        space = open_spaces(_bare(model), None, 10 + part).base
        if len(space):
            generator = np.random.Generator(np.random.Philox(key=20 + part))
            yield space.draw(space.choose(np.zeros((batch, 0), dtype=np.int64), generator), generator)


def _check_alignment(program: Program, model: CausalModel, variables: tuple[str, ...]) -> list[Diagnostic]:
    """Variables whose own interchange can never change the output, and pairs that always move together."""
    found: list[Diagnostic] = []
    named = [a for a in program.alignments.values() if a.model == model.name and a.variables == variables]
    recipe = _bare(model, variables)
    look = look_quickly(recipe, None)
    if all("changing" in met for met in look.met):
        codes = model.run(look.bases, {})
        if not any(_is_bijection(np.stack([codes[v] for v in pair], axis=1)) for pair in combinations(variables, 2)):
            return []
    generator = np.random.Generator(np.random.Philox(key=2))
    spaces = open_spaces(recipe, None, 3)
    if not len(spaces.base):  # admitted inputs are too rare for a sampled pool: nothing can be said
        return []
    occurring, notes = halves_that_occur(recipe, spaces, generator)
    empty = [variables[index] for index, halves in occurring.items() if "changing" not in halves]
    for variable in empty:
        for alignment in named:
            found.append(
                Diagnostic(
                    "CS420",
                    f"interchanging `{alignment.name}.{variable}` can never change the output of `{model.name}`",
                    Label(_placed(alignment, variable)),
                    notes=notes or ("no base and source of the whole domain do: decided by enumeration",),
                    help=f"leave `{variable}` out of the alignment, or let the output depend on it",
                )
            )
    sample = spaces.base.draw(spaces.base.choose(np.zeros((_SAMPLE, 0), dtype=np.int64), generator), generator)
    codes = model.run(sample, {})
    for one, other in combinations([v for v in variables if v not in empty], 2):
        how = _move_together(model, codes, one, other)
        for alignment in named if how else ():
            found.append(
                Diagnostic(
                    "CS421",
                    f"`{one}` and `{other}` always move together: no pair of inputs tells them apart",
                    Label(_placed(alignment, other), f"`{other}` determines `{one}`, and `{one}` determines it"),
                    related=(Label(_placed(alignment, one), f"its twin `{one}`"),),
                    notes=(how,),
                    help=f"align one of them alone, or let `{one}` and `{other}` vary apart in the task's inputs",
                )
            )
    return found


def _move_together(model: CausalModel, sample: Mapping[str, Codes], one: str, other: str) -> str:
    """How it was decided that two variables are a bijection of each other on all admitted inputs; empty: they are not.

    `sample` holds codes of every variable on some admitted inputs.
    """
    if not _is_bijection(np.stack([sample[one], sample[other]], axis=1)):
        return ""
    layout = tabulated(model, model.require)
    nodes = layout.variables[one], layout.variables[other]
    try:
        solution = layout.graph.solve(nodes, layout.true, layout.extra)
    except TooLargeError:
        return f"{SAMPLED}: on {_SAMPLE:,} inputs balanced over their values"
    pairs = np.stack([solution.kept(node) for node in nodes], axis=1)
    return "decided by enumeration" if _is_bijection(pairs) else ""


def _is_bijection(pairs: Codes) -> bool:
    """Whether each value of either column goes with one value of the other; pairs [row, 2]."""
    return _determines(pairs[:, 0], pairs[:, 1]) and _determines(pairs[:, 1], pairs[:, 0])


def _determines(one: Codes, other: Codes) -> bool:
    """Whether each value of a column goes with one value of another; both [row].

    Asking for distinct values alone, without where they are, would import numpy's masked arrays.
    """
    _, first, group = np.unique(one, return_index=True, return_inverse=True)
    return bool((other[first][group] == other).all())


def _placed(alignment: Alignment, variable: str) -> Span:
    return next(p.span for p in alignment.placements if p.variable == variable)
