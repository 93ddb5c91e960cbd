"""Diagnostics -> text for people and plain data for machines."""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from typing import Any

from ..diagnostics import Diagnostic, Label, Source, SourcePart, Span

TAB = 4
MAX_WIDTH = 160
"""Excerpts of longer lines are cut around the span."""

MANY, SHOWN = 4, 2
"""Of so many diagnostics that are alike, how many are shown whole."""

RESET, BOLD, RED, YELLOW, BLUE, CYAN = "\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1;36m"


def render_text(source: Source, diagnostics: tuple[Diagnostic, ...], color: bool) -> str:
    """All diagnostics by position, each with its excerpt, carets under the span, notes and help.

    Of many that differ in their messages and places alone, all but the first two are these two lines.
    """
    renderer = _Renderer(source, color)
    ordered = by_position(diagnostics)
    alike = Counter(_kind(diagnostic) for diagnostic in ordered)
    shown: Counter[tuple[Any, ...]] = Counter()
    texts: list[str] = []
    for diagnostic in ordered:
        kind = _kind(diagnostic)
        shown[kind] += 1
        short = alike[kind] >= MANY and shown[kind] > SHOWN and not diagnostic.related
        texts.append(renderer.head(diagnostic) if short else renderer.render(diagnostic))
    return "\n".join(texts)


def _kind(diagnostic: Diagnostic) -> tuple[Any, ...]:
    """What diagnostics that say one thing of many places have in common."""
    return diagnostic.code, diagnostic.severity, diagnostic.notes, diagnostic.help


def render_json(source: Source, diagnostics: tuple[Diagnostic, ...]) -> list[dict[str, Any]]:
    """All diagnostics by position; lines and columns count from 1, ends are exclusive."""
    files = _Files(source)
    return [
        {
            "code": diagnostic.code,
            "severity": diagnostic.severity,
            "message": diagnostic.message,
            "path": files.at(diagnostic.label.span).path.as_posix(),
            **_place(files, diagnostic.label),
            "related": [_related(files, label, diagnostic.label) for label in diagnostic.related],
            "notes": list(diagnostic.notes),
            "help": diagnostic.help,
        }
        for diagnostic in by_position(diagnostics)
    ]


