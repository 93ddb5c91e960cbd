"""How many tokens a slot is, or a whole prompt, as an expression over a task's inputs."""

from collections.abc import Iterator

import numpy as np

from ...lang.domains import integers
from ...lang.expressions import Apply, Constant, Expression, Listing
from ...lang.places import Position
from ..expressions import evaluate
from .lay_out import PromptLayout
from .resolve import resolve_in_prompt

Slot = str | None
"""A slot by its name; None: the whole prompt."""


def count_tokens(uneven: tuple[Slot, ...], layout: PromptLayout) -> Iterator[tuple[Slot, Expression]]:
    """For each slot whose number of tokens differs what tells it: the value that stands in the slot.

    Of a whole prompt it is told by those of its slots, but for a number that is the same for all. A slot is left out
    where its value does not tell it, or where not every value was looked at.
    """
    known = dict[Slot, Expression]()
    for slot in (slot for slot in uneven if slot is not None):
        if (counted := _of_slot(slot, layout)) is not None:
            known[slot] = counted
    if None in uneven and known and len(layout.templates) == 1:
        total = _sum(tuple(known.values()))
        lengths, told = _lengths(None, layout), _evaluated(total, layout)
        if len(np.unique(lengths - told)) == 1:
            known[None] = total
    yield from known.items()


def _of_slot(slot: str, layout: PromptLayout) -> Expression | None:
    stands = {part.expression for template in layout.templates for part in template.slots if part.name == slot}
    if len(stands) > 1 or not layout.every:
        return None
    (shown,) = stands
    values, lengths = _evaluated(shown, layout) - shown.domain.low, _lengths(slot, layout)
    counts = np.zeros(shown.domain.size, dtype=np.int64)
    counts[values] = lengths
    if not np.array_equal(counts[values], lengths):
        return None
    domain = integers(0, int(counts.max()))
    code = shown if not shown.domain.low else _minus(shown, shown.domain.low)
    return Apply("lookup", (Listing(tuple(counts.tolist()), domain), code), domain)


def _minus(expression: Expression, low: int) -> Expression:
    codes = integers(0, expression.domain.size - 1)
    return Apply("-", (expression, Constant(low, integers(low, low))), codes)


def _sum(terms: tuple[Expression, ...]) -> Expression:
    total, *others = terms
    for term in others:
        total = Apply("+", (total, term), integers(0, total.domain.high + term.domain.high))
    return total


def _lengths(slot: Slot, layout: PromptLayout) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    everything = Position(slot, part="all")
    return np.array([len(resolve_in_prompt(everything, prompt, layout)) for prompt in layout.prompts])


def _evaluated(expression: Expression, layout: PromptLayout) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """An expression's value for each prompt."""
    columns = {name: np.array([p.inputs[name] for p in layout.prompts]) for name in layout.prompts[0].inputs}
    found: np.ndarray[tuple[int], np.dtype[np.int64]] = evaluate(expression, columns, len(layout.prompts))
    return found
