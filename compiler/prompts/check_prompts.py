"""Checks of a task's prompts as a network's tokenizer cuts them up."""

from collections.abc import Iterator
from itertools import count

from ...lang.diagnostics import Diagnostic, Label
from ...lang.places import Placement, Position, Region
from ...lang.program import Alignment, Task
from ..network_facts import NetworkFacts, TransformerFacts
from .lay_out import PromptLayout, PromptTokens
from .resolve import resolve_in_prompt


def check_prompts(
    task: Task, network: str, facts: NetworkFacts, layout: PromptLayout, answer: int = 1
) -> list[Diagnostic]:
    """Every prompt fits into the network's context, before all but the last of an answer's tokens, every slot is
    tokens of its own, and the answer follows the prompt's text.
    """
    return [
        *_check_length(task, network, facts, layout, answer),
        *_check_slots(network, layout),
        *_check_end(task, network, facts, layout),
    ]


def _check_length(
    task: Task, network: str, facts: NetworkFacts, layout: PromptLayout, answer: int
) -> Iterator[Diagnostic]:
    longest = layout.longest
    if facts.accepts(longest.length) and not facts.accepts(longest.length + answer - 1):
        yield Diagnostic(
            "CS536",
            f"a prompt of {longest.length} tokens leaves no room for an answer of {answer}: the network `{network}`"
            f" reads {facts.token_counts}",
            Label(task.answers[0].span),
            notes=(f"the prompt is {longest.quoted}",),
            help="shorten the prompt or the answer: all but its last token are fed after the prompt",
        )
    if not facts.accepts(longest.length):
        yield Diagnostic(
            "CS536",
            f"expected {facts.token_counts} tokens, found a prompt of {longest.length}: the network `{network}` reads"
            f" {facts.token_counts}",
            Label(layout.templates[longest.template].span or task.rendering.span),
            notes=(f"the prompt is {longest.quoted}",),
            help="shorten the prompt, or choose a network with a longer context",
        )


def check_room(task: Task, network: str, facts: NetworkFacts, layout: PromptLayout, ends: bool) -> list[Diagnostic]:
    """A generated text fits behind every prompt. Of a network that has a token that ends texts, longer ones may end in
    time, which only a run shows.
    """
    longest = layout.longest
    reads = any(metric.reads_answer for metric in task.metrics.values())
    if task.generated is None or not reads or not facts.accepts(longest.length):
        return []
    limit = task.generated.limit
    if facts.accepts(longest.length + limit - 1):
        return []
    room = next(n for n in count(1) if not facts.accepts(longest.length + n))
    outgrows = "may outgrow" if ends else "outgrows"
    return [
        Diagnostic(
            "CS536",
            f"an answer of {_tokens(limit)} {outgrows} the context: the network `{network}` reads {facts.token_counts},"
            f" and a prompt is {longest.length}",
            Label(task.generated.span),
            notes=(f"the prompt is {longest.quoted}",),
            help=f"write `answer text({room})`, or shorten the prompt"
            + ("; a text that has not ended before ends the run" if ends else ""),
            severity="warning" if ends else "error",
        )
    ]


def _check_end(task: Task, network: str, facts: NetworkFacts, layout: PromptLayout) -> Iterator[Diagnostic]:
    """An answer that is read after the prompt is not read after a token that the tokenizer ends every input with.

    Of encoders, which read both ways, such a token is a part of the input.
    """
    if not isinstance(facts, TransformerFacts) or not facts.known or facts.architecture == "bert":
        return
    if task.answers and all(answer.position is not None for answer in task.answers):
        return
    for prompt in layout.prompts[:1]:
        start, end = prompt.encoded.spans[-1] if prompt.encoded.spans else (0, 1)
        if start == end:
            yield Diagnostic(
                "CS545",
                f"the tokenizer of `{network}` ends every prompt with token {prompt.encoded.ids[-1]}, which is none of"
                " its text: the answer would be read after that token",
                Label(layout.templates[prompt.template].span or task.rendering.span),
                notes=(f"the prompt is {prompt.quoted}",),
                help="save the tokenizer without it, often `add_eos_token=False`",
            )


def _check_slots(network: str, layout: PromptLayout) -> Iterator[Diagnostic]:
    for number, template in enumerate(layout.templates):
        for index, slot in enumerate(template.slots):
            broken = next((p for p in layout.of(number) if not p.whole[index]), None)
            if broken is None:
                continue
            held = broken.positions[index]
            spans = [broken.encoded.spans[i] for i in held]
            shown = broken.text[spans[0][0] : spans[-1][1]] if spans else ""
            yield Diagnostic(
                "CS515",
                f"the tokenizer of `{network}` joins `{broken.values[index]}` with the text around it: a token holds"
                f" `{shown}`"
                if held and broken.values[index]
                else f"the slot is no token of `{network}` where its text is `{broken.values[index]}`",
                Label(slot.span),
                notes=(f"in the prompt {broken.quoted}",),
                help="put a space before and after the slot",
            )


def check_position_counts(alignment: Alignment, network: str, layout: PromptLayout) -> list[Diagnostic]:
    """A map that is learned is of one width: its positions are as many in every prompt."""
    found: list[Diagnostic] = []
    for placement in alignment.placements:
        positions = _open_positions(placement)
        if not positions or not _has_learned_map(placement):
            continue
        for position in positions:
            if problem := _differing(placement, position, network, layout):
                found.append(problem)
                break
    return found


def _open_positions(placement: Placement) -> list[Position]:
    """The positions that may be several tokens."""
    place = placement.place
    several = [p for part in place.parts for p in (part.positions or ())]
    return [p for p in several if p.part == "all"]


def _has_learned_map(placement: Placement) -> bool:
    return placement.family.name != "identity" or placement.sizes != (None,)


def _differing(placement: Placement, position: Position, network: str, layout: PromptLayout) -> Diagnostic | None:
    """Two prompts in which a position is another number of tokens."""
    by_count: dict[int, PromptTokens] = {}
    for prompt in layout.prompts:
        by_count.setdefault(len(resolve_in_prompt(position, prompt, layout)), prompt)
    if len(by_count) < 2:
        return None
    (fewest, one), *_, (most, other) = sorted(by_count.items())
    first, second = _named(position, one, layout), _named(position, other, layout)
    one_token = isinstance(placement.place, Region) and not placement.memberwise
    return Diagnostic(
        "CS516",
        f"a learned map needs as many positions in every prompt: `{position.text}` is {_tokens(fewest)} of `{network}`"
        f" for {first}, and {_tokens(most)} for {second}",
        Label(placement.place.span),
        help="search single positions with `@ *`" if one_token and position.slot is None else _one_of(position),
    )


def _one_of(position: Position) -> str:
    if position.slot is None:
        return "name one token, `@ last`, or the tokens of a slot"
    return f"take its last token, `@ {{{position.slot}}}`, its first, or pad the slot: `{{{position.slot}:02}}`"


def _named(position: Position, prompt: PromptTokens, layout: PromptLayout) -> str:
    names = [slot.name for slot in layout.templates[prompt.template].slots]
    if position.slot is None:
        return prompt.quoted
    return f"`{prompt.values[names.index(position.slot)]}`"


def _tokens(count: int) -> str:
    return f"{count} token" + ("" if count == 1 else "s")
