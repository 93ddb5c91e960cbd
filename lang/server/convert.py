"""Offsets of a text <-> positions of the protocol, whose columns count UTF-16 code units from 0."""

from bisect import bisect_right

from ..diagnostics import Span


class Lines:
    """The lines of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        return line, _units(self.text[self.starts[line] : offset])

    def range(self, span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
        """Both ends of a span."""
        return self.position(span.start), self.position(span.end)

    def offset(self, line: int, column: int) -> int:
        """The offset of a position; beyond a line's end, that end."""
        if line >= len(self.starts):
            return len(self.text)
        start = self.starts[max(0, line)]
        end = self.starts[line + 1] - 1 if line + 1 < len(self.starts) else len(self.text)
        for offset in range(start, end):
            if column <= 0:
                return offset
            column -= _units(self.text[offset])
        return end


def _units(text: str) -> int:
    return len(text) + sum(ord(character) > 0xFFFF for character in text)
