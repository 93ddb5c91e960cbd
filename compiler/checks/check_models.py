"""Checks of causal models by enumeration: what syntax and types cannot tell, before anything runs.

From models and the variables that alignments name to diagnostics with witnesses: values outside their domains, a
`require` or a look-up that leaves no input, rivals that disagree on what is correct, interchanges that can never change
the output, and aligned variables that always move together.
"""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations

import numpy as np

from ...lang.diagnostics import Diagnostic, Label, Span, one_at_each_place
from ...lang.expressions import Expression
from ...lang.program import Alignment, Program, Task
from ..causal_model import CausalModel, Codes, lower_inputs
from ..sampling.halves import halves_that_occur
from ..sampling.items import Recipe
from ..sampling.open_spaces import SAMPLED, open_spaces
from ..sampling.quick_look import look_quickly
from ..sampling.relations import MOST_ROWS, Budget, TooLargeError
from ..sampling.spaces import list_inputs, sampled_members, tabulated
from ..sampling.splits import region_of
from .check_definedness import check_definedness
from .check_divisions import check_required_divisions
from .check_domains import check_domains
from .check_members import check_members
from .effort import Effort, affordable
from .find_witness import MOST_LISTED, SAMPLES

_SAMPLE = 4096
_FEWEST_ROWS, _FEWEST_SAMPLES = 1 << 14, 4096
"""What each comparison of two models may look at, however many there are."""
_IN_FULL = 8
"""Rivals of a task that are each looked at as if they were the only ones."""
_BATCH = 1 << 16


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
            found += _check_rivals(program, task, sound[0], rival, share, known)
        for model in sound:
            for variables in dict.fromkeys(aligned.get(model.name, ())):
                if not broken[model.name] & set(variables):
                    found += _check_alignment(program, model, variables)
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
    span, before = _span(conditions[-1].span, task.span), conditions[:-1]
    what = "this `require` together with those before it" if before else "this `require`"
    return [
        Diagnostic(
            "CS221",
            f"no input of `{task.name}` {'was found that satisfies' if SAMPLED in note else 'satisfies'} {what}",
            Label(span),
            related=tuple(Label(_span(c.span, task.span), "together with this") for c in before),
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
        found = sampled_members(_bare(model), region_of(_bare(model), None), conditions, 0)
        return "" if len(found) else f"{SAMPLED}: none of the random inputs satisfies it"


def _span(own: Span, otherwise: Span) -> Span:
    return own if own.end > own.start else otherwise


def _bare(model: CausalModel, variables: tuple[str, ...] = ()) -> Recipe:
    """The model's admitted inputs, and every single variable as a set."""
    sets = tuple((i,) for i in range(len(variables))) or ((),)
    return Recipe(model, variables, sets, (), (), (0.0, 0.0, 1.0), 0)


def _check_rivals(
    program: Program, task: Task, first: CausalModel, second: CausalModel, share: int, known: list[Codes]
) -> list[Diagnostic]:
    """Whether two models of a task give the same output on every admitted input.

    `known` are inputs on which the first is at odds with others; a further one is entered there.
    """
    label = Label(_output_span(program, second), f"`{second.name}`")
    witness, note = _at_odds(first, second, known), ""
    if witness is None:
        witness, note = _disagreement(first, second, share)
        known += [] if witness is None else [witness]
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
            notes=(f"{shown}`{second.name}` gives {outputs[1]}", *([note] if note else [])),
            help="models of one task agree on what is correct: change an equation, or exclude the input by `require`;"
            " an algorithm that answers otherwise has a task of its own",
        )
    ]


def _value(model: CausalModel, inputs: Codes) -> int:
    return int(model.output_of(inputs[None])[0]) + model.domains[model.output].low


def _output_span(program: Program, model: CausalModel) -> Span:
    written = program.models[model.name]
    spans = [m.span for m in written.mechanisms if m.name == model.output]
    return _span(spans[0], written.span) if spans else written.span


def _at_odds(first: CausalModel, second: CausalModel, known: list[Codes]) -> Codes | None:
    """The first of some inputs on which outputs differ."""
    return next((inputs for inputs in known if _value(first, inputs) != _value(second, inputs)), None)


