"""Diagnostics as data: what is wrong with a user's file, where, and what to do about it.

A diagnostic is a user's error. A claim's outcome is a verdict, never a diagnostic; a bug of ours is neither.
"""

from collections.abc import Iterable
from dataclasses import field
from pathlib import Path
from typing import Literal

from .record import record

Severity = Literal["error", "warning"]


@record
class Span:
    """A half-open range of character offsets in one source text.

    `run` says for which values of the loops around a declaration this is the place: `i = 0, d = grounding`.
    """

    start: int
    end: int
    run: str = field(default="", compare=False)

    def or_else(self, otherwise: "Span") -> "Span":
        """This place, or another one where this was not written."""
        return self if self.end > self.start else otherwise


NOWHERE = Span(0, 0)
"""The span of what was not written."""


@record
class Label:
    """A place in the text and what is to be said there."""

    span: Span
    text: str = ""


@record
class Diagnostic:
    """One thing that is wrong: a stable code, the place, what was expected and found, and the remedy.

    `message` names the fault (lower case, no final period, user text in backticks), `label` points at it, `related`
    points at other places, `help` is the remedy. Codes and what they mean are listed in `codes.py`. In a loop around
    declarations, a note says which run is meant.
    """

    code: str
    message: str
    label: Label
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    severity: Severity = "error"

    def __post_init__(self) -> None:
        note = f"for `{self.label.span.run}`"
        if self.label.span.run and note not in self.notes:
            object.__setattr__(self, "notes", (*self.notes, note))


def one_at_each_place(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The first of each code at each place: a line of a loop is reported once for all its runs."""
    found: dict[tuple[str, Span], Diagnostic] = {}
    for diagnostic in diagnostics:
        found.setdefault((diagnostic.code, diagnostic.label.span), diagnostic)
    return tuple(found.values())


def one_of_each_run(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Without what loops around declarations repeat: of each code at each place, the first run."""
    found = list(diagnostics)
    looped = set(one_at_each_place(diagnostic for diagnostic in found if diagnostic.label.span.run))
    return tuple(diagnostic for diagnostic in found if not diagnostic.label.span.run or diagnostic in looped)


@record
class SourcePart:
    """One file of a source: its path as diagnostics name it, and which characters of the text are its own.

    `folder` is where it lies, from the spec's folder; `identity` names the file however paths are written; `alias` is
    what its names are told apart by. The spec itself has none of the three. `imports` are the names by which this file
    speaks of others, each with the other's identity.
    """

    path: Path
    start: int
    end: int
    folder: str = ""
    identity: str = ""
    alias: str = ""
    imports: tuple[tuple[str, str], ...] = ()


@record
class Source:
    """A source text with the path under which diagnostics name it; `parts` are its files where there are several."""

    path: Path
    text: str
    parts: tuple[SourcePart, ...] = ()

    def part_at(self, offset: int) -> SourcePart:
        """The file that a character belongs to."""
        for part in reversed(self.parts):
            if part.start <= offset:
                return part
        return SourcePart(self.path, 0, len(self.text))


class SpecError(Exception):
    """The spec is wrong or cannot be used here: carries the diagnostics and their source."""

    def __init__(self, source: Source, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in diagnostics))
        self.source = source
        self.diagnostics = diagnostics
