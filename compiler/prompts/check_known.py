"""Checks that a network knows the tokens of slots and answers, and tells the values of a slot apart."""

from collections.abc import Iterator

from ...lang.diagnostics import Diagnostic, Label
from ...lang.program import Task
from ..network_facts import NetworkFacts, Tokenizer
from .check_answers import say_after
from .lay_out import PromptLayout, PromptTokens


def check_known(
    task: Task, network: str, facts: NetworkFacts, tokenizer: Tokenizer, layout: PromptLayout | None
) -> list[Diagnostic]:
    """Every token is one of the network's, no text is unknown to the tokenizer, no two values are the same tokens."""
    before = "" if layout is None else layout.prompts[0].text
    said = [
        (answer.span, each.text, each.ids)
        for answer in task.answers
        for each in say_after(before, [(0, text) for spellings in answer.texts for text in spellings], tokenizer)
        if each.ids is not None
    ]
    prompts = () if layout is None else layout.prompts
    fed = {token for prompt in prompts for token in prompt.encoded.ids}
    largest = max(fed.union(*(ids for *_, ids in said)), default=0)
    if largest >= facts.classes:
        span = task.rendering.span if prompts else said[0][0]
        return [_beyond(largest, network, facts, tokenizer, Label(span))]
    unknown = tokenizer.unknown
    found = [_unknown(text, network, tokenizer, Label(span)) for span, text, ids in said if unknown in ids]
    if layout is None:
        return found[:1]
    return [*found[:1], *_check_slots(network, tokenizer, layout), *_warn_of_words(network, tokenizer, layout)]


def _check_slots(network: str, tokenizer: Tokenizer, layout: PromptLayout) -> Iterator[Diagnostic]:
    for number, template in enumerate(layout.templates):
        for index, slot in enumerate(template.slots):
            values: dict[tuple[int, ...], str] = {}
            for prompt in layout.of(number):
                value, ids = prompt.values[index], _held(prompt, index)
                if tokenizer.unknown in ids:
                    yield _unknown(value, network, tokenizer, Label(slot.span))
                    break
                if (other := values.setdefault(ids, value)) != value and ids:
                    yield Diagnostic(
                        "CS547",
                        f"`{other}` and `{value}` are the same tokens of `{network}`, which cannot tell them apart",
                        Label(slot.span),
                        notes=(f"both are {', '.join(f'`{tokenizer.show(token)}`' for token in ids)}",),
                        help="write values that differ in more than what the tokenizer drops, often case and accents",
                    )
                    break


def _warn_of_words(network: str, tokenizer: Tokenizer, layout: PromptLayout) -> Iterator[Diagnostic]:
    """Of each template, which of its own words are unknown. A network may have been trained with them: no error."""
    shown = {prompt.template: prompt for prompt in reversed(layout.prompts)}
    for number, prompt in sorted(shown.items()):
        in_slots = {position for held in prompt.positions for position in held}
        spans = {
            span: None
            for position, (token, span) in enumerate(zip(prompt.encoded.ids, prompt.encoded.spans, strict=True))
            if token == tokenizer.unknown and position not in in_slots
        }
        words = [f"`{prompt.text[start:end].strip()}`" for start, end in spans if start < end]
        if words and tokenizer.unknown is not None:
            yield Diagnostic(
                "CS550",
                f"the tokenizer of `{network}` does not know {', '.join(words)} of the prompt, and writes"
                f" `{tokenizer.show(tokenizer.unknown)}` instead",
                Label(layout.templates[number].span),
                notes=(f"in the prompt {prompt.quoted}",),
                help="write the prompts as the network was trained on them, upper and lower case and blanks too",
                severity="warning",
            )


def _held(prompt: PromptTokens, index: int) -> tuple[int, ...]:
    return tuple(prompt.encoded.ids[position] for position in prompt.positions[index])


def _unknown(text: str, network: str, tokenizer: Tokenizer, label: Label) -> Diagnostic:
    assert tokenizer.unknown is not None
    return Diagnostic(
        "CS546",
        f"the tokenizer of `{network}` does not know `{text}`, and writes `{tokenizer.show(tokenizer.unknown)}` for it",
        label,
        help="choose a text of the tokenizer's own words: `cspec check --tokens` shows what it makes of one",
    )


def _beyond(token: int, network: str, facts: NetworkFacts, tokenizer: Tokenizer, label: Label) -> Diagnostic:
    return Diagnostic(
        "CS533",
        f"the tokenizer of `{network}` writes `{tokenizer.show(token)}` as token {token}, and the network knows"
        f" 0..{facts.classes - 1}",
        label,
        help="its `tokenizer.json` and its `config.json` must agree: copy both from one place",
    )
