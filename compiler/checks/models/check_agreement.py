"""Whether two models of a task agree on what is correct: on the output of every admitted input."""

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.program import Program, Task
from ...causal_model import CausalModel, Codes
from ...sampling.items import admitted_inputs
from ...sampling.layouts import tabulated
from ...sampling.list_inputs import list_inputs, sampled_members
from ...sampling.open_spaces import open_spaces
from ...sampling.relations import MOST_ROWS, Budget, TooLargeError
from ...sampling.spaces import SAMPLED
from ...sampling.splits import region_of
from ..witnesses.effort import affordable
from ..witnesses.find_witness import MOST_LISTED, SAMPLES

_FEWEST_ROWS, _FEWEST_SAMPLES = 1 << 14, 4096
"""What each comparison of two models may look at, however many there are."""
_BATCH = 1 << 16


def check_agreement(
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
    return spans[0].or_else(written.span) if spans else written.span


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
        yield random_inputs(first, part)[: count // parts]
    for part, model in enumerate(() if uniform else (first, second, first, second)):
        space = open_spaces(admitted_inputs(model), None, 10 + part).base
        if len(space):
            generator = np.random.Generator(np.random.Philox(key=20 + part))
            yield space.draw(space.choose(np.zeros((count // parts, 0), dtype=np.int64), generator), generator)


@lru_cache(maxsize=4)
def random_inputs(model: CausalModel, part: int) -> Codes:
    """Random admitted inputs, the same for all rivals of a model; codes, shape [item, input]."""
    recipe = admitted_inputs(model)
    return sampled_members(recipe, region_of(recipe, None), model.require, part)
