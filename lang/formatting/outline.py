"""Tokens and the parse trees -> the outline of a text: which brackets match, where lines start, which words are names.

Where a line starts is read from the grammar's own tree, not from a list of words: whatever stands in braces after a
word, by itself and without commas, is a line.
"""

from collections.abc import Iterable
from functools import cached_property

from ..parsing.parse_tree import Token, Tree
from ..parsing.scanner import CLOSING, OPENING, Slice
from ..record import record
from ..words.keywords import CALLED, DECLARATIONS
from .lexemes import Lexeme, Lexemes

BLOCK_WORDS = ("fit", "settings", "exhaustively")
"""Keywords before the braces of a block; elsewhere a name, a number or a closing bracket stands there."""


@record
class Outline:
    """A text's tokens by number.

    `match` leads from each bracket to its partner; `starts` are the tokens that open a line; `blocks` are the opening
    braces around lines; `names` are the words that the grammar takes for names.
    """

    lexemes: Lexemes
    match: dict[int, int]
    starts: frozenset[int]
    blocks: frozenset[int]
    names: frozenset[int]

    @cached_property
    def items(self) -> tuple[Lexeme, ...]:
        """The tokens."""
        return self.lexemes.items

    def text(self, at: int) -> str:
        """The text of a token; empty beyond the ends."""
        return self.items[at].text if 0 <= at < len(self.items) else ""

    def is_symbol(self, at: int, *symbols: str) -> bool:
        """Whether a token is one of some symbols."""
        return self.items[at].is_symbol and self.items[at].text in symbols

    def is_keyword(self, at: int) -> bool:
        """Whether a token is a word that is no name here."""
        return self.items[at].token.kind == "word" and at not in self.names

    def is_declaration(self, at: int) -> bool:
        """Whether a token is the word of a declaration."""
        return self.is_keyword(at) and self.text(at) in DECLARATIONS

    def is_called(self, at: int) -> bool:
        """Whether a parenthesis after this word belongs to it."""
        return not self.is_keyword(at) or self.text(at) in CALLED

    def ends_operand(self, at: int) -> bool:
        """Whether a sign after this token would stand between two operands."""
        if at < 0 or at in self.starts:
            return False
        item = self.items[at]
        if item.is_symbol:
            return item.text in CLOSING
        return item.token.kind != "word" or not self.is_keyword(at) or item.text in ("true", "false", "it")

    def is_sign(self, at: int) -> bool:
        """Whether a token is a sign before a number or a star by itself, and no operator."""
        return self.is_symbol(at, "-", "+", "*") and not self.ends_operand(at - 1)

    def parts(self, low: int, high: int) -> Iterable[int]:
        """The tokens of a range that stand in none of its brackets; of each bracket the opening one."""
        at = low
        while at < high:
            yield at
            at = self.match.get(at, at) + 1 if self.is_symbol(at, *OPENING) else at + 1


def outline_text(lexemes: Lexemes, parsed: Iterable[tuple[Slice, Tree]]) -> Outline:
    """The outline of a text that parses, from its declarations and the parse trees of them."""
    parsed = list(parsed)
    numbers = {item.token.start: number for number, item in enumerate(lexemes.items)}
    match = _match_brackets(lexemes)
    inner = _inner_braces(lexemes)
    units, names = _read_trees((tree for _, tree in parsed), numbers, inner)
    starts = {numbers[part.span.start] for part, _ in parsed}
    starts |= {number for number, item in enumerate(lexemes.items) if item.token.kind == "doc"}
    for number in starts:
        units.setdefault(inner[number], set()).add(number)
    blocks = {brace for brace in _block_braces(lexemes, names) if _holds_lines(lexemes, match, brace, units)}
    for brace in blocks:
        starts |= units.get(brace, set())
    return Outline(lexemes, match, frozenset(starts), frozenset(blocks), frozenset(names))


def _match_brackets(lexemes: Lexemes) -> dict[int, int]:
    match: dict[int, int] = {}
    stack: list[int] = []
    for number, item in enumerate(lexemes.items):
        if item.is_symbol and item.text in OPENING:
            stack.append(number)
        elif item.is_symbol and item.text in CLOSING:
            opening = stack.pop()
            match[opening], match[number] = number, opening
    return match


def _inner_braces(lexemes: Lexemes) -> list[int]:
    """For each token the opening brace of the smallest pair of braces around it; -1 where there is none."""
    inner, stack = [], [-1]
    for number, item in enumerate(lexemes.items):
        if item.is_symbol and item.text == "}":
            stack.pop()
        inner.append(stack[-1])
        if item.is_symbol and item.text == "{":
            stack.append(number)
    return inner


def _read_trees(
    trees: Iterable[Tree], numbers: dict[int, int], inner: list[int]
) -> tuple[dict[int, set[int]], set[int]]:
    """The first tokens of what stands in each pair of braces, and the words that are names."""
    units: dict[int, set[int]] = {}
    names: set[int] = set()
    pending = [(tree, -1) for tree in trees]
    while pending:
        node, brace = pending.pop()
        if not isinstance(node, Tree):
            if isinstance(node, Token) and node.type == "NAME":  # `shared.mlp` is one name of several tokens
                names.update(numbers[at] for at in range(node.start_pos, node.end_pos) if at in numbers)
            continue
        if node.data == "variable":
            names.update(numbers[token.start_pos] for token in node.children)
        here = brace
        if not node.empty:
            if node.start_pos not in numbers:  # a text is one token, whatever its slots hold
                continue
            start = numbers[node.start_pos]
            here = inner[start]
            if here != brace:
                units.setdefault(here, set()).add(start)
        pending.extend((child, here) for child in node.children)
    return units, names


def _block_braces(lexemes: Lexemes, names: set[int]) -> Iterable[int]:
    """The opening braces that may stand around lines."""
    for number, item in enumerate(lexemes.items):
        if not (item.is_symbol and item.text == "{") or number == 0:
            continue
        before = lexemes.items[number - 1]
        if before.token.kind == "word":
            if number - 1 in names or before.text in BLOCK_WORDS:
                yield number
        elif before.token.kind == "number" or before.text in ("]", ")"):
            yield number


def _holds_lines(lexemes: Lexemes, match: dict[int, int], brace: int, units: dict[int, set[int]]) -> bool:
    """Whether there are lines in the braces: nothing at all, or parts that no commas separate."""
    inside = units.get(brace, set())
    if brace + 1 != match[brace] and brace + 1 not in inside:
        return False
    ends = [*(inside - {brace + 1}), match[brace]]
    return not any(lexemes.items[at - 1].is_symbol and lexemes.items[at - 1].text == "," for at in ends)
