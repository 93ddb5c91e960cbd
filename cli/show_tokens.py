"""`cspec check --tokens`: how each network's tokenizer cuts prompts up, where slots are, and what answers are."""

from collections.abc import Iterator, Mapping

from ..compiler.check_networks import fed_pairs
from ..compiler.experiments import NetworkFile
from ..compiler.feed_networks import speaks
from ..compiler.network_facts import Tokenizer, read_tokenizer
from ..compiler.prompts import PromptLayout, PromptTokens, lay_out
from ..compiler.prompts.check_answers import say_after
from ..lang.domains import Domain
from ..lang.program import Program, Task

MOST = 8
"""Values of an output that are shown."""


def show_tokens(program: Program, networks: Mapping[str, NetworkFile]) -> str:
    """A paragraph for each task in text and each network that is fed it; one line where there is none."""
    parts: list[str] = []
    for task_name, network in fed_pairs(program):
        task = program.tasks[task_name]
        if speaks(task):
            parts += _show(task, network, read_tokenizer(networks[network].path))
    return "\n".join(parts or ["no task is in text: nothing is cut into tokens"]) + "\n"


def _show(task: Task, network: str, tokenizer: Tokenizer) -> Iterator[str]:
    yield f"task {task.name} on network {network}"
    layout = lay_out(task, tokenizer)
    if layout is not None:
        for number in range(len(layout.templates)):
            yield from _show_template(layout.of(number), layout, tokenizer)
    prompt = "" if layout is None else layout.prompts[0].text
    parts = () if task.output is None else task.output.domain.parts or (task.output.domain,)
    for answer, domain in zip(task.answers, parts, strict=True):
        if answer.texts:
            yield from _show_answer(answer.output, answer.texts, domain, prompt, tokenizer)


def _show_template(prompts: tuple[PromptTokens, ...], layout: PromptLayout, tokenizer: Tokenizer) -> Iterator[str]:
    first = prompts[0]
    lengths = sorted({prompt.length for prompt in prompts})
    yield f"  {_tokens(lengths)}, for instance:"
    yield "    " + "|".join(tokenizer.show(token) for token in first.encoded.ids)
    for index, slot in enumerate(layout.templates[first.template].slots):
        counts = sorted({len(prompt.positions[index]) for prompt in prompts})
        name = f"{{{slot.name}}}" if slot.name is not None else "a slot without a name"
        held = ", ".join(map(str, first.positions[index]))
        more = "" if layout.every else ", of the values that were looked at"
        yield f"    {name}: here `{first.values[index]}` at {held}; {_tokens(counts)}{more}"


def _show_answer(
    output: str, texts: tuple[tuple[str, ...], ...], domain: Domain, prompt: str, tokenizer: Tokenizer
) -> Iterator[str]:
    for code, spellings in enumerate(texts[:MOST]):
        value = domain.show(domain.low + code if domain.is_integer else code)
        for said in say_after(prompt, [(code, text) for text in spellings], tokenizer):
            shown = " ".join(f"{tokenizer.show(token)} ({token})" for token in said.ids or ())
            yield f"  answer {output}: {value} is `{said.text}`, {shown}"
    if len(texts) > MOST:
        yield f"  and {len(texts) - MOST} more values"


def _tokens(counts: list[int]) -> str:
    """`5 tokens`, `5 to 7 tokens`."""
    low, high = counts[0], counts[-1]
    return f"{low} token{'' if low == 1 else 's'}" if low == high else f"{low} to {high} tokens"
