"""Diagnostics -> text for people and plain data for machines."""

import unicodedata
from bisect import bisect_right
from typing import Any

from .diagnostics import Diagnostic, Label, Source, Span

TAB = 4
MAX_WIDTH = 160
"""Excerpts of longer lines are cut around the span."""

RESET, BOLD, RED, YELLOW, BLUE, CYAN = "\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1;36m"


def render_text(source: Source, diagnostics: tuple[Diagnostic, ...], color: bool) -> str:
    """All diagnostics by position, each with its excerpt, carets under the span, notes and help."""
    renderer = _Renderer(source, color)
    return "\n".join(renderer.render(diagnostic) for diagnostic in by_position(diagnostics))


def render_json(source: Source, diagnostics: tuple[Diagnostic, ...]) -> list[dict[str, Any]]:
    """All diagnostics by position; lines and columns count from 1, ends are exclusive."""
    lines = _Lines(source.text)
    return [
        {
            "code": diagnostic.code,
            "severity": diagnostic.severity,
            "message": diagnostic.message,
            "path": source.path.as_posix(),
            **_place(lines, diagnostic.label),
            "related": [_place(lines, label) for label in diagnostic.related],
            "notes": list(diagnostic.notes),
            "help": diagnostic.help,
        }
        for diagnostic in by_position(diagnostics)
    ]


def by_position(diagnostics: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """In the order of the text."""
    return sorted(diagnostics, key=lambda d: (d.label.span.start, d.label.span.end, d.code))


def _place(lines: "_Lines", label: Label) -> dict[str, Any]:
    line, column = lines.position(label.span.start)
    end_line, end_column = lines.position(label.span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column, "label": label.text}


class _Lines:
    """Line starts of a text, found once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0]
        self.starts += [index + 1 for index, character in enumerate(text) if character == "\n"]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line without its break."""
        end = self.starts[number] - 1 if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end].rstrip("\r")


class _Renderer:
    def __init__(self, source: Source, color: bool) -> None:
        self.source = source
        self.color = color
        self.lines = _Lines(source.text)

    def render(self, diagnostic: Diagnostic) -> str:
        tint = RED if diagnostic.severity == "error" else YELLOW
        head = self._paint(f"{diagnostic.severity}[{diagnostic.code}]", tint)
        rows = [f"{head}{self._paint(f': {diagnostic.message}', BOLD)}"]
        labels = [diagnostic.label, *diagnostic.related]
        margin = len(str(max(self.lines.position(label.span.start)[0] for label in labels)))
        line, column = self.lines.position(diagnostic.label.span.start)
        rows.append(f"{' ' * margin}{self._paint('-->', BLUE)} {self.source.path.as_posix()}:{line}:{column}")
        rows += self._excerpts(diagnostic, margin, tint)
        gutter = f"{' ' * margin} {self._paint('=', BLUE)}"
        rows += [f"{gutter} {self._paint('note', BOLD)}: {note}" for note in diagnostic.notes]
        if diagnostic.help:
            rows.append(f"{gutter} {self._paint('help', CYAN)}: {diagnostic.help}")
        return "\n".join(rows) + "\n"

    def _excerpts(self, diagnostic: Diagnostic, margin: int, tint: str) -> list[str]:
        """The lines of all labels in the order of the text; the main span gets carets, the others dashes."""
        marked: dict[int, list[tuple[Label, str, str]]] = {}
        for label, mark, paint in (
            (diagnostic.label, "^", tint),
            *((related, "-", BLUE) for related in diagnostic.related),
        ):
            marked.setdefault(self.lines.position(label.span.start)[0], []).append((label, mark, paint))
        bar = self._paint("|", BLUE)
        rows = [f"{' ' * margin} {bar}"]
        previous = None
        for number in sorted(marked):
            if previous is not None and number > previous + 1:
                rows.append(self._paint("...", BLUE))
            previous = number
            line = self.lines.line(number)
            window = self._window(line, marked[number][0][0].span, number)
            shown = _expand(line[window[0] : window[1]])
            cut = ("..." if window[0] else "", "..." if window[1] < len(line) else "")
            rows.append(f"{self._paint(f'{number:>{margin}}', BLUE)} {bar} {cut[0]}{shown}{cut[1]}".rstrip())
            for label, mark, paint in marked[number]:
                indent, width = self._extent(line, window, label.span, number)
                under = mark * width + (f" {label.text}" if label.text else "")
                rows.append(f"{' ' * margin} {bar} {' ' * (len(cut[0]) + indent)}{self._paint(under, paint)}")
        return rows

    def _window(self, line: str, span: Span, number: int) -> tuple[int, int]:
        """The part of the line that is shown."""
        if len(line) <= MAX_WIDTH:
            return 0, len(line)
        column = min(span.start - self.lines.starts[number - 1], len(line))
        start = max(0, min(column - MAX_WIDTH // 2, len(line) - MAX_WIDTH))
        return start, start + MAX_WIDTH

    def _extent(self, line: str, window: tuple[int, int], span: Span, number: int) -> tuple[int, int]:
        """Cells before the mark and cells of it; a span of several lines is marked to the end of its first."""
        start = span.start - self.lines.starts[number - 1]
        end = span.end - self.lines.starts[number - 1]
        start, end = (max(window[0], min(offset, window[1])) for offset in (start, min(end, len(line.rstrip()))))
        indent = len(_cells(line[window[0] : start]))
        return indent, max(1, len(_cells(line[window[0] : end])) - indent)

    def _paint(self, text: str, style: str) -> str:
        return f"{style}{text}{RESET}" if self.color else text


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
