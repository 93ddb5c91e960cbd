"""A new name for something, everywhere where it is named: or the reason why not."""

import re
from dataclasses import replace

from ..diagnostics import Source, Span
from ..keywords import DECLARATIONS, OPERATORS
from ..resolution.declared import Declared, Resolution
from .analysis import Analysis, analyse

NAME = re.compile(r"[^\W\d]\w*")


class RenameError(Exception):
    """Why something cannot be renamed, in words for the user."""


def find_renamed(analysis: Analysis, offset: int) -> tuple[Declared, Span]:
    """What would be renamed at an offset, and the word there.

    Raises:
        RenameError: nothing that this file declares is named there, or the file has errors of syntax.
    """
    if not analysis.is_whole:
        raise RenameError("the file has errors of syntax: mend them first, so that no place is missed")
    found = analysis.resolution.at(offset)
    if found is None:
        raise RenameError("only names that this file declares can be renamed")
    if _is_in_texts(analysis, found.declared):
        raise RenameError(f"`{found.declared.name}` also stands in a text, which is not changed")
    return found.declared, found.span


def rename(analysis: Analysis, offset: int, name: str) -> tuple[Span, ...]:
    """The places where the new name goes.

    Raises:
        RenameError: it is no name, or something would mean another thing than before.
    """
    declared, _ = find_renamed(analysis, offset)
    if not NAME.fullmatch(name) or name in (*DECLARATIONS, *OPERATORS, "true", "false"):
        raise RenameError(f"`{name}` is no name: it is made of letters, digits and `_`, and is no word of expressions")
    places = tuple(occurrence.span for occurrence in analysis.resolution.of(declared))
    if name == declared.name:
        return places
    renamed = analyse(Source(analysis.source.path, replace_all(analysis.text, places, name)))
    if not renamed.is_whole or _shape(renamed.resolution) != _shape(analysis.resolution):
        raise RenameError(f"with the name `{name}` something would mean another thing than before")
    if any(_clashes(declared, other, name) for other in analysis.resolution.declared):
        raise RenameError(f"`{name}` is declared already")
    return places


def replace_all(text: str, places: tuple[Span, ...], name: str) -> str:
    """The text with a name in every place."""
    for place in sorted(places, key=lambda span: span.start, reverse=True):
        text = text[: place.start] + name + text[place.end :]
    return text


def _shape(resolution: Resolution) -> list[int]:
    """For every place, which declaration it means, by number."""
    numbers = {replace(declared, whole=Span(0, 0)): n for n, declared in enumerate(resolution.declared)}
    return [numbers[replace(o.declared, whole=Span(0, 0))] for o in resolution.occurrences]


def _clashes(declared: Declared, other: Declared, name: str) -> bool:
    return other.name == name and other.owner == declared.owner and (other.kind == declared.kind or bool(other.owner))


def _is_in_texts(analysis: Analysis, declared: Declared) -> bool:
    """Whether a slot of a text may name it where no place is known: `{x}` in a path, that a loop fills."""
    known = {occurrence.span.start for occurrence in analysis.resolution.occurrences}
    slot = re.compile(r"\{[^}]*?\b(" + re.escape(declared.name) + r")\b[^}]*\}")
    return any(
        token.start + match.start(1) not in known
        for token in analysis.tokens
        if token.kind == "string"
        for match in slot.finditer(token.text)
    )
