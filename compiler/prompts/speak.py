"""A task in text on one network: its prompts and its answers, as the network's tokenizer cuts them up."""

from pathlib import Path

from ...lang.expressions import Expression
from ...lang.places import Position
from ...lang.program import Answer, Task
from ...lang.record import record
from ...lang.renderings import Prompt
from ..encode_prompts import PromptEncoding
from ..keys import file_hash
from ..metrics import FilledText
from ..network_facts import Tokenizer, TransformerFacts
from .check_answers import Asked, count_texts, say_after
from .count_tokens import count_tokens
from .lay_out import PromptLayout, PromptTokens
from .resolve import resolve_in_prompt

Spellings = tuple[tuple[tuple[int, ...], ...], ...]
"""By code, then by spelling: the tokens of an answer."""


@record
class SpokenTask:
    """How a network is fed a task in text. `prompt` is None where tokens are fed as they are.

    `positions` is how many tokens the shortest prompt has; `uneven` the slots (None: the prompts themselves) whose
    number of tokens differs; `answers` the spellings of each answer (none where its values are classes). `even` are the
    other slots (None: the prompts), each with the tokens that it has in every prompt.
    """

    prompt: PromptEncoding | None
    positions: int
    uneven: tuple[str | None, ...]
    answers: tuple[Spellings, ...]
    even: tuple[tuple[str | None, int], ...] = ()
    counts: tuple[tuple[str | None, Expression], ...] = ()
    """Of the uneven ones, as far as their values tell it, how many tokens they are."""
    texts: tuple[tuple[FilledText, int], ...] = ()
    """What metrics ask about, each with the most tokens that it is."""
    alike: tuple[tuple[str, tuple[int, ...]], ...] | None = None
    """Where each slot's tokens are in all prompts that were looked at, if these have them at the same ones."""
    every: bool = False
    """Whether each value of each slot is shown by one of these prompts."""

    @property
    def fixed(self) -> tuple[tuple[str, tuple[int, ...]], ...] | None:
        """Where each slot's tokens are, if every prompt has as many tokens and its slots at the same ones."""
        return self.alike if self.every else None


def speak(
    task: Task, asked: Asked, facts: TransformerFacts, folder: Path, tokenizer: Tokenizer, layout: PromptLayout | None
) -> SpokenTask:
    """Resolve a checked task. What an answer is in tokens is read after the layout's first prompt."""
    before = "" if layout is None else layout.prompts[0].text
    answers = tuple(_spell(answer, before, tokenizer) for answer in task.answers)
    texts = count_texts(asked, tokenizer, layout)
    if not isinstance(task.rendering, Prompt) or layout is None:
        return SpokenTask(None, len(task.tokens), (), answers, texts=texts)
    prompt = PromptEncoding(
        templates=task.rendering.templates,
        inputs=tuple((declared.name, declared.domain) for declared in task.inputs),
        slots=task.rendering.slot_names,
        tokenizer=file_hash(folder / "tokenizer.json"),
        context=facts.context,
        folder=folder,
    )
    slots = (None, *prompt.slots)
    counts = {slot: {_count(slot, each, layout) for each in layout.prompts} for slot in slots}
    uneven = tuple(slot for slot, found in counts.items() if len(found) > 1)
    even = tuple((slot, max(found)) for slot, found in counts.items() if len(found) == 1)
    counted = tuple(count_tokens(uneven, layout))
    alike = None
    if len(layout.shapes) == 1:
        slots_there = zip(layout.templates[0].slots, layout.shortest.positions, strict=True)
        alike = tuple((slot.name, held) for slot, held in slots_there if slot.name is not None)
    return SpokenTask(prompt, layout.shortest.length, uneven, answers, even, counted, texts, alike, layout.every)


def _count(slot: str | None, prompt: PromptTokens, layout: PromptLayout) -> int:
    return len(resolve_in_prompt(Position(slot, part="all"), prompt, layout))


def _spell(answer: Answer, before: str, tokenizer: Tokenizer) -> Spellings:
    texts = [(code, text) for code, spellings in enumerate(answer.texts) for text in spellings]
    said = say_after(before, texts, tokenizer)
    return tuple(
        tuple(each.ids for each in said if each.code == code and each.ids is not None)
        for code in range(len(answer.texts))
    )
