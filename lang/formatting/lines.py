"""A line of the written text, before its columns are aligned."""

from ..record import record

WIDTH = 120
"""Columns of a line, comments not counted."""

INDENT = 2
HANG = 4
"""What carries on a line stands so much further in."""


@record
class Stop:
    """A place in a line's text that may be aligned with the lines around it."""

    kind: str
    column: int


@record
class Line:
    """One line: its text without indentation, and the comment behind it. `blank`: a blank line stands before it.

    `stops` are there where the line is a whole statement; `group` numbers the block that it stands in.
    """

    indent: int
    text: str
    comment: str = ""
    gap: int = 0
    blank: bool = False
    stops: tuple[Stop, ...] = ()
    group: int = -1

    @property
    def width(self) -> int:
        return self.indent + len(self.text)
