"""Every file that knows a declaration, and the places in each where it is named."""

from collections.abc import Iterator
from pathlib import Path

from ..record import record
from ..resolution.declared import LOCAL, Declared
from .analysis import Analysis, Place
from .texts import Texts


@record
class Use:
    """A file that knows a declaration: its analysis, and the declaration as it is known there."""

    analysis: Analysis
    declared: Declared


def find_uses(analysis: Analysis, declared: Declared, texts: Texts) -> tuple[Use, ...]:
    """The files that know a declaration, the declaring one and its importers; each speaks for its own text alone.

    Raises:
        TooManySpecsError: the workspace cannot be searched.
    """
    place = analysis.place(declared.span)
    known = {analysis.file: Use(analysis, declared)}
    if declared.kind in LOCAL:
        return tuple(known.values())
    for other in _may_know(place, texts, known):
        found = other.find(place) if other.part(place.file) is not None or other.file == place.file else None
        if found is not None:
            known[other.file] = Use(other, found)
    return tuple(use for _, use in sorted(known.items()))


def find_unreadable(place: Place, texts: Texts) -> Path | None:
    """A spec that imports a file of this name which it cannot read, so that nobody knows whether it is this one."""
    for other in _may_know(place, texts, {}):
        spans = {error.label.span for error in other.import_errors}
        for _, token in other.imports:
            if token.span in spans and Path(token.text[1:-1]).name == Path(place.file).name:
                return other.source.path
    return None


def _may_know(place: Place, texts: Texts, known: dict[str, Use]) -> Iterator[Analysis]:
    for path, text in texts.specs():
        if str(path.resolve()) not in known and ("import" in text or str(path.resolve()) == place.file):
            yield texts.analyse(path, text)
