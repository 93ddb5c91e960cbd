"""`cspec check --tokens` as text: a paragraph for each task in text and each network that is fed it."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from .collect_tokens import AnswerTokens, TaskTokens, TemplateTokens

MOST = 8
"""Values of an output that are shown."""


def show_tokens(found: Sequence[TaskTokens]) -> str:
    """A paragraph for each; one line where there is none."""
    lines = [line for each in found for line in _show(each)]
    return "\n".join(lines or ["no task is in text: nothing is cut into tokens"]) + "\n"


def _show(found: TaskTokens) -> Iterator[str]:
    yield f"task {found.task} on network {found.network}"
    for template in found.templates:
        yield from _show_template(template)
    for _, answers in groupby(found.answers, key=lambda answer: answer.output):
        yield from _show_answers(list(answers))
    for asked in found.asked:
        shown = " ".join(f"{token.text} ({token.id})" for token in asked.tokens)
        yield f"  {asked.reading} of `{asked.text}`, {shown}"


def _show_template(template: TemplateTokens) -> Iterator[str]:
    yield f"  {_tokens(template.lengths)}, for instance:"
    yield "    " + "|".join(token.text for token in template.tokens)
    for slot in template.slots:
        name = f"{{{slot.name}}}" if slot.name is not None else "a slot without a name"
        held = ", ".join(map(str, slot.positions))
        more = "" if slot.every else ", of the values that were looked at"
        yield f"    {name}: here `{slot.value}` at {held}; {_tokens(slot.lengths)}{more}"


def _show_answers(answers: list[AnswerTokens]) -> Iterator[str]:
    """The answers for one output; of many values the first."""
    values = list(dict.fromkeys(answer.value for answer in answers))
    for answer in answers:
        if answer.value in values[:MOST]:
            shown = " ".join(f"`{token.text}` ({token.id})" for token in answer.tokens)
            count = "token" if len(answer.tokens) == 1 else "tokens"
            yield f"  answer {answer.output}: {answer.value} is `{answer.text}`, {count} {shown}"
    if len(values) > MOST:
        yield f"  and {len(values) - MOST} more values"


def _tokens(counts: Sequence[int]) -> str:
    """`5 tokens`, `5 to 7 tokens`."""
    low, high = counts[0], counts[-1]
    return f"{low} token{'' if low == 1 else 's'}" if low == high else f"{low} to {high} tokens"
