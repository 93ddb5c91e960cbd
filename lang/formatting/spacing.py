"""Whether a space stands between two neighbouring tokens of a line."""

from .outline import Outline


def write_flat(outline: Outline, low: int, high: int) -> str:
    """Tokens on one line."""
    text = ""
    for at in range(low, high):
        text += (" " if at > low and has_space(outline, at) else "") + outline.text(at)
    return text


def has_space(outline: Outline, at: int) -> bool:
    """Whether a space stands before a token, which is not the first of its line."""
    before = at - 1
    if outline.is_symbol(before, "(", "[", ".", "..") or outline.is_symbol(at, ")", "]", ",", ":", "..", "."):
        return False
    if outline.is_sign(before) and outline.text(before) != "*":
        return False
    if outline.is_symbol(at, "}"):
        return is_spaced(outline, outline.match[at])
    if outline.is_symbol(before, "{"):
        return is_spaced(outline, before)
    if outline.is_symbol(at, "(", "["):
        return not _is_joined(outline, before)
    return True


def is_spaced(outline: Outline, brace: int) -> bool:
    """Whether a space stands inside the braces: around lines, and around entries with a colon."""
    low, high = brace + 1, outline.match[brace]
    if low == high:
        return False
    return brace in outline.blocks or any(outline.is_symbol(at, ":") for at in outline.parts(low, high))


def _is_joined(outline: Outline, before: int) -> bool:
    """Whether what follows belongs to the word or bracket before it."""
    item = outline.items[before]
    if item.is_symbol:
        return item.text in (")", "]", "}")
    if item.token.kind != "word":
        return False
    return outline.is_called(before)
