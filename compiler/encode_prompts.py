"""From inputs to rows: prompts rendered, cut into tokens by the network's own tokenizer, with where each slot is."""

from collections.abc import Iterable, Sequence
from dataclasses import field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..lang.domains import Domain
from ..lang.record import record
from ..lang.texts import Template
from .expressions import evaluate
from .network_facts import Encoded, Tokenizer
from .row_layout import NO_TOKEN

Span = tuple[int, int]
Codes = npt.NDArray[np.int64]
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


@record
class PromptEncoding:
    """How a task's inputs become prompts, and prompts the rows that `RowLayout` describes.

    `inputs` are names and domains in the task's order; `slots` those that every template has. `tokenizer` is the hash
    of the tokenizer's file in `folder`; `context` the most tokens that the network reads.
    """

    templates: tuple[Template, ...]
    inputs: tuple[tuple[str, Domain], ...]
    slots: tuple[str, ...]
    tokenizer: str
    context: int
    folder: Path = field(compare=False)


class BadPromptError(Exception):
    """An input's prompt cannot be fed to the network."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(reason)
        self.text, self.reason = text, reason


def encode_prompts(encoding: PromptEncoding, tokenizer: Tokenizer, codes: Codes) -> list[Codes]:
    """The row of each input, without padding; codes have shape [input, column].

    Raises:
        BadPromptError: a slot is no token of its own, or a prompt is longer than the network's context.
    """
    texts, spans, chosen = render_prompts(encoding, codes)
    encoded = tokenizer.encode(texts)
    found = []
    for row, tokens in enumerate(encoded):
        template = encoding.templates[chosen[row]]
        found.append(_row(encoding, template, texts[row], spans[row], tokens))
    return found


def render_prompts(encoding: PromptEncoding, codes: Codes) -> tuple[list[str], list[list[Span]], Codes]:
    """The text of each input [input, column], where its slots stand in it, and its template."""
    columns = {name: codes[:, i] + domain.low for i, (name, domain) in enumerate(encoding.inputs)}
    chosen = choose_templates(codes, [domain.size for _, domain in encoding.inputs], len(encoding.templates))
    texts, spans = [""] * len(codes), [list[Span]()] * len(codes)
    for number, template in enumerate(encoding.templates):
        rows = np.flatnonzero(chosen == number)
        own = {name: column[rows] for name, column in columns.items()}
        slots = [evaluate(slot.expression, own, len(rows)) for slot in template.slots]
        for index, row in enumerate(rows.tolist()):
            texts[row], spans[row] = render_prompt(template, [int(column[index]) for column in slots])
    return texts, spans, chosen


def continue_prompts(
    tokenizer: Tokenizer, prompts: Sequence[str], texts: Sequence[str]
) -> list[tuple[int, ...] | None]:
    """The tokens of each text after its prompt: those that are more than the prompt's own. None where it joins them."""
    known = {prompt: tokens.ids for prompt, tokens in _encode_each(tokenizer, dict.fromkeys(prompts))}
    whole = [prompt + text for prompt, text in zip(prompts, texts, strict=True)]
    found = []
    for prompt, after in zip(prompts, tokenizer.encode(whole, special=False), strict=True):
        before = known[prompt]
        apart = after.ids[: len(before)] == before and len(after.ids) > len(before)
        found.append(after.ids[len(before) :] if apart else None)
    return found


def _encode_each(tokenizer: Tokenizer, prompts: Iterable[str]) -> list[tuple[str, Encoded]]:
    listed = list(prompts)
    return list(zip(listed, tokenizer.encode(listed, special=False), strict=True))


def choose_templates(codes: Codes, sizes: Sequence[int], templates: int) -> npt.NDArray[np.int64]:
    """The template of each input, shape [input]: by a hash of its codes, so that an input has one prompt everywhere."""
    number = np.zeros(len(codes), dtype=np.uint64)
    for column, size in zip(codes.T, sizes, strict=True):
        number = number * np.uint64(size) + column.astype(np.uint64)
    mixed = number + np.uint64(_MIX[0])
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_MIX[1])
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_MIX[2])
    chosen: npt.NDArray[np.int64] = ((mixed ^ (mixed >> np.uint64(31))) % np.uint64(templates)).astype(np.int64)
    return chosen


def render_prompt(template: Template, values: Sequence[int]) -> tuple[str, list[Span]]:
    """The text, and from where to where each slot stands in it."""
    text, spans = "", []
    remaining = iter(values)
    for part in template.parts:
        shown = part if isinstance(part, str) else part.render(next(remaining))
        if not isinstance(part, str):
            spans.append((len(text), len(text) + len(shown)))
        text += shown
    return text, spans


def find_tokens(span: Span, encoded: Encoded) -> tuple[int, ...]:
    """The tokens that hold some of the characters start .. end-1."""
    start, end = span
    return tuple(i for i, (first, last) in enumerate(encoded.spans) if first < end and last > start and first < last)


def holds_only(span: Span, held: Sequence[int], text: str, encoded: Encoded) -> bool:
    """Whether the tokens that hold a span's characters are there, and hold nothing else but blanks."""
    if not held:
        return False
    start, end = span
    around = text[encoded.spans[held[0]][0] : start] + text[end : encoded.spans[held[-1]][1]]
    return not around.strip()


def fill_rows(rows: Sequence[Codes]) -> Codes:
    """Rows as one table, shape [row, column]; shorter ones end with `NO_TOKEN`."""
    table = np.full((len(rows), max(map(len, rows), default=0)), NO_TOKEN, dtype=np.int64)
    for index, row in enumerate(rows):
        table[index, : len(row)] = row
    return table


def _row(encoding: PromptEncoding, template: Template, text: str, spans: list[Span], tokens: Encoded) -> Codes:
    if not 1 <= len(tokens.ids) <= encoding.context:
        raise BadPromptError(text, f"it is {len(tokens.ids)} tokens, and the network reads 1 to {encoding.context}")
    names = [slot.name for slot in template.slots]
    head = [len(tokens.ids)]
    for name in encoding.slots:
        span = spans[names.index(name)]
        held = find_tokens(span, tokens)
        if not holds_only(span, held, text, tokens):
            raise BadPromptError(text, f"its slot `{{{name}}}` is no token of its own")
        head += [held[0], held[-1] + 1]
    return np.array([*head, *tokens.ids], dtype=np.int64)
