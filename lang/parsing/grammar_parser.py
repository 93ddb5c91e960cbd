"""The grammar's parser: the text of a declaration -> its tree.

An LALR(1) parser over tables that `write_grammar_tables.py` computed from the grammar beforehand. Its lexer is
contextual: a word is the keyword that the grammar wants at its place, and else a name.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from ..imports.qualified_names import as_written
from ..record import record
from .parse_tree import Token, Tree

TABLES = Path(__file__).with_name("grammar.json")
END = "$END"


class UnexpectedTokenError(Exception):
    """Nothing may stand at `offset` that stands there (None: at the end), but any of the terminals `acceptable`."""

    def __init__(self, offset: int | None, acceptable: frozenset[str]) -> None:
        self.offset, self.acceptable = offset, acceptable


@record
class Rule:
    """A production of `size` symbols of the nonterminal `origin`, and the tree that it makes.

    `parts` are the tree's children: the number of a symbol, -1 minus the number of one whose children take its place,
    or None for an optional part left out. `alone` is set where an only child is taken itself.
    """

    origin: str
    data: str
    size: int
    parts: tuple[int | None, ...]
    alone: bool


@cache
def grammar_parser() -> "Parser":
    """The parser, made once per process."""
    return Parser(json.loads(TABLES.read_text(encoding="utf-8")))


class Parser:
    """The parser of some tables. A state's actions: a terminal leads to the state after it, or to -1 - a rule's number;
    a nonterminal to the state after it.
    """

    def __init__(self, tables: dict[str, Any]) -> None:
        self._symbols: list[str] = tables["symbols"]
        self._rows: list[str | dict[str, int]] = tables["states"]
        self._rules: list[list[Any] | Rule] = tables["rules"]
        self._starts: dict[str, int] = tables["starts"]
        self._ends: dict[str, int] = tables["ends"]
        self._ignored = frozenset(tables["ignored"])
        self._terminals: list[tuple[str, str]] = tables["terminals"]
        self._any = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in self._terminals))
        self._keywords: dict[str, list[tuple[str, str]]] = tables["keywords"]

    def parse(self, text: str, start: int, end: int, goal: str) -> Tree:
        """The tree of a part of a text as one `goal`, a start symbol of the grammar.

        Raises:
            UnexpectedTokenError: the part is none.
        """
        states, last = [self._starts[goal]], self._ends[goal]
        nodes: list[Tree | Token] = []
        starts: list[int] = []  # where each node begins and ends, with what its rule leaves out
        ends: list[int] = []
        at = start
        while True:
            before = list(states)
            token = self._next(text, at, end, self._actions(states[-1]))
            while True:
                action = self._actions(states[-1]).get(token.type)
                if action is None:
                    offset = None if token.type == END else token.start_pos
                    raise UnexpectedTokenError(offset, self._acceptable(before, last))
                if action >= 0:
                    break
                rule = self._rule(action)
                first = len(nodes) - rule.size
                begin = next((place for place in starts[first:] if place >= 0), -1)
                stop = next((place for place in reversed(ends[first:]) if place >= 0), -1)
                node = _node(rule, nodes[first:], begin, stop)
                del nodes[first:], starts[first:], ends[first:], states[first + 1 :]
                states.append(self._actions(states[-1])[rule.origin])
                nodes.append(node)
                starts.append(begin)
                ends.append(stop)
                if token.type == END and states[-1] == last:
                    assert isinstance(node, Tree)
                    return node
            at = token.end_pos
            states.append(action)
            nodes.append(token)
            starts.append(token.start_pos)
            ends.append(token.end_pos)

    def _next(self, text: str, at: int, end: int, actions: dict[str, int]) -> Token:
        """The first token from a place on, of a kind that the actions have a use for where there is one."""
        while at < end:
            kind, stop = self._match(text, at, end, actions)
            if kind not in self._ignored:
                written = text[at:stop]
                return Token(kind, as_written(written) if kind == "NAME" else written, at, stop)
            at = stop
        return Token(END, "", end, end)

    def _match(self, text: str, at: int, end: int, actions: dict[str, int]) -> tuple[str, int]:
        """The terminal that begins at a place, and where it ends."""
        found = self._any.match(text, at, end)
        if found is None or found.lastgroup is None:
            return "", at + 1
        kind, stop = found.lastgroup, found.end()
        if kind == "NAME":
            for keyword, ahead in self._keywords.get(found.group(), ()):
                if keyword in actions and (not ahead or re.compile(ahead).match(text, stop, end)):
                    return keyword, stop
        elif kind not in actions and kind not in self._ignored:
            for name, pattern in self._terminals:  # `.5` is a number, and where none may stand a dot and a digit
                if name in actions and (other := re.compile(pattern).match(text, at, end)):
                    return name, other.end()
        return kind, stop

    def _actions(self, state: int) -> dict[str, int]:
        row = self._rows[state]
        if isinstance(row, str):  # most states are never visited
            numbers = [int(number) for number in row.split()]
            named = map(self._symbols.__getitem__, numbers[::2])
            row = self._rows[state] = dict(zip(named, numbers[1::2], strict=True))
        return row

    def _rule(self, action: int) -> Rule:
        rule = self._rules[-1 - action]
        if not isinstance(rule, Rule):
            rule = self._rules[-1 - action] = Rule(*rule)
        return rule

    def _acceptable(self, states: list[int], last: int) -> frozenset[str]:
        """The terminals that may come after what led to these states.

        They are those before the unexpected token was looked at: by now the parser may have reduced, on a lookahead
        that is legal elsewhere.
        """
        return frozenset(
            symbol for symbol in self._actions(states[-1]) if symbol.isupper() and self._takes(symbol, states, last)
        )

    def _takes(self, terminal: str, states: list[int], last: int) -> bool:
        states = list(states)
        while (action := self._actions(states[-1]).get(terminal)) is not None:
            if action >= 0:
                return True
            rule = self._rule(action)
            del states[len(states) - rule.size :]
            states.append(self._actions(states[-1])[rule.origin])
            if terminal == END and states[-1] == last:
                return True
        return False


def _node(rule: Rule, symbols: list[Tree | Token], start: int, end: int) -> Tree | Token:
    """What a rule makes of its symbols."""
    children: list[Any] = []
    for part in rule.parts:
        if part is None:
            children.append(None)
        elif part >= 0:
            children.append(symbols[part])
        else:
            inner = symbols[-1 - part]
            assert isinstance(inner, Tree)
            children = children + inner.children if children else inner.children  # a long list grows in place
    if rule.alone and len(children) == 1:
        only: Tree | Token = children[0]
        return only
    return Tree(rule.data, children, start, end)