def _disagreement(first: CausalModel, second: CausalModel, share: int) -> tuple[Codes | None, str]:
    """An admitted input (codes, shape [input]) on which outputs differ; how it was found, or that none was sampled.

    `share` comparisons divide among them what is looked at.
    """
    try:
        layout = tabulated(first, first.require)
        graph = layout.graph
        other = graph.model(second, layout.inputs, {})[second.output]
        differs = graph.apply("!=", (layout.variables[first.output], other))
        budget = Budget(max(MOST_ROWS // share, _FEWEST_ROWS))
        solution = graph.solve([], (*layout.true, differs), layout.extra, budget)
    except TooLargeError:
        return _looked_for(first, second, share)
    if solution.elimination.total == 0:
        return None, ""
    row = np.zeros(1, dtype=np.int64)
    assigned = solution.elimination.draw(row, np.random.Generator(np.random.Philox(key=0)))
    return layout.decode(solution, assigned)[0], f"{solution.elimination.total:,.0f} inputs differ"


def _looked_for(first: CausalModel, second: CausalModel, share: int) -> tuple[Codes | None, str]:
    """The same by running all inputs, or a sample of them."""
    most = min(affordable(model, MOST_LISTED) for model in (first, second)) // share
    listed = math.prod(domain.size for domain in first.input_domains) <= most
    samples = max(_FEWEST_SAMPLES, min(affordable(model, SAMPLES) for model in (first, second)) // share)
    for inputs in list_inputs(first, first.require, _BATCH) if listed else _samples(first, second, samples, share > 1):
        values = [m.output_of(inputs) + m.domains[m.output].low for m in (first, second)]
        hits = np.flatnonzero(values[0] != values[1])
        if len(hits):
            return inputs[hits[0]], "decided by enumeration" if listed else "found by sampling"
    if listed:
        return None, ""
    balanced = "" if share > 1 else ", half of them balanced over the outputs"
    return None, f"{SAMPLED}: no counterexample among {samples:,} inputs{balanced}"


def _samples(first: CausalModel, second: CausalModel, count: int, uniform: bool) -> Iterator[Codes]:
    """So many admitted inputs: half of them uniform, half balanced over each model's outputs, or all `uniform`."""
    parts = 1 if uniform else 8
    for part in range(max(1, parts // 2)):
        yield _pool(first, part)[: count // parts]
    for part, model in enumerate(() if uniform else (first, second, first, second)):
        space = open_spaces(_bare(model), None, 10 + part).base
        if len(space):
            generator = np.random.Generator(np.random.Philox(key=20 + part))
            yield space.draw(space.choose(np.zeros((count // parts, 0), dtype=np.int64), generator), generator)


@lru_cache(maxsize=4)
def _pool(model: CausalModel, part: int) -> Codes:
    """Random admitted inputs, the same for all rivals of a model; codes, shape [item, input]."""
    recipe = _bare(model)
    return sampled_members(recipe, region_of(recipe, None), model.require, part)


def _check_alignment(program: Program, model: CausalModel, variables: tuple[str, ...]) -> list[Diagnostic]:
    """Variables whose own interchange can never change the output, and pairs that always move together."""
    found: list[Diagnostic] = []
    named = [a for a in program.alignments.values() if a.model == model.name and a.variables == variables]
    found += check_members(model, variables, named)
    recipe = _bare(model, variables)
    look = look_quickly(recipe, None)
    if all(met.get("changing") for met in look.met):
        codes = model.run(look.bases, {})
        if not any(_is_bijection(np.stack([codes[v] for v in pair], axis=1)) for pair in combinations(variables, 2)):
            return found
    generator = np.random.Generator(np.random.Philox(key=2))
    spaces = open_spaces(recipe, None, 3)
    if not len(spaces.base):  # admitted inputs are too rare for a sampled pool: nothing can be said
        return found
    occurring, notes = halves_that_occur(recipe, spaces, generator)
    empty = [variables[index] for index, halves in occurring.items() if "changing" not in halves]
    if SAMPLED in (spaces.base.how, spaces.source.how) and not notes:
        notes = (f"{SAMPLED}: no base and source among many do",)
    never = "was not seen to change" if notes else "can never change"
    for variable in empty:
        for alignment in named:
            found.append(
                Diagnostic(
                    "CS420",
                    f"interchanging `{alignment.name}.{variable}` {never} the output of `{model.name}`",
                    Label(_placed(alignment, variable)),
                    notes=notes or ("no base and source of the whole domain do: decided by enumeration",),
                    help=f"leave `{variable}` out of the alignment, or let the output depend on it",
                    severity="warning" if notes else "error",
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
                    f"`{one}` and `{other}` always move together: no pair of inputs "
                    + ("was found that tells them apart" if SAMPLED in how else "tells them apart"),
                    Label(_placed(alignment, other), f"`{other}` determines `{one}`, and `{one}` determines it"),
                    related=(Label(_placed(alignment, one), f"its twin `{one}`"),),
                    notes=(how,),
                    severity="warning" if SAMPLED in how else "error",
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
    try:
        layout = tabulated(model, model.require)
        nodes = layout.variables[one], layout.variables[other]
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
