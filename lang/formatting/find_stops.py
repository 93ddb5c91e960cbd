"""Where in a statement's line columns may be aligned with the lines around it."""

from collections.abc import Iterator

from .lines import Stop
from .outline import Outline
from .spacing import has_space, write_flat

UNALIGNED = ("require", "for", "fit", "node", "import", "settings")
"""Words whose lines stand by themselves."""


def find_stops(outline: Outline, low: int, high: int) -> tuple[Stop, ...]:
    """The columns of a statement: after its word, after a colon, before `=`, `at`, `in` and `via`."""
    return tuple(
        Stop(kind, len(write_flat(outline, low, at)) + has_space(outline, at))
        for kind, at in _tokens(outline, low, high)
    )


def _tokens(outline: Outline, low: int, high: int) -> Iterator[tuple[str, int]]:
    """The tokens that begin a column, with its kind."""
    if not outline.is_keyword(low):
        yield from _of_names(outline, low, high)
    elif outline.text(low) not in UNALIGNED and low + 1 < high:
        colons = outline.is_declaration(low)
        for at in outline.parts(low + 1, high - 1):
            if outline.is_symbol(at, "=") or (colons and outline.is_symbol(at, ":")):
                if outline.is_symbol(at, "="):
                    yield ("word =" if colons else "word"), low + 1
                    yield "=", at
                else:
                    yield "word :", low + 1
                    yield ":", at + 1
                return
        yield ("word only" if colons else "word"), low + 1


def _of_names(outline: Outline, low: int, high: int) -> Iterator[tuple[str, int]]:
    """Of an equation its type and its `=`, of a placement its site and its map."""
    parts = [at for at in outline.parts(low, high) if low < at < high - 1]
    equal = next((at for at in parts if outline.is_symbol(at, "=")), None)
    if equal is not None:
        colon = next((at for at in parts if at < equal and outline.is_symbol(at, ":")), None)
        if colon is not None:
            yield ":", colon + 1
        yield "=", equal
        return
    for at in parts:
        if outline.is_keyword(at) and outline.text(at) in ("at", "in", "via"):
            yield outline.text(at), at
