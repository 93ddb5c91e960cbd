"""What the parser makes of a declaration: trees of the grammar's rules, and at their leaves the tokens."""

from collections.abc import Iterator
from typing import Any


class Token(str):
    """A token as the text has it, the grammar's terminal that it is, and where it stands."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int

    def __new__(cls, type: str, written: str, start_pos: int, end_pos: int) -> "Token":
        token = super().__new__(cls, written)
        token.type, token.start_pos, token.end_pos = type, start_pos, end_pos
        return token


class Tree:
    """A rule of the grammar, `data`, what it is made of (None for an optional part left out), and where it stands.

    A rule of no tokens stands nowhere: its places are -1. Trees of the same parts are equal, wherever they stand.
    """

    __slots__ = ("children", "data", "end_pos", "start_pos")

    def __init__(self, data: str, children: list[Any], start_pos: int, end_pos: int) -> None:
        self.data, self.children, self.start_pos, self.end_pos = data, children, start_pos, end_pos

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and (self.data, self.children) == (other.data, other.children)

    __hash__ = None  # type: ignore[assignment]  # the children may change

    @property
    def empty(self) -> bool:
        """Whether it stands nowhere."""
        return self.start_pos < 0

    def trees(self) -> Iterator["Tree"]:
        """The tree and every tree in it, in the order of the text."""
        pending = [self]
        while pending:
            yield (tree := pending.pop())
            pending += [child for child in reversed(tree.children) if isinstance(child, Tree)]
