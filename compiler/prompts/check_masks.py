"""Whether an answer in a prompt with a masked token is read there: a place by number moves where slots grow."""

from ...lang.diagnostics import Diagnostic, Label
from ...lang.program import Task
from ..network_facts import Tokenizer
from .lay_out import PromptLayout, PromptTokens
from .resolve import resolve_in_prompt

MASKS = ("[MASK]", "<mask>")
"""What tokenizers of masked language models write for a token that the network is to fill in."""


def check_masks(task: Task, network: str, tokenizer: Tokenizer, layout: PromptLayout) -> list[Diagnostic]:
    """CS551 for every answer that some prompt has read beside its masked token, with the shortest such prompt."""
    found: list[Diagnostic] = []
    for answer in task.answers:
        position = answer.position
        if position is None or position.slot is not None:
            continue
        for prompt in layout.shapes:
            masked = _masked(prompt, tokenizer)
            read = resolve_in_prompt(position, prompt, layout)
            if not masked or len(read) != 1 or read[0] in masked:
                continue
            after = prompt.length - masked[0]
            shown = tokenizer.show(prompt.encoded.ids[read[0]])
            found.append(
                Diagnostic(
                    "CS551",
                    f"`{answer.output}` is read of `{network}` at token {read[0]}, `{shown}`, and the masked token is"
                    f" at {', '.join(map(str, masked))}",
                    Label(answer.span),
                    notes=(f"in the prompt {prompt.quoted}",),
                    help=f"count from the end where slots before it differ in their tokens, here `@ -{after}`; "
                    "`cspec check --tokens` shows the tokens",
                    severity="warning",
                )
            )
            break
    return found


def _masked(prompt: PromptTokens, tokenizer: Tokenizer) -> list[int]:
    return [index for index, token in enumerate(prompt.encoded.ids) if tokenizer.show(token) in MASKS]
