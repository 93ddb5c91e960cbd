"""From inputs to rows: prompts rendered, cut into tokens by the network's own tokenizer, with where each slot is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..lang.domains import Domain
from ..lang.record import record
from ..lang.texts import Template
from .expressions import evaluate
from .network_facts import Encoded, Tokenizer, UnknownTextError
from .prompt_pieces import cut_template
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


class PromptRows:
    """The rows of one task's prompts for one tokenizer. Each text that is cut into tokens is cut once."""

    def __init__(self, encoding: PromptEncoding, tokenizer: Tokenizer) -> None:
        self.encoding, self.tokenizer = encoding, tokenizer
        self._known: dict[Template, dict[bytes, Codes]] = {}

    def encode(self, codes: Codes) -> Codes:
        """The row of each input; codes have shape [input, column], rows [input, column of the row].

        Raises:
            BadPromptError: a slot is no token of its own, or a prompt is longer than the network's context.
        """
        made = [
            (rows, *self._encode(template, slots, len(rows)))
            for template, rows, slots in _by_template(self.encoding, codes)
        ]
        table = np.full((len(codes), max((part.shape[1] for _, part, _ in made), default=0)), NO_TOKEN, dtype=np.int64)
        bad: dict[int, int] = {}
        for rows, part, slot in made:
            table[rows, : part.shape[1]] = part
            long = (part[:, 0] < 1) | (part[:, 0] > self.encoding.context)
            wrong = np.where(long, -1, slot)
            bad |= {int(rows[at]): int(wrong[at]) for at in np.flatnonzero(wrong < len(self.encoding.slots))}
        if bad:
            first = min(bad)
            raise self._problem(codes[first], table[first, 0], bad[first])
        return table

    def _problem(self, codes: Codes, count: int, slot: int) -> BadPromptError:
        (text,) = render_prompts(self.encoding, codes[None])
        if slot < 0:
            return BadPromptError(text, f"it is {count} tokens, and the network reads 1 to {self.encoding.context}")
        return BadPromptError(text, f"its slot `{{{self.encoding.slots[slot]}}}` is no token of its own")

    def _encode(self, template: Template, slots: Sequence[Codes], count: int) -> tuple[Codes, Codes]:
        """The rows of one template's prompts, and of each the first slot (by index) that is no token of its own.

        `slots` are the values of each slot of the template, shape [row].
        """
        names = self.encoding.slots
        at = {[slot.name for slot in template.slots].index(name): index for index, name in enumerate(names)}
        head = np.zeros((count, 1 + 2 * len(names)), dtype=np.int64)
        bad, parts, number = np.full(count, len(names)), list[tuple[Codes, Codes, Codes]](), 0
        for piece in self._cut(template, slots):
            numbers = range(number, number + len(piece.slots))
            number = numbers.stop
            table, which = self._piece(piece, [slots[index] for index in numbers], count)
            for column, index in enumerate(numbers):
                if index in at:
                    first, stop = table[which, 2 * column], table[which, 2 * column + 1]
                    head[:, 1 + 2 * at[index]], head[:, 2 + 2 * at[index]] = head[:, 0] + first, head[:, 0] + stop
                    bad = np.where(stop > 0, bad, np.minimum(bad, at[index]))
            tokens = table[:, 2 * len(numbers) :]
            parts.append((head[:, 0].copy(), tokens, which))
            head[:, 0] += (tokens != NO_TOKEN).sum(axis=1)[which]
        made = np.full((count, head.shape[1] + int(head[:, 0].max(initial=0))), NO_TOKEN, dtype=np.int64)
        made[:, : head.shape[1]] = head
        for start, tokens, which in parts:
            for index in range(tokens.shape[1]):
                own = tokens[which, index]
                rows = np.flatnonzero(own != NO_TOKEN)
                made[rows, head.shape[1] + start[rows] + index] = own[rows]
        return made, bad

    def _cut(self, template: Template, slots: Sequence[Codes]) -> tuple[Template, ...]:
        """The pieces of a template: one, where the tokenizer may look across blanks."""
        if not self.tokenizer.cuts_before_blanks:
            return (template,)
        shown = [
            [slot.render(value) for value in np.unique(values).tolist()]
            for slot, values in zip(template.slots, slots, strict=True)
        ]
        closed = (all(text and not (text[0] + text[-1]).isspace() for text in texts) for texts in shown)
        return cut_template(template, tuple(closed))

    def _piece(self, piece: Template, slots: Sequence[Codes], count: int) -> tuple[Codes, Codes]:
        """The distinct texts of a piece, and which each row has.

        Shape [text, column]: where each slot's tokens start and stop (0 and 0: it is no token of its own), the tokens.
        """
        known = self._known.setdefault(piece, {})
        values = np.stack(slots, axis=1) if slots else np.zeros((count, 0), dtype=np.int64)
        if len(slots) == 1:
            distinct, which = np.unique(values[:, 0], return_inverse=True)
            distinct = distinct[:, None]
        elif slots:
            distinct, which = np.unique(values, axis=0, return_inverse=True)
        else:
            distinct, which = values[:1], np.zeros(count, dtype=np.int64)
        keys = [row.tobytes() for row in distinct]
        missing = [index for index, key in enumerate(keys) if key not in known]
        if missing:
            texts, spans = render_template(piece, list(distinct[missing].T), len(missing))
            try:
                cut = _locate(texts, spans, self.tokenizer.encode(texts))
            except UnknownTextError as problem:
                raise BadPromptError(texts[0], str(problem)) from None
            known.update(zip((keys[index] for index in missing), cut, strict=True))
        return fill_rows([known[key] for key in keys]), which.ravel()


