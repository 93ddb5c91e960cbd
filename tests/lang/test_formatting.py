"""The formatter: one layout, whatever the input's, and nothing else changed, over every spec there is."""

import re
from functools import cache
from pathlib import Path

import pytest
from cspec.lang import Source, SpecError, parse_text
from cspec.lang.formatting.format_text import format_text
from cspec.lang.formatting.lexemes import read_lexemes
from cspec.lang.formatting.lines import WIDTH
from cspec.lang.parsing.scanner import KEYWORDS, slice_declarations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .every_spec import GOOD

QUICK = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def source(text: str) -> Source:
    return Source(Path("spec.cspec"), text)


def formatted(text: str) -> str:
    return format_text(source(text)).text


@cache
def formatted_once(path: Path) -> tuple[str, str]:
    """The text of a file, and its layout."""
    text = path.read_text(encoding="utf-8")
    return text, formatted(text)


TEXTS = st.sampled_from([path.read_text(encoding="utf-8") for path in GOOD])


def one_token_a_line(text: str) -> str:
    """Every token on its own line; comments and blank lines stay, and no word opens a declaration anew."""
    lexemes = read_lexemes(text)
    openers = set(KEYWORDS)
    starts = {part.span.start for part in slice_declarations(source(text))[1]}
    pieces: list[str] = []
    behind = ""
    for item in lexemes.items:
        comments = "".join("\n" + "\n" * comment.blank + comment.text for comment in item.comments)
        indent = "" if item.token.start in starts or item.token.kind == "doc" else "  "
        alone = item.token.leads or item.text not in openers or comments or behind
        pieces.append(f"{comments}\n" + "\n" * item.blank + indent if alone else " ")
        behind = item.trailing
        pieces.append(item.text + " " * item.gap + item.trailing)
    last = "".join("\n" + "\n" * comment.blank + comment.text for comment in lexemes.last)
    return "".join(pieces) + last


def stripped(text: str) -> str:
    """No indentation."""
    return "\n".join(line.lstrip(" ") for line in text.split("\n"))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_spec_keeps_its_meaning_and_is_formatted_in_one_pass(path: Path) -> None:
    text, once = formatted_once(path)
    assert parse_text(source(once)) == (parse_text(source(text))[0], ())
    assert formatted(once) == once
    assert read_lexemes(once).comments == read_lexemes(text).comments
    assert [item.text for item in read_lexemes(once).items if item.token.kind != "doc"] == [
        item.text for item in read_lexemes(text).items if item.token.kind != "doc"
    ]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_layout_of_the_input_does_not_matter(path: Path) -> None:
    text, once = formatted_once(path)
    assert formatted(text.replace("\r\n", "\n").replace("\n", "\r\n")) == once
    assert formatted("\ufeff" + text) == once
    assert formatted(stripped(text)) == once
    assert formatted(one_token_a_line(text)) == once


@pytest.mark.parametrize("path", [path for path in GOOD if "specs" in path.parts], ids=lambda path: path.stem)
def test_lines_of_the_gallery_are_no_longer_than_they_may_be(path: Path) -> None:
    for line in formatted_once(path)[1].split("\n"):
        alone = line.lstrip().startswith('| "')  # a template of its own line: no text is broken
        assert len(re.sub(r"\s+#.*", "", line)) <= WIDTH or line.startswith(('"""', "#")) or alone


COMMENTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12).map(
    lambda text: "#" + text
)


@QUICK
@given(TEXTS, st.lists(st.tuples(st.integers(0, 10_000), COMMENTS, st.booleans()), min_size=1, max_size=6))
def test_comments_anywhere_are_kept(text: str, comments: list[tuple[int, str, bool]]) -> None:
    for number, comment, alone in comments:
        items = read_lexemes(text).items
        at = items[number % len(items)].token.span.end
        text = f"{text[:at]}{chr(10) if alone else ' '}{comment}\n{text[at:]}"
    try:
        once = formatted(text)
    except SpecError:  # a word that opens a declaration may stand first on its line now
        return
    assert read_lexemes(once).comments == read_lexemes(text).comments
    assert parse_text(source(once)) == (parse_text(source(text))[0], ())
    assert formatted(once) == once


@QUICK
@given(TEXTS, st.data())
def test_blanks_anywhere_change_nothing_but_blank_lines(text: str, data: st.DataObject) -> None:
    items = read_lexemes(text).items
    numbers = data.draw(st.lists(st.integers(1, len(items) - 1), max_size=8, unique=True))
    blanks = [(items[n].token.start, data.draw(st.sampled_from([" ", "\t", "  ", " \t "]))) for n in numbers]
    spread = text
    for at, blank in sorted(blanks, reverse=True):
        if "#" not in spread[spread.rfind("\n", 0, at) + 1 : at]:
            spread = spread[:at] + blank + spread[at:]
    assert formatted(spread) == formatted(text)


@QUICK
@given(st.text(max_size=200))
def test_any_text_is_formatted_or_refused(text: str) -> None:
    try:
        once = formatted(text)
    except SpecError:
        assert parse_text(source(text))[1]
        return
    assert formatted(once) == once


def test_a_spec_with_errors_is_refused_with_all_of_them() -> None:
    with pytest.raises(SpecError) as caught:
        formatted("task t {\n  inputs x\n}\nmodle m for t { }\n")
    assert [problem.code for problem in caught.value.diagnostics] == ["CS001", "CS002"]


def test_long_lines_are_broken_where_they_bind_loosest() -> None:
    claims = " and ".join(f"iia(alignment_number_{n} over apart) >= 0.{n}" for n in range(1, 5))
    lines = formatted(f"claim all_of_them: {claims} expect inconclusive\n").split("\n")
    assert lines[:2] == [
        "claim all_of_them: iia(alignment_number_1 over apart) >= 0.1",
        "    and iia(alignment_number_2 over apart) >= 0.2",
    ]
    assert lines[-2] == "    expect inconclusive"
    assert formatted("\n".join(lines)) == "\n".join(lines)


def test_a_comma_after_the_last_entry_keeps_entries_on_lines_of_their_own() -> None:
    text = "type City = {\n  Paris,\n  Rome, # the second\n  Oslo,\n}\n"
    assert formatted(text.replace("\n  ", " ", 1)) == text


def test_neighbours_are_aligned_unless_one_would_be_stretched() -> None:
    text = "model m for t {\n  left: bool = a\n  right: bool = b\n  x = 1\n  first = 2\n  distance = 3\n}\n"
    assert formatted(text).split("\n")[1:6] == [
        "  left:  bool = a",
        "  right: bool = b",
        "  x = 1",
        "  first = 2",
        "  distance = 3",
    ]
    assert formatted(text.replace("  x = 1\n", "")).split("\n")[3:5] == ["  first    = 2", "  distance = 3"]


def test_deep_nesting_and_long_lists() -> None:
    deep = "model m for t {\n  y = " + "(" * 190 + "x" + ")" * 190 + "\n}\n"
    assert formatted(formatted(deep)) == formatted(deep)
    wide = "model m for t {\n  y = x in {" + ", ".join(str(n) for n in range(3000)) + "}\n}\n"
    assert max(map(len, formatted(wide).split("\n"))) <= WIDTH
