"""The grammar -> its parser, from tables that were computed beforehand.

Computing the tables takes several times as long as checking a spec, so they lie beside the grammar as JSON. They are
used only where they were computed from this very grammar by this very version of lark; else they are computed anew.
Write them again after a change of the grammar:

    python -m cspec.lang.write_grammar_tables
"""

import gc
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .imports.qualified_names import as_written

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLES = Path(__file__).with_name("grammar.json")
CALLBACKS = {"NAME": as_written}
START = ["declaration", "loop", "slot_text"]


@cache
def grammar_parser() -> Any:
    """The parser, made once per process (never through lark's own cache, which unpickles a shared file)."""
    collecting = gc.isenabled()
    gc.disable()  # the tables are many small objects that all stay: collecting meanwhile costs a fifth of the time
    try:
        return _load() or build_parser(CALLBACKS)
    finally:
        if collecting:
            gc.enable()


def build_parser(callbacks: Mapping[str, Any] = CALLBACKS) -> Any:
    """The parser, its tables computed from the grammar. `callbacks` finish tokens of a kind."""
    import lark

    grammar = GRAMMAR.read_text(encoding="utf-8")
    return lark.Lark(
        grammar,
        start=START,
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        lexer_callbacks=dict(callbacks),
    )


def tables_origin() -> str:
    """What the tables depend on: the grammar's text, and the version of lark."""
    import lark

    return f"lark {lark.__version__}, {hashlib.sha256(GRAMMAR.read_bytes()).hexdigest()}"


def _load() -> Any:
    """The parser from the file of tables; None where they are of another grammar or another lark."""
    import lark

    if not TABLES.exists():
        return None
    content = json.loads(TABLES.read_text(encoding="utf-8"))
    if content["of"] != tables_origin():
        return None
    states = content["data"]["parser"]["parser"]["states"]
    content["data"]["parser"]["parser"]["states"] = {int(state): actions for state, actions in states.items()}
    memo = {int(number): entry for number, entry in content["memo"].items()}
    return lark.Lark._load_from_dict(content["data"], memo, lexer_callbacks=CALLBACKS)  # type: ignore[no-untyped-call]
