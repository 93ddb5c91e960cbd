"""The tour, read from top to bottom in one folder: its files are written, its commands print what it quotes."""

import re
import shutil
from pathlib import Path

import pytest
from cspec.tests.command_line import type_line

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^(?:<!-- (?P<kind>file|session|quoted): (?P<value>\S+) -->\n)?```\w*\n(?P<text>.*?)^```$", re.M | re.S
)
BLOCKS = [(found["kind"], found["value"], found["text"]) for found in BLOCK.finditer(PAGE)]
HASH = re.compile(r"\b[0-9a-f]{12,16}\b")


def test_commands_of_the_tour_print_what_it_quotes(tmp_path: Path) -> None:
    """A session starts with the files of the folder that it names; digits of hashes may be others."""
    sessions = 0
    for kind, value, text in BLOCKS:
        if kind == "file":
            (tmp_path / value).write_text(text, encoding="utf-8")
        elif kind == "session":
            ignored = shutil.ignore_patterns(".cspec", "*.lock")
            shutil.copytree(ROOT / value, tmp_path, ignore=ignored, dirs_exist_ok=True)
            found = "".join(f"$ {line}\n{type_line(line, tmp_path)}" for line in re.findall(r"^\$ (.*)$", text, re.M))
            assert HASH.sub("#", found) == HASH.sub("#", text)
            sessions += 1
    assert sessions >= 5


@pytest.mark.parametrize(("source", "text"), [(value, text) for kind, value, text in BLOCKS if kind == "quoted"])
def test_what_the_tour_quotes_of_another_page_stands_there(source: str, text: str) -> None:
    assert text in (ROOT / source).read_text(encoding="utf-8")


def test_every_block_is_run_or_quoted() -> None:
    assert all(kind is not None for kind, _, _ in BLOCKS)
