"""Positions as written (`{x}.first`, `3`, `last`, `all`) resolved in one prompt."""

from ...lang.places import Position
from .lay_out import PromptLayout, PromptTokens


def resolve_in_prompt(position: Position, prompt: PromptTokens, layout: PromptLayout) -> tuple[int, ...]:
    """The tokens that a position means in a prompt, from 0; none where the prompt has no such position."""
    if position.slot is not None:
        names = [slot.name for slot in layout.templates[prompt.template].slots]
        held = prompt.positions[names.index(position.slot)]
        return held if position.part == "all" else held[:1] if position.part == "first" else held[-1:]
    if position.index is None:
        return tuple(range(prompt.length))
    index = position.index + prompt.length if position.index < 0 else position.index
    return (index,) if 0 <= index < prompt.length else ()
