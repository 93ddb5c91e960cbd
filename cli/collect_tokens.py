"""How each network's tokenizer cuts a task's prompts up, where slots are, and what answers are: for text and JSON."""

from collections.abc import Iterator, Mapping

from ..compiler.checks.networks.check_networks import fed_pairs
from ..compiler.checks.networks.feed_networks import speaks
from ..compiler.experiments import NetworkFile
from ..compiler.lowering.lower_metrics import read_texts
from ..compiler.metrics import FilledText
from ..compiler.network_facts import Tokenizer, read_tokenizer
from ..compiler.prompts import PromptLayout, PromptTokens, lay_out
from ..compiler.prompts.check_answers import say_after, say_some
from ..lang.domains import Domain
from ..lang.metrics import Reading
from ..lang.program import Program, Task
from ..lang.record import record


@record
class Token:
    """A token's id, and how the vocabulary writes it."""

    id: int
    text: str


@record
class SlotTokens:
    """A slot of a prompt (`name` None: it has none): its text here, its tokens' positions, and how many these are.

    `lengths` are over the prompts that were looked at: all values of the slot where `every`, else some.
    """

    name: str | None
    value: str
    positions: tuple[int, ...]
    lengths: tuple[int, ...]
    every: bool


@record
class TemplateTokens:
    """A template: the lengths of its prompts in tokens, and one prompt of it."""

    lengths: tuple[int, ...]
    prompt: str
    tokens: tuple[Token, ...]
    slots: tuple[SlotTokens, ...]


@record
class AnswerTokens:
    """What a network says for a value of an output, in one spelling; no tokens where the prompt's end joins it."""

    output: str
    value: str
    text: str
    tokens: tuple[Token, ...]


@record
class AskedTokens:
    """A text that a metric asks about, after one prompt; no tokens where the prompt's end joins it."""

    reading: str
    text: str
    tokens: tuple[Token, ...]


@record
class TaskTokens:
    """A task in text, as one network reads it."""

    task: str
    network: str
    templates: tuple[TemplateTokens, ...]
    answers: tuple[AnswerTokens, ...]
    asked: tuple[AskedTokens, ...] = ()


def collect_tokens(program: Program, networks: Mapping[str, NetworkFile]) -> tuple[TaskTokens, ...]:
    """Each task in text with each network that is fed it."""
    return tuple(
        _collect(program.tasks[task], program, network, read_tokenizer(networks[network].path))
        for task, network in fed_pairs(program)
        if speaks(program.tasks[task])
    )


def _collect(task: Task, program: Program, network: str, tokenizer: Tokenizer) -> TaskTokens:
    layout = lay_out(task, tokenizer)
    templates: tuple[TemplateTokens, ...] = ()
    if layout is not None:
        templates = tuple(_template(layout.of(n), layout, tokenizer) for n in range(len(layout.templates)))
    prompt = "" if layout is None else layout.prompts[0].text
    parts = () if task.output is None else task.output.domain.parts or (task.output.domain,)
    answers = [
        said
        for answer, domain in zip(task.answers, parts, strict=True)
        for said in _answers(answer.output, answer.texts, domain, prompt, tokenizer)
    ]
    asked = tuple(_asked(reading, text, layout, tokenizer) for reading, text in read_texts(task, program.tables))
    return TaskTokens(task.name, network, templates, tuple(answers), tuple(dict.fromkeys(asked)))


def _asked(reading: Reading, text: FilledText, layout: PromptLayout | None, tokenizer: Tokenizer) -> AskedTokens:
    """What a metric asks about, after the first prompt that was looked at."""
    ((_, shown, ids), *_) = say_some(text, tokenizer, layout) or [(None, None, None)]
    return AskedTokens(reading.function, shown or "", () if ids is None else _tokens(ids, tokenizer))


def _template(prompts: tuple[PromptTokens, ...], layout: PromptLayout, tokenizer: Tokenizer) -> TemplateTokens:
    first = prompts[0]
    slots = [
        SlotTokens(
            slot.name,
            first.values[index],
            first.positions[index],
            tuple(sorted({len(prompt.positions[index]) for prompt in prompts})),
            layout.every,
        )
        for index, slot in enumerate(layout.templates[first.template].slots)
    ]
    lengths = tuple(sorted({prompt.length for prompt in prompts}))
    return TemplateTokens(lengths, first.text, _tokens(first.encoded.ids, tokenizer), tuple(slots))


def _answers(
    output: str, texts: tuple[tuple[str, ...], ...], domain: Domain, prompt: str, tokenizer: Tokenizer
) -> Iterator[AnswerTokens]:
    for code, spellings in enumerate(texts):
        value = domain.show(domain.low + code if domain.is_integer else code)
        for said in say_after(prompt, [(code, text) for text in spellings], tokenizer):
            yield AnswerTokens(output, value, said.text, _tokens(said.ids or (), tokenizer))


def _tokens(ids: tuple[int, ...], tokenizer: Tokenizer) -> tuple[Token, ...]:
    return tuple(Token(token, tokenizer.show(token)) for token in ids)
