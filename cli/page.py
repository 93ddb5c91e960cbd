"""The page that text is printed on: how wide it is, and in which colours, readable on dark and on light."""

import os
import textwrap
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, Literal

from ..lang.record import record

NARROWEST, WIDEST = 80, 120
INDENT = 4
"""Of what a verdict rests on."""

Style = Literal["", "name", "good", "bad", "open"]

COLORS: dict[Style, int] = {"good": 28, "bad": 161, "open": 130}
"""Of the palette of 256: each has a contrast of at least 4 to black and to white."""


@record
class Page:
    """A width in columns, and whether text is painted."""

    width: int = NARROWEST
    color: bool = False

    def paint(self, text: str, style: Style) -> str:
        """Text in a style: bold, and coloured where the style has a colour."""
        if not self.color or not style or not text:
            return text
        color = f";38;5;{COLORS[style]}" if style in COLORS else ""
        return f"\x1b[1{color}m{text}\x1b[0m"

    def wrap(self, text: str, indent: int = 0, deeper: int = 2) -> list[str]:
        """Text as lines that fit; those after the first start `deeper`."""
        first, later = " " * indent, " " * (indent + deeper)
        return textwrap.wrap(
            text, self.width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
        ) or [first.rstrip()]

    def wrap_doc(self, doc: str, indent: int) -> list[str]:
        """The first paragraph of a doc string as lines that fit, without signs that do not print."""
        first = doc.strip().partition("\n\n")[0]
        shown = "".join(char if char.isprintable() else " " for char in first)
        return self.wrap(shown, indent, 0) if shown.strip() else []

    def wrap_styled(self, pieces: Iterable[tuple[str, Style]], deeper: int = 2) -> list[str]:
        """Pieces of text, one after the other and each in its style, as lines that fit."""
        pieces = list(pieces)
        whole = "".join(text for text, _ in pieces)
        styles = [style for text, style in pieces for _ in text]
        lines, at = [], 0
        for line in self.wrap(whole, 0, deeper):
            words = line.lstrip()
            start = whole.index(words, at)
            at = start + len(words)
            runs = groupby(zip(words, styles[start:at], strict=True), key=lambda pair: pair[1])
            painted = "".join(self.paint("".join(char for char, _ in run), style) for style, run in runs)
            lines.append(line[: len(line) - len(words)] + painted)
        return lines


def columns(rows: Sequence[Sequence[str]], indent: int) -> list[str]:
    """Rows in aligned columns, two spaces apart."""
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows)))]
    return [
        " " * indent + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]


def number(value: float, digits: int = 4) -> str:
    """A number with so many decimals; never a negative zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def exactly(value: float, exact: str, bound: float | None = None) -> str:
    """An exact value with four decimals, or as many more, up to ten, as tell it from 0, from 1 and from a bound."""
    for digits in range(4, 11):
        shown = number(value, digits)
        if Fraction(shown) == Fraction(exact) or float(shown) not in (0.0, 1.0, -1.0, bound):
            return shown
    return number(value)


def is_readable(exact: str) -> bool:
    """Whether an exact value is a fraction that says more than its decimals: not one of floating-point numbers."""
    return "/" in exact and len(exact.partition("/")[2]) <= 6


def interval(low: float, high: float) -> str:
    """Both ends, as numbers are printed."""
    return f"[{number(low)}, {number(high)}]"


def open_page(stream: Any) -> Page:
    """The page of a stream: as wide as COLUMNS or its terminal says, between 80 and 120 columns; else 80."""
    return Page(min(max(_columns(stream), NARROWEST), WIDEST), colored(stream))


def colored(stream: Any) -> bool:
    """Whether a stream is a terminal that wants colour (https://no-color.org)."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _columns(stream: Any) -> int:
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal():
        return int(stated)
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else NARROWEST
    except OSError:
        return NARROWEST
