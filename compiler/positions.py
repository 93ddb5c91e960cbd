"""Positions as written (`{x}`, `3`, `last`) resolved to those of a network's activations."""

from ..lang.places import EVERY_TOKEN, Position
from .network_facts import NetworkFacts


def resolve_position(position: Position, tokens: tuple[str, ...], facts: NetworkFacts) -> int | None:
    """The index of a position among those that an input with these tokens has, from 0.

    A slot is where its input's token stands; a number counts the network's own positions, negative ones from the end.
    None: there is no such position, since the slot is not fed, the number is out of range, or the network has none.
    """
    count = facts.positions(len(tokens))
    if count is None:
        return None
    if position.slot is not None:
        return facts.token_position(tokens.index(position.slot), len(tokens)) if position.slot in tokens else None
    assert position.index is not None
    index = position.index + count if position.index < 0 else position.index
    return index if 0 <= index < count else None


def resolve_positions(positions: tuple[Position, ...], tokens: tuple[str, ...], facts: NetworkFacts) -> tuple[int, ...]:
    """Those of a checked site, in the order written: (0,), the one place for all tokens, without positions."""
    count = facts.positions(len(tokens))
    if count is None:
        return (0,)
    found: list[int] = []
    for position in positions:
        index = resolve_position(position, tokens, facts) if position != EVERY_TOKEN else None
        found += range(count) if position == EVERY_TOKEN else [] if index is None else [index]
    return tuple(found)