def render_prompts(encoding: PromptEncoding, codes: Codes) -> list[str]:
    """The text of each input [input, column]."""
    found = [""] * len(codes)
    for template, rows, slots in _by_template(encoding, codes):
        texts, _ = render_template(template, slots, len(rows))
        for row, text in zip(rows.tolist(), texts, strict=True):
            found[row] = text
    return found


def _by_template(encoding: PromptEncoding, codes: Codes) -> Iterator[tuple[Template, Codes, list[Codes]]]:
    """Each template that inputs [input, column] have: it, their indices, and its slots' values for each of them."""
    columns = {name: codes[:, i] + domain.low for i, (name, domain) in enumerate(encoding.inputs)}
    chosen = choose_templates(codes, [domain.size for _, domain in encoding.inputs], len(encoding.templates))
    for number, template in enumerate(encoding.templates):
        rows = np.flatnonzero(chosen == number)
        if len(rows):
            own = {name: column[rows] for name, column in columns.items()}
            yield template, rows, [evaluate(slot.expression, own, len(rows)) for slot in template.slots]


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


def render_template(template: Template, slots: Sequence[Codes], count: int) -> tuple[list[str], Codes]:
    """The text of each of `count` rows, and from where to where its slots stand in it, shape [row, slot, 2].

    `slots` are the values of each slot, shape [row]; each distinct one is written once.
    """
    spans = np.empty((count, len(slots), 2), dtype=np.int64)
    length = np.zeros(count, dtype=np.int64)
    columns, index = list[list[str]](), 0
    for part in template.parts:
        if isinstance(part, str):
            columns.append([part] * count)
            length = length + len(part)
            continue
        values, which = np.unique(slots[index], return_inverse=True)
        shown = [part.render(value) for value in values.tolist()]
        columns.append([shown[value] for value in which.tolist()])
        spans[:, index, 0] = length
        length = length + np.array([len(text) for text in shown], dtype=np.int64)[which]
        spans[:, index, 1] = length
        index += 1
    return ["".join(parts) for parts in zip(*columns, strict=True)] if columns else [""] * count, spans


def _held(spans: Codes, offsets: Codes) -> npt.NDArray[np.bool_]:
    """Which tokens hold characters of a span [row, 2]; tokens stand at [row, token, from and to]; [row, token]."""
    first, last = offsets[..., 0], offsets[..., 1]
    return (first < spans[:, 1:]) & (last > spans[:, :1]) & (first < last)


def find_tokens(span: Span, encoded: Encoded) -> tuple[int, ...]:
    """The tokens that hold some of the characters start .. end-1."""
    offsets = np.array(encoded.spans, dtype=np.int64).reshape(1, -1, 2)
    return tuple(np.flatnonzero(_held(np.array([span]), offsets)).tolist())


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


def _locate(texts: Sequence[str], spans: Codes, encoded: Sequence[Encoded]) -> list[Codes]:
    """Of each text where its slots' tokens start and stop, and its tokens, in one row; spans [text, slot, 2].

    A slot whose tokens hold something else but blanks, or that has none, starts and stops at 0.
    """
    found = [np.zeros(0, dtype=np.int64)] * len(texts)
    lengths = np.array([len(tokens.ids) for tokens in encoded], dtype=np.int64)
    for count in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == count)
        ids = np.array([encoded[row].ids for row in rows.tolist()], dtype=np.int64).reshape(len(rows), count)
        offsets = np.array([encoded[row].spans for row in rows.tolist()], dtype=np.int64).reshape(len(rows), count, 2)
        head = list[Codes]()
        for index in range(spans.shape[1]) if count else ():
            own = spans[rows, index]
            held = _held(own, offsets)
            first, last = held.argmax(axis=1), count - 1 - held[:, ::-1].argmax(axis=1)
            starts = np.take_along_axis(offsets[..., 0], first[:, None], axis=1)[:, 0]
            ends = np.take_along_axis(offsets[..., 1], last[:, None], axis=1)[:, 0]
            edges = zip(rows.tolist(), starts.tolist(), own.tolist(), ends.tolist(), strict=True)
            blank = [not (texts[row][a:start] + texts[row][end:b]).strip() for row, a, (start, end), b in edges]
            whole = held.any(axis=1) & np.array(blank)
            head += [np.where(whole, first, 0), np.where(whole, last + 1, 0)]
        none = np.zeros((len(rows), 0 if count else 2 * spans.shape[1]), dtype=np.int64)
        table = np.concatenate([none, *(column[:, None] for column in head), ids], axis=1)
        for row, made in zip(rows.tolist(), table, strict=True):
            found[row] = made
    return found
