"""A new name for something, everywhere where it is named: or the reason why not."""

import re
from dataclasses import replace
from pathlib import Path

from ..diagnostics import Span
from ..resolution.declared import LOCAL, Declared, Resolution
from ..words.keywords import DECLARATIONS, OPERATORS
from .analysis import Analysis
from .texts import Texts, TooManySpecsError
from .uses import Use, find_unreadable, find_uses

NAME = re.compile(r"[^\W\d]\w*")


class RenameError(Exception):
    """Why something cannot be renamed, in words for the user."""


def find_renamed(analysis: Analysis, offset: int) -> tuple[Declared, Span]:
    """What would be renamed at an offset, and the word there.

    Raises:
        RenameError: nothing that this file or one of its imports declares is named there, or one has errors of syntax.
    """
    _stop_unless_whole(analysis)
    found = analysis.resolution.at(offset)
    if found is None:
        raise RenameError("only names that this file or one that it imports declares can be renamed")
    _stop_at_texts(analysis, found.declared)
    return found.declared, found.span


def rename(analysis: Analysis, offset: int, name: str, texts: Texts | None = None) -> dict[str, tuple[Span, ...]]:
    """The places where the new name goes, for each file, by its resolved path.

    `texts` has the other files that may use the name; without it, the file is alone.

    Raises:
        RenameError: it is no name, something would mean another thing than before, or not every use can be seen.
    """
    declared, _ = find_renamed(analysis, offset)
    if not NAME.fullmatch(name) or name in (*DECLARATIONS, *OPERATORS, "true", "false"):
        raise RenameError(f"`{name}` is no name: it is made of letters, digits and `_`, and is no word of expressions")
    texts = texts or Texts()
    uses = _find_all_uses(analysis, declared, texts)
    places = {use.analysis.file: use.analysis.places_of(use.declared) for use in uses}
    if name == analysis.word(declared):
        return {file: spans for file, spans in places.items() if spans}
    changed = {use.analysis.file: replace_all(use.analysis.text, places[use.analysis.file], name) for use in uses}
    after = texts.changed(changed)
    for use in uses:
        before = use.analysis
        renamed = after.analyse(before.source.path, changed[before.file])
        if renamed.syntax_errors or _shape(renamed.resolution) != _shape(before.resolution):
            where = "" if before.file == analysis.file else f" in `{before.source.path.name}`"
            raise RenameError(f"with the name `{name}` something would mean another thing than before{where}")
        if any(_clashes(before, use.declared, other, name) for other in before.resolution.declared):
            raise RenameError(f"`{name}` is declared already")
    return {file: spans for file, spans in places.items() if spans}


def _find_all_uses(analysis: Analysis, declared: Declared, texts: Texts) -> tuple[Use, ...]:
    """Every file that knows what is renamed, if all of them can be seen and read."""
    place = analysis.place(declared.span)
    if place.file != analysis.file and not texts.holds(place.file):
        raise RenameError(f"it is declared in `{place.file}`, outside the workspace, where others may use it")
    try:
        uses = find_uses(analysis, declared, texts)
        unreadable = find_unreadable(place, texts) if declared.kind not in LOCAL else None
    except TooManySpecsError as problem:
        raise RenameError(str(problem)) from None
    if unreadable is not None:
        raise RenameError(f"`{unreadable.name}` imports a `{Path(place.file).name}` that cannot be read: mend it first")
    if place.file not in {use.analysis.file for use in uses}:
        raise RenameError(f"it is declared in `{place.file}`, which is not among the specs that are searched")
    for use in uses:
        _stop_unless_whole(use.analysis)
        _stop_at_texts(use.analysis, use.declared)
    return uses


def _stop_unless_whole(analysis: Analysis) -> None:
    if analysis.syntax_errors:
        part = analysis.source.part_at(analysis.syntax_errors[0].label.span.start)
        raise RenameError(f"`{part.path.name}` has errors of syntax: mend them first, so that no place is missed")


def _stop_at_texts(analysis: Analysis, declared: Declared) -> None:
    if _is_in_texts(analysis, declared):
        raise RenameError(f"`{declared.name}` also stands in a text of `{analysis.source.path.name}`, which stays")


def replace_all(text: str, places: tuple[Span, ...], name: str) -> str:
    """The text with a name in every place."""
    for place in sorted(places, key=lambda span: span.start, reverse=True):
        text = text[: place.start] + name + text[place.end :]
    return text


def _shape(resolution: Resolution) -> list[int]:
    """For every place, which declaration it means, by number."""
    numbers = {replace(declared, whole=Span(0, 0)): n for n, declared in enumerate(resolution.declared)}
    return [numbers[replace(o.declared, whole=Span(0, 0))] for o in resolution.occurrences]


def _clashes(analysis: Analysis, declared: Declared, other: Declared, name: str) -> bool:
    """Whether one file would declare two things by one name; those of several files are told apart by the files."""
    if declared.kind in LOCAL:  # whether it hides another one has been seen
        return False
    if analysis.word(other) != name or other.owner != declared.owner:
        return False
    same_file = analysis.place(other.span).file == analysis.place(declared.span).file
    return same_file and (other.kind == declared.kind or bool(other.owner))


def _is_in_texts(analysis: Analysis, declared: Declared) -> bool:
    """Whether a slot of a text may name it where no place is known: `{x}` in a path, that a loop fills."""
    known = {occurrence.span.start for occurrence in analysis.resolution.occurrences}
    slot = re.compile(r"\{[^}]*?\b(" + re.escape(analysis.word(declared)) + r")\b[^}]*\}")
    return any(
        token.start + match.start(1) not in known
        for token in analysis.tokens
        if token.kind == "string"
        for match in slot.finditer(token.text)
    )