def by_position(diagnostics: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """In the order of the text."""
    return sorted(diagnostics, key=lambda d: (d.label.span.start, d.label.span.end, d.code))


def _related(files: "_Files", label: Label, main: Label) -> dict[str, Any]:
    """Another place, with its path where it lies in another file."""
    path = files.at(label.span).path
    elsewhere = {} if path == files.at(main.span).path else {"path": path.as_posix()}
    return {**elsewhere, **_place(files, label)}


def _place(files: "_Files", label: Label) -> dict[str, Any]:
    lines = files.at(label.span)
    line, column = lines.position(label.span.start)
    end_line, end_column = lines.position(label.span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column, "label": label.text}


class _Files:
    """The files of a source, the lines of each found once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lines: dict[SourcePart, _Lines] = {}

    def at(self, span: Span) -> "_Lines":
        """The lines of the file that a span lies in."""
        part = self.source.part_at(span.start)
        if part not in self._lines:
            self._lines[part] = _Lines(self.source.text, part)
        return self._lines[part]


class _Lines:
    """Line starts of a file, as offsets in the text of all files."""

    def __init__(self, text: str, part: SourcePart) -> None:
        self.text = text
        self.path = part.path
        self.start, self.end = part.start, part.end
        self.starts = [part.start]
        self.starts += [match.end() for match in re.compile("\n").finditer(text, part.start, part.end)]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1."""
        offset = max(self.start, min(offset, self.end))
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line without its break."""
        end = self.starts[number] - 1 if number < len(self.starts) else self.end
        return self.text[self.starts[number - 1] : end].rstrip("\r")


class _Renderer:
    def __init__(self, source: Source, color: bool) -> None:
        self.source = source
        self.color = color
        self.files = _Files(source)

    def head(self, diagnostic: Diagnostic) -> str:
        """What is wrong, and where, without the rest."""
        lines = self.files.at(diagnostic.label.span)
        line, column = lines.position(diagnostic.label.span.start)
        margin = len(str(line))
        place = f"{' ' * margin}{self._paint('-->', BLUE)} {lines.path.as_posix()}:{line}:{column}"
        return f"{self._message(diagnostic)}\n{place}\n"

    def _message(self, diagnostic: Diagnostic) -> str:
        head = self._paint(f"{diagnostic.severity}[{diagnostic.code}]", _tint(diagnostic))
        return f"{head}{self._paint(f': {diagnostic.message}', BOLD)}"

    def render(self, diagnostic: Diagnostic) -> str:
        tint = _tint(diagnostic)
        rows = [self._message(diagnostic)]
        labels = [diagnostic.label, *diagnostic.related]
        margin = len(str(max(self.files.at(label.span).position(label.span.start)[0] for label in labels)))
        marks = [(diagnostic.label, "^", tint), *((related, "-", BLUE) for related in diagnostic.related)]
        by_file: dict[_Lines, list[tuple[Label, str, str]]] = {}
        for mark in marks:
            by_file.setdefault(self.files.at(mark[0].span), []).append(mark)
        for index, (lines, there) in enumerate(by_file.items()):
            line, column = lines.position(there[0][0].span.start)
            arrow = "-->" if index == 0 else ":::"
            rows.append(f"{' ' * margin}{self._paint(arrow, BLUE)} {lines.path.as_posix()}:{line}:{column}")
            rows += self._excerpts(lines, there, margin)
        gutter = f"{' ' * margin} {self._paint('=', BLUE)}"
        rows += [f"{gutter} {self._paint('note', BOLD)}: {note}" for note in diagnostic.notes]
        if diagnostic.help:
            rows.append(f"{gutter} {self._paint('help', CYAN)}: {diagnostic.help}")
        return "\n".join(rows) + "\n"

    def _excerpts(self, lines: _Lines, marks: list[tuple[Label, str, str]], margin: int) -> list[str]:
        """A file's lines with labels in the order of the text; the main span gets carets, the others dashes."""
        marked: dict[int, list[tuple[Label, str, str]]] = {}
        for label, mark, paint in marks:
            marked.setdefault(lines.position(label.span.start)[0], []).append((label, mark, paint))
        bar = self._paint("|", BLUE)
        rows = [f"{' ' * margin} {bar}"]
        previous = None
        for number in sorted(marked):
            if previous is not None and number > previous + 1:
                rows.append(self._paint("...", BLUE))
            previous = number
            line = lines.line(number)
            start = lines.starts[number - 1]
            window = self._window(line, marked[number][0][0].span, start)
            shown = _expand(line[window[0] : window[1]])
            cut = ("..." if window[0] else "", "..." if window[1] < len(line) else "")
            rows.append(f"{self._paint(f'{number:>{margin}}', BLUE)} {bar} {cut[0]}{shown}{cut[1]}".rstrip())
            for label, mark, paint in marked[number]:
                indent, width = self._extent(line, window, label.span, start)
                under = mark * width + (f" {label.text}" if label.text else "")
                rows.append(f"{' ' * margin} {bar} {' ' * (len(cut[0]) + indent)}{self._paint(under, paint)}")
        return rows

    def _window(self, line: str, span: Span, first: int) -> tuple[int, int]:
        """The part of the line that is shown."""
        if len(line) <= MAX_WIDTH:
            return 0, len(line)
        column = min(span.start - first, len(line))
        start = max(0, min(column - MAX_WIDTH // 2, len(line) - MAX_WIDTH))
        return start, start + MAX_WIDTH

    def _extent(self, line: str, window: tuple[int, int], span: Span, first: int) -> tuple[int, int]:
        """Cells before the mark and cells of it; a span of several lines is marked to the end of its first."""
        start, end = span.start - first, span.end - first
        start, end = (max(window[0], min(offset, window[1])) for offset in (start, min(end, len(line.rstrip()))))
        indent = len(_cells(line[window[0] : start]))
        return indent, max(1, len(_cells(line[window[0] : end])) - indent)

    def _paint(self, text: str, style: str) -> str:
        return f"{style}{text}{RESET}" if self.color else text


def _tint(diagnostic: Diagnostic) -> str:
    return RED if diagnostic.severity == "error" else YELLOW


def _expand(text: str) -> str:
    """The text as it is shown: tabs as spaces, control characters as their sign."""
    shown = []
    width = 0
    for character in text:
        cell = " " * (TAB - width % TAB) if character == "\t" else _visible(character)
        shown.append(cell)
        width += len(_cells(character)) if character != "\t" else len(cell)
    return "".join(shown)


def _cells(text: str) -> str:
    """One character for every cell that the text takes on the screen."""
    cells = ""
    for character in text:
        if character == "\t":
            cells += " " * (TAB - len(cells) % TAB)
        elif unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
            continue
        elif unicodedata.east_asian_width(character) in ("W", "F"):
            cells += "  "
        else:
            cells += " "
    return cells


def _visible(character: str) -> str:
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
