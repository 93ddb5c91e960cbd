"""A statement that does not fit on its line, or has comments in it -> lines that do.

It is broken where it binds loosest: before clauses and operators first, then inside its largest brackets, whose entries
stand one a line where a comma follows the last of them, and else fill the lines.
"""

from collections.abc import Iterator
from dataclasses import replace

from .lines import HANG, INDENT, WIDTH, Line
from .outline import Outline
from .spacing import write_flat

BREAKS: tuple[frozenset[str], ...] = tuple(
    frozenset(words)
    for words in (
        ("for", "where"),
        ("exhaustively", "expect", "given", "through"),
        ("then", "else"),
        ("or",),
        ("and",),
        ("==", "!=", "<=", ">=", "<", ">"),
        ("+", "-"),
        ("*", "//", "%"),
        ("|",),
        ("via", "by", "over", "on"),
        ("->",),
    )
)
"""What a line is broken before, loosest first."""


def break_lines(outline: Outline, low: int, high: int, indent: int, hang: int = HANG, level: int = 0) -> list[Line]:
    """The tokens of a range on as few lines as fit, the first at `indent`, others further in."""
    if (cut := _comment_inside(outline, low, high)) is not None:
        first = break_lines(outline, low, cut, indent, hang, level)
        return first + break_lines(outline, cut, high, indent + hang, 0, level)
    if not _must_break(outline, low, high):
        line = write_line(outline, low, high, indent)
        if line.width <= WIDTH:
            return [*comment_lines(outline, low, indent), line]
    if _ends_in_list(outline, low, high):
        return _open_brackets(outline, low, high, indent, hang)
    for lower in range(level, len(BREAKS)):
        cuts = [at for at in outline.parts(low, high) if at > low and _breaks_before(outline, at, BREAKS[lower])]
        if cuts:
            lines = break_lines(outline, low, cuts[0], indent, hang, lower + 1)
            for start, end in zip(cuts, [*cuts[1:], high], strict=True):
                lines += break_lines(outline, start, end, indent + hang, 0, lower + 1)
            return lines
    return _open_brackets(outline, low, high, indent, hang)


def write_line(outline: Outline, low: int, high: int, indent: int) -> Line:
    """The tokens of a range on one line, with the comment behind the last."""
    last = outline.items[high - 1]
    return Line(indent, write_flat(outline, low, high), last.trailing, last.gap)


def comment_lines(outline: Outline, at: int, indent: int) -> list[Line]:
    """The comments before a token, each on its line, without blank lines between them."""
    return [Line(indent, comment.text) for comment in outline.items[at].comments]


def has_comments(outline: Outline, low: int, high: int) -> bool:
    """Whether comments stand between the first and the last token of a range."""
    return any(outline.items[at].comments for at in range(low + 1, high)) or any(
        outline.items[at].trailing for at in range(low, high - 1)
    )


def _must_break(outline: Outline, low: int, high: int) -> bool:
    """Whether comments, or a comma after the last entry of brackets, keep a range from being one line."""
    return has_comments(outline, low, high) or any(
        outline.is_symbol(at, ",") and outline.is_symbol(at + 1, "}", "]", ")") for at in range(low, high - 1)
    )


def _ends_in_list(outline: Outline, low: int, high: int) -> bool:
    """Whether a range ends in the braces of a declared list, and what stands before fits on its line."""
    if not outline.is_symbol(high - 1, "}"):
        return False
    opening = outline.match[high - 1]
    declared = opening > low + 1 and outline.is_symbol(opening - 1, "=", ":")
    plain = declared and opening not in outline.blocks and not _must_break(outline, low, opening + 1)
    return plain and len(write_flat(outline, low, opening + 1)) <= WIDTH // 2


def _comment_inside(outline: Outline, low: int, high: int) -> int | None:
    """The first token outside brackets that a comment stands before."""
    for at in outline.parts(low, high):
        before = outline.items[at - 1] if at > low else None
        if before is not None and (outline.items[at].comments or before.trailing):
            return at
    return None


def _breaks_before(outline: Outline, at: int, words: frozenset[str]) -> bool:
    item = outline.items[at]
    if item.text not in words or item.token.kind not in ("word", "symbol"):
        return False
    return outline.is_keyword(at) if item.token.kind == "word" else not outline.is_sign(at)


def _open_brackets(outline: Outline, low: int, high: int, indent: int, hang: int) -> list[Line]:
    """Brackets opened, the first that must be or else the largest: their content further in, and what follows."""
    brackets = [at for at in outline.parts(low, high) if at in outline.match and outline.match[at] > at + 1]
    forced = [at for at in brackets if _must_break(outline, at, outline.match[at] + 1)]
    if not brackets:
        return [*comment_lines(outline, low, indent), write_line(outline, low, high, indent)]
    opening = forced[0] if forced else max(brackets, key=lambda at: outline.match[at] - at)
    closing = outline.match[opening]
    lines = [*comment_lines(outline, low, indent), write_line(outline, low, opening + 1, indent)]
    lines += _write_entries(outline, opening, closing, indent + INDENT)
    lines += comment_lines(outline, closing, indent + INDENT)
    after = break_lines(outline, closing, high, indent, hang, len(BREAKS)) if closing + 1 < high else None
    if after is None:
        return [*lines, write_line(outline, closing, high, indent)]
    own = len(outline.items[closing].comments)  # those are written already
    return lines + after[own:]


def _write_entries(outline: Outline, opening: int, closing: int, indent: int) -> list[Line]:
    """What stands in brackets: each entry with its comma on a line, or as many as fit."""
    entries = list(_entries(outline, opening, closing))
    alone = _must_break(outline, opening, closing + 1)
    lines: list[Line] = []
    for low, high in entries:
        broken = break_lines(outline, low, high, indent, HANG)
        if not alone and len(broken) == 1 and lines and len(entries) > 1:
            joined = lines[-1].width + 1 + len(broken[0].text)
            if joined <= WIDTH:
                lines[-1] = replace(lines[-1], text=f"{lines[-1].text} {broken[0].text}")
                continue
        lines += broken
    return lines


def _entries(outline: Outline, opening: int, closing: int) -> Iterator[tuple[int, int]]:
    start = opening + 1
    for at in outline.parts(opening + 1, closing):
        if outline.is_symbol(at, ","):
            yield start, at + 1
            start = at + 1
    if start < closing:
        yield start, closing
