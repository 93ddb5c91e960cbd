"""A task's prompts for one tokenizer: rendered for inputs that show every value of every slot, and cut into tokens."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial

import numpy as np

from ...lang.program import Task
from ...lang.record import record
from ...lang.renderings import Prompt
from ...lang.texts import Template
from ..encode_prompts import Span, find_tokens, holds_only, render_template
from ..expressions import Column, evaluate
from ..network_facts import Encoded, Tokenizer
from .draw_inputs import draw_inputs

MOST_VALUES = 2_000
"""Values of a slot that are looked at; of more, ones that are spread evenly."""
MOST_SHAPES = 200
"""Ways in which a template's slots have their numbers of tokens that are looked at; of more, ones that are spread
evenly, with those of the fewest and of the most tokens."""


@record
class PromptTokens:
    """One prompt: its text, the inputs behind it, its tokens, and of each slot the text and the tokens that hold it.

    `whole` says of each slot whether its tokens hold nothing else but blanks.
    """

    template: int
    inputs: Mapping[str, int]
    text: str
    encoded: Encoded
    values: tuple[str, ...]
    positions: tuple[tuple[int, ...], ...]
    whole: tuple[bool, ...]

    @property
    def length(self) -> int:
        return len(self.encoded.ids)

    @property
    def quoted(self) -> str:
        """The text as diagnostics show it; of a long one its ends."""
        shown = self.text if len(self.text) <= 200 else f"{self.text[:120]} ... {self.text[-60:]}"
        return "`" + shown.replace("\n", "\\n").replace("\t", "\\t") + "`"


@record
class PromptLayout:
    """The prompts of a task for one tokenizer. `every`: each value of each slot is shown by one of them.

    The numbers of tokens that slots have together are shown too, so that the shortest prompt and the longest are there.
    """

    templates: tuple[Template, ...]
    prompts: tuple[PromptTokens, ...]
    every: bool

    @property
    def shortest(self) -> PromptTokens:
        return min(self.prompts, key=lambda prompt: prompt.length)

    @property
    def longest(self) -> PromptTokens:
        return max(self.prompts, key=lambda prompt: prompt.length)

    @cached_property
    def shapes(self) -> tuple[PromptTokens, ...]:
        """Prompts of which no two have their slots at the same tokens and the same length; the shortest first."""
        by_length = sorted(self.prompts, key=lambda prompt: prompt.length)
        distinct: dict[object, PromptTokens] = {}
        for prompt in by_length:
            distinct.setdefault((prompt.template, prompt.length, prompt.positions), prompt)
        return tuple(distinct.values())

    def of(self, template: int) -> tuple[PromptTokens, ...]:
        """The prompts of one template."""
        return tuple(prompt for prompt in self.prompts if prompt.template == template)


def lay_out(task: Task, tokenizer: Tokenizer) -> PromptLayout | None:
    """Render and cut up a task's prompts; None where the task has none, or no admitted input was drawn."""
    if not isinstance(task.rendering, Prompt):
        return None
    columns, every_input = draw_inputs(task)
    count = len(next(iter(columns.values()))) if columns else 0
    if not count:
        return None
    every, prompts = True, list[PromptTokens]()
    for number, template in enumerate(task.rendering.templates):
        slots = [evaluate(slot.expression, columns, count) for slot in template.slots]
        rows, looked_at = _telling_rows(slots)
        drawn = all(len(np.unique(c)) == s.expression.domain.size for c, s in zip(slots, template.slots, strict=True))
        every = every and looked_at and (every_input or drawn)
        cut = partial(_cut, number, template, tokenizer, columns, slots)
        telling = cut(rows)
        prompts += telling + cut(_other_shapes(slots, rows, telling))
    return PromptLayout(task.rendering.templates, tuple(prompts), every)


def _cut(
    number: int,
    template: Template,
    tokenizer: Tokenizer,
    columns: Mapping[str, Column],
    slots: Sequence[Column],
    rows: Sequence[int],
) -> list[PromptTokens]:
    """The prompts that some rows have by a template, the one of this number."""
    if not rows:
        return []
    texts, spans = render_template(template, [column[list(rows)] for column in slots], len(rows))
    prompts = []
    for row, text, own, tokens in zip(rows, texts, spans.tolist(), tokenizer.encode(texts), strict=True):
        inputs = {name: int(column[row]) for name, column in columns.items()}
        prompts.append(_locate(number, inputs, text, [(start, end) for start, end in own], tokens))
    return prompts


def _telling_rows(slots: list[Column]) -> tuple[list[int], bool]:
    """Rows among which every slot has each of its values, the first row among them, and whether none was left out."""
    rows = {0}
    every = True
    for column in slots:
        _, first = np.unique(column, return_index=True)
        if len(first) > MOST_VALUES:
            first = first[np.linspace(0, len(first) - 1, MOST_VALUES).astype(int)]
            every = False
        rows.update(int(row) for row in first)
    return sorted(rows), every


def _other_shapes(slots: Sequence[Column], rows: Sequence[int], telling: Sequence[PromptTokens]) -> list[int]:
    """Rows whose slots have numbers of tokens that they do not have together in any of the telling ones.

    A value has as many tokens in every prompt, or nearly so; one that was not looked at, as many as the one before it.
    """
    if not slots:
        return []
    shapes, sums = np.zeros(len(slots[0]), dtype=np.int64), np.zeros(len(slots[0]), dtype=np.int64)
    for index, column in enumerate(slots):
        values, first = np.unique(column[list(rows)], return_index=True)
        counts = np.array([len(prompt.positions[index]) for prompt in telling], dtype=np.int64)[first]
        if len(kinds := np.unique(counts)) < 2:
            continue
        own = counts[np.searchsorted(values, column, side="right").clip(min=1) - 1]
        shapes, sums = shapes * len(kinds) + np.searchsorted(kinds, own), sums + own
    distinct, where = np.unique(shapes, return_index=True)
    new = where[~np.isin(distinct, shapes[list(rows)])]
    if len(new) <= MOST_SHAPES:
        return [int(row) for row in new]
    spread = new[np.linspace(0, len(new) - 1, MOST_SHAPES).astype(int)]
    return sorted({*spread.tolist(), int(np.argmin(sums)), int(np.argmax(sums))} - set(rows))


def _locate(template: int, inputs: Mapping[str, int], text: str, spans: list[Span], encoded: Encoded) -> PromptTokens:
    positions, whole = [], []
    for span in spans:
        held = find_tokens(span, encoded)
        positions.append(held)
        whole.append(holds_only(span, held, text, encoded))
    values = tuple(text[start:end] for start, end in spans)
    return PromptTokens(template, inputs, text, encoded, values, tuple(positions), tuple(whole))
