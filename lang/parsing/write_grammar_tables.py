"""Writes the tables of the grammar's parser; to be run after a change of the grammar.

    python -m cspec.lang.parsing.write_grammar_tables

Computing them takes lark, and several times as long as checking a spec.
"""

import json
import re
from pathlib import Path
from typing import Any

from .grammar_parser import TABLES

GRAMMAR = Path(__file__).with_name("grammar.lark")
START = ["declaration", "loop", "slot_text"]
KEYWORD = re.compile(r"\(?(?P<words>[a-z]+(\|[a-z]+)*)\)?(\\b|(?P<ahead>\(\?=.*\)))", re.DOTALL)


def lark_parser() -> Any:
    """The parser that lark makes of the grammar."""
    import lark

    grammar = GRAMMAR.read_text(encoding="utf-8")
    return lark.Lark(grammar, start=START, parser="lalr", lexer="contextual", propagate_positions=True)


def tables_text() -> str:
    """What belongs into the file of tables: the same on every run, whatever order lark's sets have."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    parser = lark_parser()
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    rules = {number: _rule(rule) for number, rule in memo.items() if rule["__type__"] == "Rule"}
    listed = sorted(rules.values(), key=json.dumps)
    symbols = sorted(table["tokens"].values())
    states = _in_order(
        {
            state: {
                table["tokens"][symbol]: -1 - listed.index(rules[argument["@"]]) if reduces else argument
                for symbol, (reduces, argument) in actions.items()
            }
            for state, actions in table["states"].items()
        },
        [table["start_states"][goal] for goal in START],
    )
    order = {state: place for place, state in enumerate(states)}
    rows = [
        " ".join(
            f"{symbols.index(symbol)} {order[action] if action >= 0 else action}"
            for symbol, action in sorted(actions.items())
        )
        for actions in states.values()
    ]
    terminals, keywords = _terminals(parser)
    tables = {
        "starts": {goal: order[table["start_states"][goal]] for goal in START},
        "ends": {goal: order[table["end_states"][goal]] for goal in START},
        "ignored": parser.ignore_tokens,
        "terminals": terminals,
        "keywords": keywords,
        "symbols": symbols,
        "rules": listed,
        "states": rows,
    }
    parts = (f'"{name}": {_lines(part)}' for name, part in tables.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _in_order(states: dict[int, dict[str, int]], first: list[int]) -> dict[int, dict[str, int]]:
    """The states as one comes to them, by the names of what leads there."""
    found: dict[int, dict[str, int]] = {}
    pending = list(reversed(first))
    while pending:
        if (state := pending.pop()) not in found:
            found[state] = states[state]
            pending += [action for _, action in sorted(states[state].items(), reverse=True) if action >= 0]
    return found


def _lines(part: Any) -> str:
    """A list with an entry a line, so that a change of the grammar shows."""
    if not isinstance(part, list):
        return json.dumps(part)
    return "[\n" + ",\n".join(map(json.dumps, part)) + "\n]"


def _terminals(parser: Any) -> tuple[list[tuple[str, str]], dict[str, list[tuple[str, str]]]]:
    """The patterns of tokens, those first that go before others; and of each word the keywords that it may be.

    A keyword may ask for what comes after its word; it goes before a name.
    """
    patterns: list[tuple[str, str]] = []
    keywords: dict[str, list[tuple[str, str]]] = {}
    for terminal in sorted(parser.terminals, key=_precedence):
        pattern = terminal.pattern.value
        if (found := KEYWORD.fullmatch(pattern)) is None:
            patterns.append((terminal.name, pattern))
        else:
            for word in found["words"].split("|"):
                keywords.setdefault(word, []).append((terminal.name, found["ahead"] or ""))
    return patterns, keywords


def _precedence(terminal: Any) -> tuple[int, int, int, str]:
    """The order in which lark's lexer tries terminals."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def _rule(rule: dict[str, Any]) -> list[Any]:
    """A rule of lark's as a `grammar_parser.Rule` has it: what has `_` in front is no child."""
    origin, options, symbols = rule["origin"]["name"], rule["options"], iter(enumerate(rule["expansion"]))
    parts: list[int | None] = []
    for left_out in options["empty_indices"] or [False] * len(rule["expansion"]):
        if left_out:
            parts.append(None)
            continue
        number, symbol = next(symbols)
        if symbol["__type__"] == "NonTerminal":
            parts.append(-1 - number if symbol["name"].startswith("_") else number)
        elif options["keep_all_tokens"] or not symbol["filter_out"]:
            parts.append(number)
    return [
        origin,
        rule["alias"] or origin,
        len(rule["expansion"]),
        parts,
        bool(options["expand1"] and not rule["alias"]),
    ]


if __name__ == "__main__":
    TABLES.write_text(tables_text(), encoding="utf-8")
