"""The layout of rows: what stands in each column of an input as a network is fed it.

A row of plain tokens is their ids. A row of a prompt starts with how many tokens it has, and where each slot starts
and stops; its tokens follow, with -1 after the last one.
"""

from ..lang.places import Position as Position
from ..lang.record import record

NO_TOKEN = -1


@record
class RowLayout:
    """The columns before the tokens; `slots` None where there are none."""

    slots: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """How many columns stand before the tokens."""
        return 0 if self.slots is None else 1 + 2 * len(self.slots)

    def columns(self, slot: str) -> tuple[int, int]:
        """The columns that hold where a slot's tokens start, and where they stop."""
        assert self.slots is not None, "only prompts have slots"
        first = 1 + 2 * self.slots.index(slot)
        return first, first + 1
