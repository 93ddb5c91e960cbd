"""The parser, whose tables are kept in a file, against lark's of the same grammar."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import lark
import pytest
from cspec.lang.diagnostics import Source
from cspec.lang.parsing.grammar_parser import TABLES, UnexpectedTokenError, grammar_parser
from cspec.lang.parsing.parse_tree import Token, Tree
from cspec.lang.parsing.scanner import slice_declarations
from cspec.lang.parsing.write_grammar_tables import lark_parser, tables_text

TESTS = Path(__file__).parents[1]
SPECS = sorted(TESTS.glob("golden/*/*.cspec"))
Outcome = tuple[object, ...]


def test_the_file_was_written_from_this_grammar() -> None:
    assert TABLES.read_text(encoding="utf-8") == tables_text(), (
        "stale: run python -m cspec.lang.parsing.write_grammar_tables"
    )


def test_both_make_the_same_trees_of_every_declaration() -> None:
    parsed = [outcomes(text, start, end, "declaration") for text, start, end in declarations()]
    assert all(ours == lark for ours, lark in parsed)
    assert sum(ours[0] != "unexpected" for ours, _ in parsed) > 1000


def test_both_stop_at_the_same_token_and_would_have_taken_the_same() -> None:
    """Declarations of which a token is left out, written twice, or exchanged for another's."""
    chance, count = random.Random(0), 0
    wholes = sorted({text[start:end] for text, start, end in declarations()})
    for whole in chance.sample(wholes, 400):
        at, length = chance.randrange(len(whole)), chance.randrange(1, 9)
        other = chance.choice(wholes)
        piece = chance.choice(("", 2 * whole[at : at + length], other[at % len(other) :][:length]))
        broken = whole[:at] + piece + whole[at + length :]
        ours, theirs = outcomes(broken, 0, len(broken), "declaration")
        assert ours == theirs, broken
        count += ours[0] == "unexpected"
    assert count > 100


SLOTS = ("x", "x + 1:02", "x as next", "", "x:", "left == (y in {1, 2}) as z", "the i in 0..3 where x[i] == 1", "x .5")
HEADS = ("for i in 0..3", "for i in Digit", "for i", "for in in 0..3", "for i in 0 .. n {", "for the in 0..3")


@pytest.mark.parametrize(
    ("text", "goal"), [*((text, "slot_text") for text in SLOTS), *((text, "loop") for text in HEADS)]
)
def test_both_read_slots_and_the_heads_of_loops(text: str, goal: str) -> None:
    ours, theirs = outcomes(f"{{{text}}}", 1, 1 + len(text), goal)
    assert ours == theirs


@cache
def lark_reference() -> lark.Lark:
    return lark_parser()


def declarations() -> Iterator[tuple[str, int, int]]:
    for path in SPECS:
        text = path.read_text(encoding="utf-8", errors="replace")
        for part in slice_declarations(Source(path, text))[1]:
            yield text, part.span.start, part.span.end


def outcomes(text: str, start: int, end: int, goal: str) -> tuple[Outcome, Outcome]:
    """What our parser makes of a part of a text, and what lark's does."""
    try:
        ours = plain(grammar_parser().parse(text, start, end, goal))
    except UnexpectedTokenError as error:
        ours = ("unexpected", error.offset, error.acceptable)
    where = lark.TextSlice(text, start, end)
    try:
        theirs = plain(lark_reference().parse(where, start=goal))
    except lark.UnexpectedInput as error:
        at_end = getattr(getattr(error, "token", None), "type", "") == "$END"
        theirs = ("unexpected", None if at_end else error.pos_in_stream, acceptable(where, goal))
    return ours, theirs


def acceptable(where: lark.TextSlice, goal: str) -> frozenset[str]:
    """The terminals that lark's parser takes after the tokens before the unexpected one."""
    taken: list[lark.Token] = []
    try:
        for token in lark_reference().parse_interactive(where, start=goal).iter_parse():
            taken.append(token)
    except lark.UnexpectedInput as error:
        if taken and taken[-1] is getattr(error, "token", None):
            taken.pop()
    replay = lark_reference().parse_interactive("", start=goal)
    for token in taken:
        replay.feed_token(token)
    return frozenset(replay.accepts())


def plain(node: Any) -> Outcome:
    """A tree of either parser, with its places."""
    if node is None:
        return ()
    if isinstance(node, Token | lark.Token):
        return (node.type, str(node), node.start_pos, node.end_pos)
    if isinstance(node, Tree):
        place = None if node.empty else (node.start_pos, node.end_pos)
    else:
        place = None if node.meta.empty else (node.meta.start_pos, node.meta.end_pos)
    return (str(node.data), place, *map(plain, node.children))
