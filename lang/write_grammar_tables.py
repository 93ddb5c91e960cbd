"""Writes the tables of the grammar's parser: `python -m cspec.lang.write_grammar_tables`."""

import json

from .grammar_parser import TABLES, build_parser, tables_origin


def tables_text() -> str:
    """What belongs into the file of tables."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = build_parser({}).memo_serialize([TerminalDef, Rule])
    return json.dumps({"of": tables_origin(), "data": data, "memo": memo}, separators=(",", ":"), sort_keys=True) + "\n"


if __name__ == "__main__":
    TABLES.write_text(tables_text(), encoding="utf-8")
