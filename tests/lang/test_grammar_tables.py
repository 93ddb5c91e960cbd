"""The tables of the grammar that are kept in a file, against those computed afresh."""

import json
from pathlib import Path

import lark
import pytest
from cspec.lang import grammar_parser
from cspec.lang.diagnostics import Source
from cspec.lang.grammar_parser import TABLES, build_parser, tables_origin
from cspec.lang.scanner import slice_declarations

TESTS = Path(__file__).parents[1]
SPECS = sorted(TESTS.glob("golden/*/*.cspec"))


def test_the_file_was_written_from_this_grammar() -> None:
    written = json.loads(TABLES.read_text(encoding="utf-8"))["of"]
    assert written == tables_origin(), "stale: run python -m cspec.lang.write_grammar_tables"


def test_both_parse_every_declaration_alike() -> None:
    kept, built = grammar_parser._load(), build_parser()
    assert kept is not None
    count = 0
    for path in SPECS:
        text = path.read_text(encoding="utf-8", errors="replace")
        for part in slice_declarations(Source(path, text))[1]:
            where = lark.TextSlice(text, part.span.start, part.span.end)
            assert outcome(kept, where) == outcome(built, where)
            count += 1
    assert count > 1000


def outcome(parser: lark.Lark, where: lark.TextSlice) -> object:
    """The tree with its places, or where the text cannot be read."""
    try:
        tree = parser.parse(where, start="declaration")
    except lark.UnexpectedInput as error:
        return type(error), error.pos_in_stream
    places = [(t.meta.start_pos, t.meta.end_pos) for t in tree.iter_subtrees() if not t.meta.empty]
    return tree, sorted(places)


def test_tables_of_another_grammar_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads(TABLES.read_text(encoding="utf-8"))
    other = tmp_path / "tables.json"
    monkeypatch.setattr(grammar_parser, "TABLES", other)
    assert grammar_parser._load() is None
    other.write_text(json.dumps(content | {"of": "lark 0.1"}), encoding="utf-8")
    assert grammar_parser._load() is None
    other.write_text(json.dumps(content), encoding="utf-8")
    assert grammar_parser._load() is not None
