"""`tasks.equality`, where `tasks` is an import of the file, as one word: so a dot elsewhere keeps its meaning."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from ..parsing.scanner import ScannedToken, Slice

JOINT = "\ua4f8"
"""Stands for the dot while a text is parsed: a letter, as long as the dot, that no keyboard writes."""


def import_aliases(slices: Iterable[Slice]) -> list[tuple[str, ScannedToken]]:
    """The names by which a file speaks of its imports, each with the path's token."""
    aliases: list[tuple[str, ScannedToken]] = []
    for part in slices:
        tokens = part.tokens
        if part.keyword == "import" and len(tokens) > 1 and tokens[1].kind == "string":
            named = len(tokens) > 3 and tokens[2].text == "as"
            aliases.append((tokens[3].text if named else alias_of(tokens[1].text[1:-1]), tokens[1]))
    return aliases


def alias_of(path: str) -> str:
    """The name of an import without `as`: the file's name without its ending."""
    return PurePosixPath(path.replace("\\", "/")).name.partition(".")[0]


def join_names(text: str, tokens: Sequence[ScannedToken], aliases: Iterable[str]) -> str:
    """The text with joints for the dot, and blanks around it, after an import's name; all offsets stay."""
    known = set(aliases)
    if not known:
        return text
    pieces, at = [], 0
    for first, dot, last in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if first.text not in known or first.kind != "word" or dot.text != "." or last.kind != "word":
            continue
        gap = text[first.span.end : last.start]
        if not gap.replace(".", "", 1).strip():
            pieces += [text[at : first.span.end], JOINT * len(gap)]
            at = last.start
    return "".join([*pieces, text[at:]])


def qualified_end(text: str, aliases: Iterable[str]) -> int:
    """Where the word itself starts in a name as it is written: behind `tasks.`, where that is an import's name."""
    qualified = re.match(r"([^\W\d]\w*)\s*\.\s*(?=[^\W\d])", text)
    return qualified.end() if qualified is not None and qualified[1] in aliases else 0


def as_written(name: str) -> str:
    """A name in a joined text as a user writes it, `tasks.equality`."""
    return re.sub(f"{JOINT}+", ".", name) if JOINT in name else name
