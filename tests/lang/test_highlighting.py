"""The table of words, and what is made from it: against the grammar, and on every spec there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cspec.lang.checks.alignments.maps import FAMILY_NAMES
from cspec.lang.checks.expressions.comprehensions import COMPREHENSIONS
from cspec.lang.checks.expressions.expression_checker import FUNCTIONS
from cspec.lang.highlighting.pygments_lexer import CspecLexer
from cspec.lang.highlighting.textmate import textmate_grammar
from cspec.lang.parsing import scanner
from cspec.lang.sites.components import COMPONENTS
from cspec.lang.words import keywords
from cspec.lang.words.meanings import MEANINGS
from pygments.token import Error, Keyword, Token

from .every_spec import GOOD, ROOT

EDITOR = ROOT / "editors" / "vscode"
WORDS = {word for words in keywords.GROUPS.values() for word in words}
GRAMMAR = textmate_grammar()


def test_every_word_of_the_grammar_is_in_the_table() -> None:
    grammar = (ROOT / "lang" / "parsing" / "grammar.lark").read_text(encoding="utf-8")
    terminals = re.findall(r"^_?[A-Z_]+(?:\.\d)?: /\(?([a-z_|]+)\)?\\b/", grammar, re.M)
    words = {word for terminal in terminals for word in terminal.split("|")}
    assert len(words) > 35
    assert words <= WORDS, "add these to lang/words/keywords.py"


def test_the_table_has_the_words_of_the_checker() -> None:
    assert set(scanner.KEYWORDS) <= set(keywords.DECLARATIONS)
    assert {*FUNCTIONS, *COMPREHENSIONS} <= set(keywords.FUNCTIONS)
    assert set(FAMILY_NAMES) <= set(keywords.FAMILIES)
    assert set(COMPONENTS) <= set(keywords.COMPONENTS)


def test_meanings_are_of_words_and_of_most_of_them() -> None:
    assert set(MEANINGS) <= WORDS
    explained = (*keywords.DECLARATIONS, *keywords.ESTIMANDS, *keywords.FAMILIES, *keywords.COMPONENTS)
    assert set(explained) <= set(MEANINGS)
    for meaning in MEANINGS.values():
        assert not meaning.endswith(".")


# --- Pygments


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_pygments_reads_every_good_file_without_an_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = list(CspecLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(part for _, part in tokens) == text.replace("\r\n", "\n").removeprefix("\ufeff")
    assert [part for kind, part in tokens if kind in Error] == []
    assert any(kind in Keyword.Declaration for kind, _ in tokens)
    assert all(kind is not Token for kind, _ in tokens)


def test_pygments_finds_the_lexer() -> None:
    from importlib.metadata import entry_points

    found = [point.load() for point in entry_points(group="pygments.lexers", name="cspec")]
    assert found == [CspecLexer] or not found  # without, where the package is not installed from this folder
    assert 'cspec = "cspec.lang.highlighting.pygments_lexer:CspecLexer"' in (ROOT / "pyproject.toml").read_text()


# --- TextMate


def scopes(text: str) -> list[tuple[str, str]]:
    """The innermost scope of every piece of a text, as an editor finds it: line by line, the first match wins."""
    found: list[tuple[str, str]] = []
    open_rule: dict[str, Any] | None = None
    for line in text.split("\n"):
        at = 0
        while at < len(line) or (open_rule is not None and re.compile(open_rule["end"]).match(line, at)):
            if open_rule is not None:
                at, open_rule = _inside(line, at, open_rule, found)
                continue
            if line[at].isspace() and not _match(line, at, GRAMMAR["patterns"]):
                at += 1
                continue
            hit = _match(line, at, GRAMMAR["patterns"])
            if hit is None:
                found.append((line[at], "none"))
                at += 1
                continue
            rule, match = hit
            if "begin" in rule:
                open_rule = rule
                found.append((match.group(), rule["name"]))
            else:
                _captured(rule, match, found)
            at = max(match.end(), at + 1)
            if open_rule is None and at >= len(line):
                break
    return found


def _inside(
    line: str, at: int, rule: dict[str, Any], found: list[tuple[str, str]]
) -> tuple[int, dict[str, Any] | None]:
    end = re.compile(rule["end"]).match(line, at)
    if end is not None:
        found.append((end.group(), rule["name"]))
        return end.end(), None
    for inner in rule.get("patterns", ()):
        match = re.compile(inner["match"]).match(line, at)
        if match is not None:
            found.append((match.group(), inner["name"]))
            return match.end(), rule
    found.append((line[at], rule["name"]))
    return at + 1, rule


def _match(line: str, at: int, patterns: list[dict[str, str]]) -> tuple[dict[str, Any], "re.Match[str]"] | None:
    for include in patterns:
        rule = GRAMMAR["repository"][include["include"][1:]]
        match = re.compile(rule.get("match") or rule["begin"]).match(line, at)
        if match is not None and match.group():
            return rule, match
    return None


def _captured(rule: dict[str, Any], match: "re.Match[str]", found: list[tuple[str, str]]) -> None:
    captures = rule.get("captures")
    if captures is None:
        found.append((match.group(), rule["name"]))
        return
    for number, capture in captures.items():
        found.append((match.group(int(number)), capture["name"]))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_textmate_grammar_has_a_scope_for_everything(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n").removeprefix("\ufeff")
    found = scopes(text)
    assert [piece for piece, scope in found if scope == "none"] == []
    pieces = "".join("".join(piece.split()) for piece, _ in found)
    assert pieces == "".join(text.split())


def test_words_have_the_scopes_of_their_groups() -> None:
    text = "align das: both -> mlp {\n  left at hidden[1] via rotation size 4   # note\n}\nclaim c: iia(das) >= 0.9\n"
    found = dict(scopes(text + 'network n = torch("a{i}.safetensors")\n'))
    assert found["align"] == found["claim"] == "keyword.declaration.cspec"
    assert found["das"] in ("entity.name.type.cspec", "variable.other.cspec")
    assert found["hidden"] == "support.constant.component.cspec"
    assert found["rotation"] == "support.function.map.cspec"
    assert found["iia"] == "support.function.cspec"
    assert found["0.9"] == "constant.numeric.cspec"
    assert found["# note"] == "comment.line.number-sign.cspec"
    assert found["{i}"] == "variable.parameter.slot.cspec"
    assert found["left"] == "variable.other.cspec"


def test_the_extension_names_files_that_are_there() -> None:
    package = json.loads((EDITOR / "package.json").read_text(encoding="utf-8"))
    contributed = package["contributes"]
    files = [package["main"], contributed["grammars"][0]["path"], contributed["languages"][0]["configuration"]]
    for file in files:
        assert (EDITOR / file).is_file()
    assert json.loads((EDITOR / contributed["languages"][0]["configuration"]).read_text())["comments"]
    assert contributed["grammars"][0]["scopeName"] == GRAMMAR["scopeName"]
    assert contributed["configuration"]["properties"]["cspec.command"]["default"] == ["cspec", "lsp"]
