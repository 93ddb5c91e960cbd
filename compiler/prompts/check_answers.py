"""Checks of a task's answers, and of the tokens that metrics read, as a network's tokenizer cuts them up."""

from collections.abc import Iterator, Sequence

import numpy as np

from ...lang.diagnostics import Diagnostic, Label
from ...lang.metrics import Reading
from ...lang.program import Answer, Task
from ...lang.record import record
from ...lang.texts import Template
from ..encode_prompts import continue_prompts
from ..metrics import FilledText, RowText, fill_text, show_values
from ..network_facts import NetworkFacts, Tokenizer
from .lay_out import PromptLayout, PromptTokens

MOST_ANSWERS = 5_000
END = 20
"""Characters at the end of a prompt with which a tokenizer may join an answer."""
PROMPTS, TEXTS = 64, 5_000
"""Prompts of each template after which answers are looked at: what a text becomes can depend on what it follows. They
end in different tokens, and there are fewer where answers are many: about so many texts are cut up in all."""
LOOKED_AT = 64
"""Prompts after which what metrics ask about is looked at."""


@record
class Said:
    """A text that may follow a prompt: whose it is (a value's code), and its tokens; None where it joins the prompt."""

    code: int
    text: str
    ids: tuple[int, ...] | None


Asked = Sequence[tuple[Reading, FilledText]]
"""What metrics ask of texts, each as it is written and ready to be filled."""


