"""The Markdown beside this file -> the explanation of each code."""

import re
from functools import cache
from pathlib import Path

from ..record import record

FOLDER = Path(__file__).parent
SECTION = re.compile(r"^## (CS\d{3})\n(.*?)(?=^## |\Z)", re.M | re.S)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.M | re.S)
MARKER = re.compile(r"^<!-- (golden|test): (.+) -->\n", re.M)


@record
class Explanation:
    """A paragraph in Markdown, and the example: its language and text, empty where a `golden` or `test` shows it."""

    code: str
    text: str
    language: str
    example: str
    golden: str = ""
    test: str = ""


@cache
def read_explanations() -> dict[str, Explanation]:
    """The explanation of every code that has one, in the order of the codes."""
    found: dict[str, Explanation] = {}
    for path in FOLDER.glob("*.md"):
        for code, body in SECTION.findall(path.read_text(encoding="utf-8")):
            found[code] = _read(code, body)
    return dict(sorted(found.items()))


def read_base() -> str:
    """The spec that examples are added to."""
    return (FOLDER / "equality.cspec").read_text(encoding="utf-8")


def _read(code: str, body: str) -> Explanation:
    markers = dict(MARKER.findall(body))
    block = BLOCK.search(body)
    text = MARKER.sub("", BLOCK.sub("", body)).strip()
    language, example = (block[1], block[2]) if block else ("", "")
    return Explanation(code, text, language, example, markers.get("golden", ""), markers.get("test", ""))