def check_answers(
    task: Task, asked: Asked, network: str, facts: NetworkFacts, tokenizer: Tokenizer, layout: PromptLayout | None
) -> list[Diagnostic]:
    """Every answer is tokens of its own after a prompt, and no two can be mistaken for one another.

    So is every text that a metric asks about; `prob` and `logit` are of one token.
    """
    found: list[Diagnostic] = []
    for answer in task.answers:
        if answer.texts:
            count = sum(map(len, answer.texts))
            first: dict[str, tuple[int, ...]] = {}
            problems = (
                problem
                for prompt in _some(layout, max(4, min(PROMPTS, TEXTS // count)))
                for problem in _check_answer(answer, network, tokenizer, prompt, first)
            )
            found += [problem for problem in (next(problems, None),) if problem is not None]
    for reading, text in asked:
        found += _check_reading(reading, text, network, facts, tokenizer, layout)
    return found


def count_texts(asked: Asked, tokenizer: Tokenizer, layout: PromptLayout | None) -> tuple[tuple[FilledText, int], ...]:
    """The most tokens of each text that metrics ask about, as far as prompts are looked at."""
    found: dict[FilledText, int] = {}
    for text in dict.fromkeys(text for _, text in asked):
        said = (ids for _, _, ids in say_some(text, tokenizer, layout) if ids is not None)
        found[text] = max(map(len, said), default=1)
    return tuple(found.items())


Continued = tuple[PromptTokens | None, str | None, tuple[int, ...] | None]
"""A prompt (None: tokens are fed as they are), the text after it (None: a table lacks it), and the text's tokens."""


def say_some(text: FilledText, tokenizer: Tokenizer, layout: PromptLayout | None) -> list[Continued]:
    """A text after some prompts."""
    prompts = () if layout is None else layout.prompts[:: max(1, len(layout.prompts) // LOOKED_AT)]
    if not prompts:
        shown = fill_text(text, {}, 1) if isinstance(text, Template) and not text.slots else []
        ids = continue_prompts(tokenizer, [""] * len(shown), [each or "" for each in shown])
        return [(None, each, found) for each, found in zip(shown, ids, strict=True)]
    columns = {name: np.array([prompt.inputs[name] for prompt in prompts]) for name in prompts[0].inputs}
    shown = fill_text(text, columns, len(prompts))
    ids = continue_prompts(tokenizer, [prompt.text for prompt in prompts], [each or "" for each in shown])
    return list(zip(prompts, shown, ids, strict=True))


def say_after(prompt: str, texts: Sequence[tuple[int, str]], tokenizer: Tokenizer) -> list[Said]:
    """What each text becomes after a prompt: the tokens that are more than the prompt's own."""
    found = continue_prompts(tokenizer, [prompt] * len(texts), [text for _, text in texts])
    return [Said(code, text, ids) for (code, text), ids in zip(texts, found, strict=True)]


def longest_answer(task: Task, layout: PromptLayout, tokenizer: Tokenizer) -> int:
    """The most tokens that an answer is, after the first prompt."""
    texts = [(0, text) for answer in task.answers for spellings in answer.texts for text in spellings]
    said = say_after(layout.prompts[0].text, texts, tokenizer)
    return max((len(each.ids or ()) for each in said), default=1)


def _some(layout: PromptLayout | None, most: int) -> list[str]:
    """Prompts that answers follow, at most so many of each template; an empty one where tokens are fed as they are."""
    if layout is None:
        return [""]
    found: list[str] = []
    for number in range(len(layout.templates)):
        by_end: dict[str, str] = {}
        for prompt in layout.of(number):
            by_end.setdefault(prompt.text[-END:], prompt.text)
        ends = list(by_end.values())
        found += ends[:: max(1, -(-len(ends) // most))]
    return found


def _check_answer(
    answer: Answer, network: str, tokenizer: Tokenizer, prompt: str, first: dict[str, tuple[int, ...]]
) -> Iterator[Diagnostic]:
    """What is wrong with an answer after one prompt; `first` is what its texts were after the prompts before."""
    texts = [(code, text) for code, spellings in enumerate(answer.texts) for text in spellings]
    step = max(1, len(texts) // MOST_ANSWERS)
    said = say_after(prompt, texts[::step], tokenizer)
    for each in said:
        if each.ids is None:
            yield Diagnostic(
                "CS518",
                f"the tokenizer of `{network}` joins the answer `{each.text}` with the end of the prompt",
                Label(answer.span),
                notes=(f"after the prompt `{prompt[-80:]}`",),
                help="start the answer with a space, and end the prompt without one",
            )
        elif first.setdefault(each.text, each.ids) != each.ids:
            yield Diagnostic(
                "CS518",
                f"the answer `{each.text}` is other tokens of `{network}` after one prompt than after another",
                Label(answer.span),
                notes=(f"after the prompt `{prompt[-80:]}`",),
                help="end every prompt with the same text, and start the answer with a space",
            )
    yield from _check_starts(answer, network, [each for each in said if each.ids is not None], tokenizer)


def _check_starts(answer: Answer, network: str, said: list[Said], tokenizer: Tokenizer) -> Iterator[Diagnostic]:
    """Answers of different values start differently; with `among answers` none is the beginning of another."""
    firsts: dict[int, Said] = {}
    for each in sorted(said, key=lambda s: len(s.ids or ())):
        assert each.ids is not None
        other = firsts.setdefault(each.ids[0], each)
        if answer.among:
            begins = (s for s in said if s.code != each.code and s.ids is not None)
            other = next((s for s in begins if s.ids == each.ids[: len(s.ids or ())]), each)
        if other.code == each.code or other.ids is None:
            continue
        nested = each.ids[: len(other.ids)] == other.ids
        yield Diagnostic(
            "CS517",
            f"the answers `{other.text}` and `{each.text}` start with the same token of `{network}`,"
            f" `{tokenizer.show(each.ids[0])}`"
            if not nested
            else f"the answer `{other.text}` is the beginning of `{each.text}` for the tokenizer of `{network}`",
            Label(answer.span),
            help="choose another spelling, of which neither is the beginning of the other"
            if nested
            else "compare whole answers with `among answers`, or choose another spelling",
        )
        return


def _check_reading(
    reading: Reading,
    text: FilledText,
    network: str,
    facts: NetworkFacts,
    tokenizer: Tokenizer,
    layout: PromptLayout | None,
) -> Iterator[Diagnostic]:
    """A text is tokens of its own after every prompt, and fits behind it; `prob` and `logit` are of one token."""
    one = reading.function != "logprob"
    for prompt, shown, ids in say_some(text, tokenizer, layout):
        if shown is None and isinstance(text, RowText) and prompt is not None:
            (key,) = show_values(text.key, {name: np.array([value]) for name, value in prompt.inputs.items()}, 1)
            message = f"`{text.table.name}` has no text for `{key}`"
            yield Diagnostic("CS154", message, Label(reading.span), help=f"add a row to `{text.table.path}`")
            return
        if ids is None or (one and len(ids) != 1):
            what = "of one token" if one else "of tokens"
            yield Diagnostic(
                "CS535",
                f"`{reading.function}` is {what}, and `{shown}` is "
                + ("none of its own after the prompt" if ids is None else f"{len(ids)} of `{network}`"),
                Label(reading.span),
                help="choose a text that is one token, often with a space before it; `logprob` reads several"
                if one
                else "start the text with a space, and end the prompt without one",
            )
            return
        if prompt is not None and not facts.accepts(prompt.length + len(ids) - 1):
            count = prompt.length + len(ids) - 1
            yield Diagnostic(
                "CS536",
                f"expected {facts.token_counts} tokens, found a prompt and a text of {count}: the network `{network}`"
                f" reads {facts.token_counts}",
                Label(reading.span),
                help="shorten the prompt or the text, or choose a network with a longer context",
            )
            return
